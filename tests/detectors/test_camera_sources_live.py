"""Live streams against servers on loopback: outages, slow consumers, passwords, web files."""

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from citybrain.errors import InputError
from detectors.camera.sources import Frames, Gap, StreamLimits, open_stream
from tests.detectors.camera_sources_kit import (
    Corner,
    FileHandler,
    MjpegHandler,
    RtspHandler,
    Server,
    Slow,
    Whole,
    write_clip,
)

pytestmark = pytest.mark.integration

QUICK = StreamLimits(open_s=4.0, frame_s=2.0, back_off_s=0.1, back_off_most_s=0.4, chunk_s=0.2)
SYSTEM_PYTHON = Path("/usr/bin/python3")
GSTREAMER = """
import sys, gi
gi.require_version("Gst", "1.0"); gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1"); server.set_service(sys.argv[1])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch("( videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=25/1"
                   " ! vp8enc deadline=1 ! rtpvp8pay name=pay0 pt=96 )")
factory.set_shared(True)
server.get_mount_points().add_factory("/camera", factory)
server.attach(None); print("ready", flush=True); GLib.MainLoop().run()
"""


@pytest.fixture(params=[("rtsp", RtspHandler), ("http", MjpegHandler)], ids=["rtsp", "http"])
def camera(request: pytest.FixtureRequest) -> Iterator[tuple[Server, str]]:
    scheme, handler = request.param
    server = Server(handler)
    yield server, f"{scheme}://operator:secret@127.0.0.1:{server.port}/camera"
    server.kill()


def check_order(parts: list[Frames | Gap]) -> None:
    """No time and no number runs backwards, and each gap lies between its neighbours."""
    last_s, last_index = -1.0, -1
    for part in parts:
        if isinstance(part, Gap):
            assert part.begin_s == pytest.approx(max(last_s, 0.0))
            assert part.end_s > part.begin_s
            continue
        assert part.time_s[0] > last_s
        assert part.index[0] > last_index
        assert np.all(np.diff(part.time_s) > 0)
        last_s, last_index = float(part.time_s[-1]), int(part.index[-1])


def test_outage_is_a_gap_and_counting_goes_on(camera: tuple[Server, str]) -> None:
    server, url = camera
    parts: list[Frames | Gap] = []
    with open_stream(url, Corner, QUICK) as stream:
        assert stream.info.is_live
        assert np.isnan(stream.info.rate_hps) == url.startswith("http")
        for part in stream:
            parts.append(part)
            if len(parts) == 4:
                server.kill()
                threading.Timer(0.7, server.start).start()
            if isinstance(parts[-2 if len(parts) > 1 else -1], Gap) and len(parts) > 4:
                break
    gaps = [part for part in parts if isinstance(part, Gap)]
    assert len(gaps) == 1
    assert 0.5 < gaps[0].end_s - gaps[0].begin_s < 5.0
    assert isinstance(parts[-1], Frames)
    check_order(parts)
    assert len(stream.notes) == 1
    assert "secret" not in stream.notes[0] + gaps[0].reason
    assert "operator" not in stream.notes[0]


def test_killed_decoder_of_a_camera_is_started_again(camera: tuple[Server, str]) -> None:
    _, url = camera
    parts: list[Frames | Gap] = []
    children: set[int | None] = set()
    with open_stream(url, Corner, QUICK) as stream:
        for part in stream:
            parts.append(part)
            children.add(stream.decoder_id)
            if len(parts) == 1 and stream.decoder_id:
                os.kill(stream.decoder_id, signal.SIGKILL)
            if len(parts) > 2 and isinstance(parts[-2], Gap):
                break
    gaps = [part for part in parts if isinstance(part, Gap)]
    assert len(gaps) == 1
    assert "SIGKILL" in gaps[0].reason
    assert len(children) == 2
    check_order(parts)


def test_camera_that_stays_away_is_given_up_within_the_limits() -> None:
    server = Server(MjpegHandler)
    limits = StreamLimits(open_s=2.0, frame_s=1.0, back_off_s=0.05, restarts=3, chunk_s=0.2)
    parts: list[Frames | Gap] = []
    with open_stream(f"http://127.0.0.1:{server.port}/", Corner, limits) as stream:
        for part in stream:
            parts.append(part)
            if len(parts) == 1:
                server.kill()
                gone_s = time.monotonic()
    assert time.monotonic() - gone_s < 8
    assert isinstance(parts[-1], Gap)
    assert parts[-1].end_s > parts[-1].begin_s


