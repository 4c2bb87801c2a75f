"""The gate refuses orders once a file that decides about them is not as it has read it."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from citybrain.engine.gate.files import GateFiles
from citybrain.errors import CitybrainError, InputError, UnsafePlanError
from tests.engine.gate_yard import Yard, yard

__all__ = ["yard"]


def kept_of(paths: Sequence[Path]) -> GateFiles:
    kept = GateFiles()
    for path in paths:
        kept.keep(path)
    return kept


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / name for name in ("keys.toml", "safety.toml")]
    for path in paths:
        path.write_text(path.name)
        path.chmod(0o644)
    return paths


def test_files_that_stay_as_they_are_stop_nothing(files: list[Path]) -> None:
    kept = kept_of(files)
    files[0].write_text("keys.toml")
    kept.check()


def test_a_changed_file_is_named_with_what_to_do(files: list[Path]) -> None:
    kept = kept_of(files)
    files[1].write_text("stricter")
    with pytest.raises(UnsafePlanError, match=r"safety\.toml has changed .* start the gate anew"):
        kept.check()


@pytest.mark.parametrize(
    ("harm", "told"),
    [(lambda path: path.unlink(), "No such file"), (lambda path: path.chmod(0o666), "by others")],
)
def test_a_file_that_is_gone_or_open_to_others_is_refused(
    files: list[Path], harm: Callable[[Path], None], told: str
) -> None:
    kept = kept_of(files)
    harm(files[0])
    with pytest.raises(InputError, match=told):
        kept.check()
    with pytest.raises(InputError, match=told):
        kept_of(files)


def test_a_key_that_was_taken_from_the_register_orders_nothing_any_more(yard: Yard) -> None:
    register = yard.at_work.desk.street.keys
    yard.gate.check_files = kept_of([register]).check
    register.write_text(register.read_text().replace('name = "dora"', 'name = "gone"'))
    with pytest.raises(CitybrainError, match="has changed since the gate was started"):
        yard.carry_out(yard.order())
    assert not any(unit.sets for unit in yard.fleet.units.values())
