"""Help comes at once: it loads none of the libraries that the work needs."""

import subprocess
import sys

import pytest

import citybrain
from tests.cli.towns import Terminal

COMMANDS = ("demo", "count", "retime", "validate", "show", "bench")
GROUPS = (
    "plan",
    "controllers",
    "audit",
    "keys",
    "kill-switch",
    "gate",
    "camera",
    "virtual-controller",
    "safety",
)
HEAVY = ("numba", "numpy", "scipy", "pandas", "pyarrow", "networkx", "sumo", "sumolib", "rich")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("word", ["--help", "-h"])
def test_every_command_explains_itself(terminal: Terminal, command: str, word: str) -> None:
    told = terminal(command, word)
    assert told.code == 0
    assert f"citybrain {command}" in told.output
    assert "--json" in told.output
    assert not told.errors


@pytest.mark.parametrize("words", [[], *([group] for group in GROUPS)])
def test_no_list_of_commands_cuts_a_sentence(terminal: Terminal, words: list[str]) -> None:
    _, commands = terminal(*words, "--help").output.split("Commands:\n")
    assert commands
    assert not [line for line in commands.splitlines() if not line.endswith(".")]
    assert "..." not in commands


def test_the_version_is_told(terminal: Terminal) -> None:
    told = terminal("--version")
    assert (told.code, told.output) == (0, f"citybrain {citybrain.__version__}\n")


def test_the_package_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "citybrain", "--version"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == f"citybrain {citybrain.__version__}\n"


@pytest.mark.parametrize("words", [["--help"], ["retime", "--help"], ["--version"]])
def test_help_loads_no_heavy_library(words: list[str]) -> None:
    script = (
        "import sys; from citybrain.cli.main import run; "
        f"code = run({words!r}); "
        f"print(code, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "0 []\n"


def test_the_package_alone_loads_no_heavy_library() -> None:
    script = f"import citybrain, sys; print([n for n in {HEAVY!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "[]\n"


def test_every_name_that_the_package_exports_can_be_had() -> None:
    assert all(getattr(citybrain, name) is not None for name in citybrain.__all__)
    with pytest.raises(AttributeError, match="Palette"):
        _ = citybrain.Palette


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["frobnicate"], "No such command 'frobnicate'"),
        (["retime"], "Missing argument"),
        (["retime", "x", "--seeds", "1"], "'--seeds'"),
        (["retime", "x", "--evaluations", "0"], "'--evaluations'"),
        (["retime", "x", "--seconds-budget", "soon"], "'--seconds-budget'"),
        (["validate", "x"], "--plan"),
        (["count", "x"], "--detectors"),
        (["count", "x", "--detectors", "y", "--start", "noon"], "'--start'"),
        (["count", "x", "--detectors", "y", "--bin", "0.5"], "'--bin'"),
        (["count", "x", "--detectors", "y", "--bin", "inf"], "'--bin'"),
        (["demo", "--seconds-budget", "-3"], "'--seconds-budget'"),
        (["retime", "x", "--workers", "0"], "'--workers'"),
        (["show", "x", "--colour"], "--colour"),
        (["bench", "luck"], "luck: is no benchmark"),
    ],
)
def test_a_slip_in_the_command_is_one_line(terminal: Terminal, words: list[str], told: str) -> None:
    answer = terminal(*words)
    assert answer.code == 2
    assert told in answer.complaint
    assert not answer.output


@pytest.mark.parametrize(
    ("library", "words", "extra"),
    [
        ("cv2", ["camera", "suggest", "clip.mp4"], "camera"),
        ("cv2", ["camera", "render", "day", "--out", "nowhere"], "camera"),
        ("cv2", ["count", "clip.mp4", "--camera", "camera.toml"], "camera"),
        ("pysnmp", ["controllers", "status"], "controllers"),
    ],
)
def test_a_command_whose_library_is_missing_names_the_extra(
    library: str, words: list[str], extra: str
) -> None:
    script = (
        f"import sys; sys.modules[{library!r}] = None; "
        f"from citybrain.cli.main import run; sys.exit(run({words!r}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr == (
        f"citybrain: {library} is not installed; install citybrain with its extra: "
        f"citybrain[{extra}]\n"
    )
