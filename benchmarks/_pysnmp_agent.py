"""The agent that pysnmp brings, as a peer: what one status question costs it."""

import asyncio
import socket
import time
from collections.abc import Callable, Sequence

from pysnmp.carrier.asyncio.dgram import udp
from pysnmp.entity import config, engine
from pysnmp.entity.rfc3413 import cmdrsp, context
from pysnmp.proto.api import v2c

from citybrain.controllers.ntcip.secrets import V3

Make = Callable[[bytes, int, int], bytes]
"""Makes a request for an engine of so many boots; the last is the number of the message."""
LONGEST_S = 5.0


def pysnmp_cost_us(credentials: V3, oids: Sequence[str], make: Make, requests: int) -> float:
    """Return the work of pysnmp's agent, and of sending, for one request [us].

    Parameters
    ----------
    credentials
        Who asks.
    oids
        Scalars that the agent is to hold.
    make
        Makes requests.
    requests
        How many are sent.
    """
    return asyncio.run(_cost_us(credentials, oids, make, requests))


async def _cost_us(credentials: V3, oids: Sequence[str], make: Make, requests: int) -> float:
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 0))
    sock.setblocking(False)
    agent, port = _agent(credentials, oids)
    loop = asyncio.get_running_loop()
    await asyncio.sleep(0.2)
    framework = agent.get_mib_builder().import_symbols("__SNMP-FRAMEWORK-MIB", "snmpEngineBoots")
    boots = int(framework[0].syntax)
    began_s = time.process_time()
    for number in range(requests):
        request = make(bytes(agent.snmpEngineID), boots, number + 1)
        await loop.sock_sendto(sock, request, ("127.0.0.1", port))
        async with asyncio.timeout(LONGEST_S):
            await loop.sock_recv(sock, 65535)
    spent_s = time.process_time() - began_s
    agent.close_dispatcher()
    sock.close()
    return spent_s / requests * 1e6


def _agent(credentials: V3, oids: Sequence[str]) -> tuple[engine.SnmpEngine, int]:
    agent, port = engine.SnmpEngine(), _free_port()
    transport = udp.UdpTransport().open_server_mode(("127.0.0.1", port))
    config.add_transport(agent, udp.DOMAIN_NAME, transport)
    config.add_v3_user(
        agent,
        credentials.user,
        config.USM_AUTH_HMAC192_SHA256,
        credentials.auth_key.reveal(),
        config.USM_PRIV_CFB128_AES,
        credentials.priv_key.reveal(),
    )
    config.add_vacm_user(agent, 3, credentials.user, "authPriv", (1, 3, 6), (1, 3, 6))
    cmdrsp.GetCommandResponder(agent, context.SnmpContext(agent))
    builder = agent.get_mib_builder()
    scalar, instance = builder.import_symbols("SNMPv2-SMI", "MibScalar", "MibScalarInstance")
    for oid in oids:
        *node, last = (int(arc) for arc in oid.split("."))
        held = instance(tuple(node), (last,), v2c.Integer(5))
        builder.export_symbols(f"__{oid}", scalar(tuple(node), v2c.Integer()), held)
    return agent, port


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
