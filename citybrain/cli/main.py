"""The entry point: runs a command and turns every failure into one clear line."""

import signal
import sys
from enum import IntEnum

import typer

from citybrain.cli.app import app
from citybrain.cli.escaping import visible
from citybrain.errors import CitybrainError, InfeasibleError, UnsafePlanError

_TYPER_INTERRUPTED = 130
"""What typer turns a KeyboardInterrupt into."""
_CONTROLLERS = ("sqlalchemy", "cryptography", "pysnmp", "pyasn1")
_EXTRAS = dict.fromkeys(_CONTROLLERS, "citybrain[controllers]") | {"cv2": "citybrain[camera]"}
"""Library → what brings it."""


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    REFUSED = 1
    INPUT = 2


def main() -> None:
    """Run the command line and exit; being told to end is an interruption like Ctrl-C."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after ``citybrain``.

    Returns
    -------
    int
        0 done, 1 a refused or negative result, 2 a usage or input error or an interruption.
    """
    try:
        return _run_typer(arguments)
    except (KeyboardInterrupt, typer.Abort):
        return _failed("interrupted; nothing was left half written, start the command again")
    except (UnsafePlanError, InfeasibleError) as refusal:
        return _failed(str(refusal), Exit.REFUSED)
    except CitybrainError as error:
        return _failed(str(error))
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        if library not in _EXTRAS:
            raise
        mend = f"install citybrain with its extra: {_EXTRAS[library]}"
        return _failed(f"{library} is not installed; {mend}")
    except OSError as error:
        where = error.filename or "a temporary file"
        told = error.strerror or str(error)
        return _failed(f"{where}: {told}; free space or check rights, then run again")


def _run_typer(arguments: list[str]) -> int:
    command = typer.main.get_command(app)
    try:
        code = command.main(args=arguments, prog_name="citybrain", standalone_mode=False)
    except typer.Exit as done:
        return done.exit_code
    except typer.TyperException as error:
        told = error.format_message().rstrip(".") or "no command given"
        return _failed(f"{told}; see citybrain --help")
    if code == _TYPER_INTERRUPTED:
        raise KeyboardInterrupt
    return int(code or Exit.DONE)


def _failed(message: str, code: Exit = Exit.INPUT) -> int:
    print(f"citybrain: {visible(' '.join(message.split()))}", file=sys.stderr)
    return code