def test_silent_camera_is_a_gap(
    camera: tuple[Server, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection stays open, and nothing comes."""
    server, url = camera
    limits = StreamLimits(open_s=2.0, frame_s=0.5, back_off_s=0.05, restarts=1, chunk_s=0.2)
    with open_stream(url, Corner, limits) as stream:
        parts = [next(iter(stream))]
        monkeypatch.setattr(server._handler, "silent", True)
        began_s = time.monotonic()
        parts += list(stream)
    assert time.monotonic() - began_s < 12
    assert isinstance(parts[-1], Gap)
    check_order(parts)


def test_slow_consumer_gets_the_newest_and_the_loss_is_told(camera: tuple[Server, str]) -> None:
    _, url = camera
    parts: list[Frames | Gap] = []
    limits = StreamLimits(gap_s=0.1, chunk_s=0.2, open_s=4.0, frame_s=2.0)
    with open_stream(url, Slow, limits) as stream:
        began_s = time.monotonic()
        for part in stream:
            parts.append(part)
            if time.monotonic() - began_s > 1.8:
                break
    check_order(parts)
    frames = [part for part in parts if isinstance(part, Frames)]
    gaps = [part for part in parts if isinstance(part, Gap)]
    assert stream.dropped_frames > 12
    assert gaps
    assert all("faster than" in gap.reason for gap in gaps)
    lag_s = (time.monotonic() - began_s) - float(frames[-1].time_s[-1])
    assert lag_s < 2.5
    assert sum(part.index.size for part in frames) < 25


def test_reader_that_pauses_gets_the_newest_and_a_gap(camera: tuple[Server, str]) -> None:
    _, url = camera
    parts: list[Frames | Gap] = []
    began_s = 0.0
    with open_stream(url, Whole, StreamLimits(open_s=4.0, frame_s=2.0, gap_s=0.5)) as stream:
        for part in stream:
            parts.append(part)
            if len(parts) == 1:
                began_s = time.monotonic()
                time.sleep(2.5)
            if isinstance(part, Gap):
                break
    assert time.monotonic() - began_s < 4.0
    assert isinstance(parts[-1], Gap)
    assert parts[-1].end_s - parts[-1].begin_s > 0.5
    assert "faster than" in parts[-1].reason
    check_order(parts)


def test_password_is_in_no_command_line_and_no_error(camera: tuple[Server, str]) -> None:
    server, url = camera
    with open_stream(url, Corner, QUICK) as stream:
        command = Path(f"/proc/{stream.decoder_id}/cmdline").read_bytes()
        environment = Path(f"/proc/{stream.decoder_id}/environ").read_bytes()
    assert b"secret" not in command + environment
    server.kill()
    with pytest.raises(InputError) as caught:
        open_stream(url, Corner, QUICK)
    assert "secret" not in str(caught.value) + repr(caught.value.__cause__)
    assert "***@127.0.0.1" in str(caught.value)


def test_file_of_a_web_server_is_read_whole(tmp_path: Path) -> None:
    class Handler(FileHandler):
        path_served = write_clip(tmp_path / "a.mp4", 60)

    server = Server(Handler)
    with open_stream(f"http://127.0.0.1:{server.port}/a.mp4", Corner, QUICK) as stream:
        assert not stream.info.is_live
        parts = list(stream)
    server.kill()
    assert all(isinstance(part, Frames) for part in parts)
    assert sum(part.index.size for part in parts if isinstance(part, Frames)) == 60


def test_web_page_is_no_camera(tmp_path: Path) -> None:
    class Handler(FileHandler):
        path_served = tmp_path / "index.html"

    Handler.path_served.write_text("<html>sign in</html>" * 50)
    server = Server(Handler)
    with pytest.raises(InputError, match="cannot be opened"):
        open_stream(f"http://127.0.0.1:{server.port}/", Corner, QUICK)
    server.kill()


@pytest.mark.parametrize("name", ["list.mp4", "list.m3u8"])
def test_file_that_names_another_source_is_not_followed(tmp_path: Path, name: str) -> None:
    server = Server(MjpegHandler)
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n"
    (tmp_path / name).write_text(f"{head}http://127.0.0.1:{server.port}/a.mp4\n#EXT-X-ENDLIST\n")
    with pytest.raises(InputError, match="not a video"):
        open_stream(tmp_path / name, Corner, QUICK)
    assert not server.connections
    server.kill()


def gstreamer_server(port: int) -> "subprocess.Popen[bytes]":
    process = subprocess.Popen(
        [SYSTEM_PYTHON, "-c", GSTREAMER, str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout
    if process.stdout.readline() != b"ready\n":
        _end(process)
        pytest.skip("GStreamer's RTSP server is not installed (gir1.2-gst-rtsp-server-1.0)")
    return process


def _end(process: "subprocess.Popen[Any]") -> None:
    process.kill()
    process.wait()
    if process.stdout:
        process.stdout.close()


def test_gstreamer_camera_that_is_killed_and_started_again() -> None:
    if not SYSTEM_PYTHON.exists():
        pytest.skip("no system Python for GStreamer's RTSP server")
    port = 8_557
    server = gstreamer_server(port)
    parts: list[Frames | Gap] = []
    with open_stream(f"rtsp://127.0.0.1:{port}/camera", Corner, QUICK) as stream:
        for part in stream:
            parts.append(part)
            if len(parts) == 4:
                _end(server)
                server = gstreamer_server(port)
            if len(parts) > 5 and isinstance(parts[-2], Gap):
                break
    _end(server)
    assert sum(isinstance(part, Gap) for part in parts) == 1
    check_order(parts)
