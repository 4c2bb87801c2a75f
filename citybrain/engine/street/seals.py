"""The gate's seal: what the gate itself has kept can be told from what others put into the ledger.

Everybody who proposes or approves may write to the ledger.  What a unit held before a push is
written to that unit on the way back, without anybody's signature, so the gate takes back only what
it has sealed: HMAC-SHA-256 (RFC 2104, FIPS 180-4) with a key that the gate alone can read.
"""

import hmac
import secrets
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from citybrain.controllers.ntcip.secrets import Secret, secret_from
from citybrain.errors import InputError
from citybrain.files import create_private_file

_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seal:
    """Seals texts, and tells its own seals.

    Parameters
    ----------
    key
        The gate's alone.
    """

    key: Secret

    def of(self, text: str) -> str:
        """Return the seal of a text, in hexadecimal."""
        return hmac.new(self.key.reveal().encode(), text.encode(), sha256).hexdigest()

    def is_on(self, text: str, seal: str) -> bool:
        """Tell whether this very text was sealed."""
        return hmac.compare_digest(self.of(text).encode(), seal.encode())


def open_seal(path: Path) -> Seal:
    """Read the gate's seal; the first start makes one.

    Parameters
    ----------
    path
        File of the gate's user alone.

    Raises
    ------
    InputError
        It cannot be made or read, is open to others, or holds no key.
    """
    try:
        if not path.exists():
            with suppress(FileExistsError):  # another start was as quick; its key counts
                create_private_file(path, f"{secrets.token_hex(_KEY_BYTES)}\n".encode())
        is_whole = path.stat().st_size >= 2 * _KEY_BYTES
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise InputError(path, what, "give the gate a folder of its own") from None
    if not is_whole:
        mend = (
            "bring it back from a backup; once it is removed, the gate makes another one and takes "
            "back nothing that it pushed before"
        )
        raise InputError(path, "holds no whole key", mend)
    return Seal(secret_from(f"{path}: seal", path=path, variable=None))
