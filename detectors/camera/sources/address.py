"""Where pictures come from, and how a source is named without its password."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from citybrain.errors import InputError

PICTURES = frozenset({".jpg", ".jpeg", ".png"})
SCHEMES = frozenset({"rtsp", "rtsps", "http", "https"})
Kind = Literal["file", "folder", "url"]

_SCHEME = re.compile(r"^([a-zA-Z][a-zA-Z0-9+.-]+)://")
_USER = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*://)[^/?#\s]*@")
_SECRET = re.compile(
    r"([?&;](?:[a-z_-]*(?:pass|pwd|token|secret|key|auth|user|login|sig)[a-z_-]*)=)[^&;#\s]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One source of pictures.

    Parameters
    ----------
    kind
        What it is.
    text
        Absolute path or URL; may hold a password, so it is never shown.
    shown
        The same for people: user, password and tokens are masked.
    """

    kind: Kind
    text: str
    shown: str

    @property
    def is_http(self) -> bool:
        """Whether it is a URL of HTTP."""
        return self.kind == "url" and self.text.lower().startswith("http")

    def __repr__(self) -> str:
        """Show only what may be seen."""
        return f"Address(kind={self.kind!r}, shown={self.shown!r})"


def masked(text: str) -> str:
    """Return a text without the user, password and tokens of any URL in it."""
    return _SECRET.sub(r"\1***", _USER.sub(r"\1***@", text))


def address_of(source: str | Path) -> Address:
    """Tell what a source is.

    Parameters
    ----------
    source
        Video file, folder of pictures, or a URL of RTSP or HTTP.

    Returns
    -------
    Address
        Checked as far as it can be without opening it.

    Raises
    ------
    InputError
        Nothing is there, it is empty, or its scheme is not known.
    """
    found = _SCHEME.match(source) if isinstance(source, str) else None
    if found:
        if found[1].lower() not in SCHEMES:
            what = f"scheme {found[1]!r} is not known"
            raise InputError(masked(str(source)), what, "give rtsp://, http:// or a file")
        return Address(kind="url", text=str(source), shown=masked(str(source)))
    path = Path(source)
    if path.is_dir():
        if not any(_is_picture(each) for each in path.iterdir()):
            raise InputError(path, "no picture in this folder", "give a folder of jpg or png files")
        return Address(kind="folder", text=str(path.absolute()), shown=str(path))
    if not path.exists():
        raise InputError(path, "no such file", "check the path of the video")
    if not path.is_file():
        raise InputError(path, "not a regular file", "give a video file, a folder or a URL")
    if path.stat().st_size == 0:
        raise InputError(path, "the file is empty", "copy the video again")
    return Address(kind="file", text=str(path.absolute()), shown=str(path))


def pictures_of(folder: Path) -> list[Path]:
    """Return the pictures of a folder by name; numbers in names count as numbers."""
    return sorted((each for each in folder.iterdir() if _is_picture(each)), key=_natural)


def _is_picture(path: Path) -> bool:
    return path.suffix.lower() in PICTURES and not path.name.startswith(".")


def _natural(path: Path) -> list[tuple[int, str]]:
    parts = re.split(r"(\d+)", path.name)
    return [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
