"""Clips, reducers and small servers for the tests of picture sources."""

import os
import signal
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.camera.sources import (
    Frames,
    Gap,
    Image,
    MakeReducer,
    StreamInfo,
    StreamLimits,
    open_stream,
)

SIZE = (160, 120)
RATE_HPS = 25.0
HASTY = StreamLimits(frame_s=0.5, back_off_s=0.05)


def picture(number: int, size: tuple[int, int] = SIZE) -> Image:
    """A grey picture whose brightness tells its number, with a bright block."""
    image = np.full((size[1], size[0], 3), 20 + 2 * (number % 100), np.uint8)
    left = (3 * number) % (size[0] - 20)
    image[40:60, left : left + 20] = 255
    return image


def write_clip(path: Path, count: int = 100, codec: str = "mp4v") -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), RATE_HPS, SIZE)
    assert writer.isOpened()
    for number in range(count):
        writer.write(picture(number))
    writer.release()
    return path


class Corner:
    """Gives the corner of the picture, whose brightness is the frame's number."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        return image[:4, :8, 0]


class Whole:
    """Gives the whole picture in grey, to fill the pipe."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        return image[:, :, 0]


class Means:
    """Gives two floats, to show that any dtype passes."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info

    def __call__(self, image: Image) -> NDArray[np.float32]:
        return np.array([image[:4].mean(), self.info.rate_hps], np.float32)


class Trouble:
    """Does something bad at one frame of the first run: it leaves a mark in a folder."""

    def __init__(self, info: StreamInfo, *, at: int, act: str, always: bool = True) -> None:
        self.at, self.act, self.seen, self.always = at, act, 0, always

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        number = round((float(image[0, 0, 0]) - 20) / 2)
        if number == self.at and (self.always or self.seen):
            ACTS[self.act]()
        self.seen += 1
        return image[:4, :8, 0]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang() -> None:
    time.sleep(60)


def _eat() -> None:
    np.ones(8 << 30, np.uint8)


def _write() -> None:
    Path("must-not-be-written").write_bytes(b"x")


def _fail() -> None:
    msg = "rtsp://user:secret@camera is in this message"
    raise ValueError(msg)


ACTS: dict[str, Callable[[], None]] = {
    "die": _die,
    "hang": _hang,
    "eat": _eat,
    "write": _write,
    "fail": _fail,
}


class Slow:
    """Takes a fifth of a second per picture."""

    def __init__(self, info: StreamInfo) -> None:
        self.info = info

    def __call__(self, image: Image) -> NDArray[np.uint8]:
        time.sleep(0.2)
        return image[:4, :8, 0]


class Server:
    """Serves on one loopback port; can be killed and started again."""

    def __init__(self, handler: type[Any], *, port: int = 0) -> None:
        self._handler, self.port = handler, port
        self.connections: list[socket.socket] = []
        self.start()

    def start(self) -> None:
        outer = self

        class Threads(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def process_request(self, request: Any, client_address: Any) -> None:
                outer.connections.append(request)
                super().process_request(request, client_address)

            def handle_error(self, request: Any, client_address: Any) -> None:
                """A client that goes away is no error of the test."""

        self._server = Threads(("127.0.0.1", self.port), self._handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def kill(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        for connection in self.connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
        self.connections.clear()


class FileHandler(BaseHTTPRequestHandler):
    """Serves one file whole."""

    path_served: Path

    def do_GET(self) -> None:
        text = self.path_served.read_bytes()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class MjpegHandler(BaseHTTPRequestHandler):
    """Sends pictures without end, as network cameras do."""

    rate_hps = 25.0
    silent = False

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        began_s = time.monotonic()
        for number in range(10_000):
            while self.silent:
                time.sleep(0.05)
            text = cv2.imencode(".jpg", picture(number))[1].tobytes()
            self.wfile.write(
                b"--frame\r\nContent-Type: image/jpeg\r\n"
                + f"Content-Length: {len(text)}\r\n\r\n".encode()
                + text
                + b"\r\n"
            )
            time.sleep(max(0.0, began_s + number / self.rate_hps - time.monotonic()))

    def log_message(self, *args: Any) -> None:
        """Say nothing."""


class RtspHandler(socketserver.StreamRequestHandler):
    """RTSP 1.0 (RFC 2326) with RTP/JPEG (RFC 2435) interleaved on the same connection."""

    CLOCK_HPS = 90_000
    rate_hps = 25.0
    silent = False

    def handle(self) -> None:
        while True:
            request = self._request()
            if request is None:
                return
            verb, sequence, url = request
            body = ""
            extra = "Session: 1\r\n"
            if verb == "DESCRIBE":
                body = (
                    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=test\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                    f"m=video 0 RTP/AVP 26\r\na=framerate:{self.rate_hps}\r\na=control:track0\r\n"
                )
                extra = f"Content-Type: application/sdp\r\nContent-Base: {url}/\r\n"
            elif verb == "SETUP":
                extra += "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"
            elif verb == "OPTIONS":
                extra = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            head = f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n{extra}Content-Length: {len(body)}\r\n"
            self.wfile.write(f"{head}\r\n{body}".encode())
            if verb == "PLAY":
                self._play()

    def _request(self) -> tuple[str, str, str] | None:
        first = self.rfile.readline().decode().split()
        if len(first) < 3:
            return None
        sequence = "0"
        while line := self.rfile.readline().decode().strip():
            if line.lower().startswith("cseq:"):
                sequence = line.split(":")[1].strip()
        return first[0], sequence, first[1]

    def _play(self) -> None:
        packet, began_s = 0, time.monotonic()
        for number in range(10_000):
            while self.silent:
                time.sleep(0.05)
            tables, scan = _jpeg_parts(picture(number))
            stamp = int(number * self.CLOCK_HPS / self.rate_hps)
            for begin in range(0, len(scan), 1200):
                part = scan[begin : begin + 1200]
                last = begin + 1200 >= len(scan)
                head = struct.pack("!BBHII", 0x80, 26 | last << 7, packet & 0xFFFF, stamp, 1)
                head += struct.pack("!IBBBB", begin, 1, 255, SIZE[0] // 8, SIZE[1] // 8)
                if begin == 0:
                    head += struct.pack("!BBH", 0, 0, len(tables)) + tables
                whole = head + part
                self.wfile.write(struct.pack("!cBH", b"$", 0, len(whole)) + whole)
                packet += 1
            time.sleep(max(0.0, began_s + number / self.rate_hps - time.monotonic()))


def _jpeg_parts(image: Image) -> tuple[bytes, bytes]:
    """Return the quantisation tables and the scan of a baseline JPEG."""
    text = cv2.imencode(".jpg", image)[1].tobytes()
    tables, at = b"", 2
    while True:
        marker, length = struct.unpack("!HH", text[at : at + 4])
        if marker == 0xFFDB:
            inner = text[at + 4 : at + 2 + length]
            while inner:
                tables, inner = tables + inner[1:65], inner[65:]
        at += 2 + length
        if marker == 0xFFDA:
            return tables, text[at:-2]


def read(
    source: Path, make: MakeReducer = Corner, limits: StreamLimits = HASTY
) -> tuple[list[Frames], list[Gap], list[str]]:
    """Return what a source gives: frames, gaps and notes."""
    with open_stream(source, make, limits) as stream:
        parts = list(stream)
    frames = [part for part in parts if isinstance(part, Frames)]
    return frames, [part for part in parts if isinstance(part, Gap)], stream.notes
