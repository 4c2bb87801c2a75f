"""Messages of the decoder's process: a JSON head and raw arrays, never a pickle.

The decoder reads untrusted video, so what it sends is treated as untrusted too: sizes are
bounded and nothing that it sends is run.
"""

import json
import os
import select
import struct
import time
from typing import Any

HEAD = struct.Struct("<II")
"""What a message begins with: length of its head and of its body. [B]"""
HEAD_MOST_BYTES = 1 << 16
BODY_MOST_BYTES = 1 << 28
"""A message with a longer head or body is none. [B]"""

Message = tuple[dict[str, Any], bytearray]


class WireError(Exception):
    """The other end sent what no decoder sends, or fell silent."""


def send(descriptor: int, head: dict[str, Any], *parts: memoryview) -> None:
    """Write one message and wait until it is taken.

    Parameters
    ----------
    descriptor
        Open for writing.
    head
        Plain values, written as JSON.
    parts
        Raw bytes that follow, in order.
    """
    text = json.dumps(head).encode()
    size_bytes = sum(part.nbytes for part in parts)
    _write(descriptor, memoryview(HEAD.pack(len(text), size_bytes) + text))
    for part in parts:
        _write(descriptor, part)


def receive(descriptor: int, limit_s: float) -> Message | None:
    """Read one message; None at the end of the stream.

    Parameters
    ----------
    descriptor
        Open for reading.
    limit_s
        Longest time to wait for the whole of it. [s]

    Raises
    ------
    TimeoutError
        The message did not come in time.
    WireError
        It is no message.
    """
    until_s = time.monotonic() + limit_s
    sizes = _read(descriptor, HEAD.size, until_s)
    if sizes is None:
        return None
    head_bytes, body_bytes = HEAD.unpack(sizes)
    if head_bytes > HEAD_MOST_BYTES or body_bytes > BODY_MOST_BYTES:
        msg = "message too large"
        raise WireError(msg)
    text, body = _read(descriptor, head_bytes, until_s), _read(descriptor, body_bytes, until_s)
    if text is None or body is None:
        return None
    try:
        head = json.loads(text)
    except ValueError as error:
        msg = "message cannot be read"
        raise WireError(msg) from error
    if not isinstance(head, dict):
        msg = "message has no head"
        raise WireError(msg)
    return head, body


def _write(descriptor: int, part: memoryview) -> None:
    rest = part.cast("B")
    while rest.nbytes:
        rest = rest[os.write(descriptor, rest) :]


def _read(descriptor: int, size_bytes: int, until_s: float) -> bytearray | None:
    taken = bytearray(size_bytes)
    view, done = memoryview(taken), 0
    ready = select.poll()
    ready.register(descriptor, select.POLLIN)
    while done < size_bytes:
        if not ready.poll(1000.0 * max(0.0, until_s - time.monotonic())):
            raise TimeoutError
        count = os.readv(descriptor, [view[done:]])
        if count == 0:
            return None
        done += count
    return taken
