"""The decoder's process as its parent holds it: started, heard within a time, ended for sure."""

import fcntl
import os
import pickle
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from citybrain.errors import InputError
from detectors.camera.sources.address import masked
from detectors.camera.sources.job import Job
from detectors.camera.sources.wire import HEAD, Message, WireError, receive

SLACK_S = 2.0
"""Time beyond a limit in which the decoder may still answer, or end by itself. [s]"""
PIPE_BYTES = 1 << 20
"""Size of the pipe from the decoder of a source that ends. [B]"""
LIVE_PIPE_BYTES = 4096
"""Small, so that what a slow reader has not taken is dropped as frames, not kept long. [B]"""
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpeg,mpegts,mpegvideo,m4v,h264,hevc,av1,obu,ivf,"
    "flv,asf,mjpeg,mxf,ogg,nut,dhav,wtv,rm,gif"
)
"""Containers that cameras and recorders write; playlists, which name other files, are not read."""
MODULE = "detectors.camera.sources.decoder"


class LostDecoderError(Exception):
    """The decoder died, hung, or said nothing that makes sense."""


class Decoder:
    """One run of the decoder's process.

    Parameters
    ----------
    job
        What it does; told through a pipe, so that no password is in its command line.

    Raises
    ------
    InputError
        The reducer cannot be sent to the process: it comes from no importable class.
    """

    def __init__(self, job: Job) -> None:
        self._limits = job.limits
        text = _pickled(job)
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(job),
            bufsize=0,
        )
        self.id = self._process.pid
        assert self._process.stdin
        assert self._process.stdout
        self._hears = self._process.stdout.fileno()
        try:
            self._process.stdin.write(HEAD.pack(0, len(text)) + text)
        except BrokenPipeError:
            self.close()

    def first(self) -> dict[str, Any]:
        """Return the facts of the source.

        Raises
        ------
        InputError
            Nothing can be read from it.
        LostDecoderError
            The decoder died or hung.
        """
        limit_s = self._limits.open_s + self._limits.frame_s + SLACK_S
        message = self._heard(limit_s)
        if message[0].get("kind") != "info":
            msg = "the decoder did not say what it opened"
            raise LostDecoderError(msg)
        self._set_pipe(LIVE_PIPE_BYTES if message[0].get("is_live") else PIPE_BYTES)
        return message[0]

    def next(self) -> Message:
        """Return the next message, within the time that one frame may take.

        Raises
        ------
        InputError
            The decoder says what is wrong with the source.
        LostDecoderError
            The decoder died or hung, or said what makes no sense.
        """
        return self._heard(self._limits.frame_s + SLACK_S)

    def close(self) -> None:
        """End the process and wait for it."""
        if self._process.poll() is None:
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                pipe.close()
        self._process.wait()

    def _heard(self, limit_s: float) -> Message:
        try:
            message = receive(self._hears, limit_s)
        except TimeoutError:
            msg = f"the decoder did not answer within {limit_s:g} s"
            raise LostDecoderError(msg) from None
        except (WireError, ValueError, OSError) as error:
            msg = f"the decoder sent what cannot be read ({error})"
            raise LostDecoderError(msg) from error
        if message is None:
            raise LostDecoderError(self._death())
        head = message[0]
        if head.get("kind") == "error":
            where, what, mend = (masked(str(head.get(key))) for key in ("where", "what", "mend"))
            raise InputError(where, what, mend)
        if head.get("kind") == "broken":
            raise LostDecoderError(masked(str(head.get("what"))))
        return message

    def _set_pipe(self, size_bytes: int) -> None:
        """Ask for a pipe of a size; the usual one does as well."""
        with suppress(OSError, AttributeError):
            fcntl.fcntl(self._hears, fcntl.F_SETPIPE_SZ, size_bytes)

    def _death(self) -> str:
        try:
            code = self._process.wait(SLACK_S)
        except subprocess.TimeoutExpired:
            return "the decoder closed its pipe"
        if code < 0:
            return f"the decoder was ended by {_signal_name(-code)}"
        return f"the decoder ended with exit code {code}"


def _pickled(job: Job) -> bytes:
    try:
        text = pickle.dumps(job)
        if b"__main__" not in text:  # the decoder's main module is another one
            return text
        fault: Exception | None = None
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        fault = error
    what = "the reducer cannot be sent to the decoder"
    mend = "make it from an importable class or a partial of one"
    raise InputError(job.address.shown, what, mend) from fault


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _environment(job: Job) -> dict[str, str]:
    """Return the environment of the decoder: one thread, silent, and only the protocols needed."""
    if job.address.kind == "url":
        protocols = "rtsp,rtsps,rtp,srtp,udp,tcp,tls,http,https,httpproxy,crypto"
        wait_us = int(job.limits.frame_s * 1e6)
        options = f"rtsp_transport;tcp|timeout;{wait_us}|protocol_whitelist;{protocols}"
    else:
        options = f"protocol_whitelist;file|format_whitelist;{FORMATS}"
    folders = [str(Path(each or ".").absolute()) for each in sys.path]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(folders),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "OPENCV_LOG_LEVEL": "SILENT",
        "OPENCV_FFMPEG_LOGLEVEL": "-8",
        "OPENCV_FFMPEG_CAPTURE_OPTIONS": f"threads;1|{options}",
    }
