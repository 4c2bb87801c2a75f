"""One process, many units: a socket for each, one loop for all.

The agent listens on loopback only.  Faults of the network are played here, on the way in and out.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from ipaddress import IPv4Address

from citybrain.controllers.virtual.faults import Fault
from citybrain.controllers.virtual.responder import Responder
from citybrain.errors import InputError

Clock = Callable[[], float]
"""Returns the time. [s since 1970, UTC]"""
LATE_S = 1.2
"""How late replies are under ``Fault.LATE_REPLIES``. [s]"""
SLOW_S = 2.5
"""How late every reply is under ``Fault.SLOW``. [s]"""
PERIOD_S = 0.2
"""Units that nobody asks are run on at this period. [s]"""
_MOST_OCTETS = 65535
_BURST = 16
"""Datagrams that one unit answers before the others have their turn."""
_THIRD = 3

Peer = tuple[str, int]


@dataclass(slots=True)
class Post:
    """The way between the network and one unit.

    Parameters
    ----------
    responder
        Answers for the unit.
    clock
        Tells the time.
    send
        Sends octets to a peer.
    later
        Does something after a delay. [s]
    """

    responder: Responder
    clock: Clock
    send: Callable[[bytes, Peer], None]
    later: Callable[[float, Callable[[], None]], object]
    arrived: int = 0
    is_driven: bool = False
    _replies: int = field(default=0)

    def receive(self, data: bytes, peer: Peer) -> None:
        """Take a datagram, and send what there is to send."""
        unit = self.responder.unit
        if self.is_driven:
            self.responder.wall_s = self.clock()
        else:
            unit.advance(self.clock())
        self.arrived += 1
        faults = unit.faults
        if not unit.has_power or Fault.SILENT in faults:
            return
        if Fault.LOST_REQUESTS in faults and self.arrived % _THIRD == 0:
            return
        reply = self.responder.answer(data)
        if Fault.DOUBLED_REQUESTS in faults:
            reply = self.responder.answer(data) or reply
        if reply is None or not unit.has_power:
            return
        if faults:
            self._send_faulty(reply, peer, faults)
        else:
            self.send(reply, peer)

    def _send_faulty(self, reply: bytes, peer: Peer, faults: set[Fault]) -> None:
        self._replies += 1
        is_second = self._replies % 2 == 0
        if Fault.LOST_REPLIES in faults and self._replies % _THIRD == 0:
            return
        if Fault.GARBLED_REPLIES in faults and is_second:
            at = self._replies * 7919 % len(reply)
            reply = reply[:at] + bytes([reply[at] ^ 1 << at % 8]) + reply[at + 1 :]
        if Fault.CUT_REPLIES in faults and is_second:
            reply = reply[: len(reply) // 2]
        send = partial(self.send, reply, peer)
        if Fault.SLOW in faults:
            self.later(SLOW_S, send)
        elif Fault.LATE_REPLIES in faults and is_second:
            self.later(LATE_S, send)
        else:
            send()
        if Fault.DOUBLED_REPLIES in faults:
            send()


class Agent:
    """Sockets of many units in one event loop.

    Parameters
    ----------
    clock
        Tells the time.
    """

    def __init__(self, clock: Clock) -> None:
        self.posts: dict[str, Post] = {}
        self.ports: dict[str, int] = {}
        self._clock = clock
        self._sockets: list[socket.socket] = []
        self._loop = asyncio.get_running_loop()

    def add(self, responder: Responder, address: str, port: int) -> int:
        """Open the socket of a unit and return its port; port 0 takes any that is free.

        Raises
        ------
        InputError
            The address is not loopback, or the port is taken.
        """
        name = responder.unit.settings.name
        if not IPv4Address(address).is_loopback:
            raise InputError(name, f"{address} is not loopback", "use 127.0.0.1")
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sock.setblocking(False)
        try:
            sock.bind((address, port))
        except OSError as error:
            sock.close()
            what = f"cannot listen on {address}:{port}: {error.strerror}"
            raise InputError(name, what, "choose another port") from None
        self._sockets.append(sock)
        post = Post(responder, self._clock, partial(_send, sock), self._loop.call_later)
        self._loop.add_reader(sock, _drain, sock, post)
        self.posts[name] = post
        self.ports[name] = sock.getsockname()[1]
        return self.ports[name]

    async def run(self) -> None:
        """Run the signals of all units until cancelled; those that a simulation drives, not."""
        while True:
            began_s = self._loop.time()
            for post in tuple(self.posts.values()):
                if not post.is_driven:
                    post.responder.unit.advance(self._clock())
                if self._loop.time() - began_s > PERIOD_S / 10:
                    await asyncio.sleep(0)
                    began_s = self._loop.time()
            await asyncio.sleep(PERIOD_S)

    def close(self) -> None:
        """Close all sockets."""
        for sock in self._sockets:
            self._loop.remove_reader(sock)
            sock.close()
        self._sockets.clear()


def _send(sock: socket.socket, data: bytes, peer: Peer) -> None:
    """Send; a full buffer or a closed socket loses the datagram, as a network does."""
    try:
        sock.sendto(data, peer)
    except OSError:
        return


def _drain(sock: socket.socket, post: Post) -> None:
    for _ in range(_BURST):
        try:
            data, peer = sock.recvfrom(_MOST_OCTETS)
        except OSError:
            return
        post.receive(data, peer)
