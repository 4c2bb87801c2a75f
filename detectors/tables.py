"""CSV and Parquet files as frames, with one clear line where a file is broken."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from citybrain.errors import InputError
from detectors.pulses import Floats, Ints

PARQUET_MAGIC = b"PAR1"


def is_parquet(path: Path) -> bool:
    """Tell whether a file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def column_names(path: Path) -> tuple[str, ...]:
    """Return the columns of a CSV or Parquet file without reading its rows.

    Parameters
    ----------
    path
        File that exists.
    """
    if is_parquet(path):
        with _clear_errors(path, "Parquet file"):
            return tuple(pq.read_schema(path).names)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return tuple(_plain(name) for name in file.readline().split(","))


def read_frame(path: Path, columns: Iterable[str]) -> tuple[pd.DataFrame, int]:
    """Read some columns of a CSV or Parquet file.

    Parameters
    ----------
    path
        File, of which `column_names` has told the columns.
    columns
        Columns to be read.

    Returns
    -------
    frame, unreadable_rows
        The rows, and the number of rows left out because they have too many or too few fields.

    Raises
    ------
    InputError
        The file is truncated or no table.
    """
    wanted = list(columns)
    if is_parquet(path):
        with _clear_errors(path, "Parquet file"):
            return pq.read_table(path, columns=wanted).to_pandas(), 0
    with _clear_errors(path, "CSV table"):
        return _read_csv(path, wanted)


def numbers(column: pd.Series) -> Floats:
    """Return a column as numbers; NaN for what is none."""
    coerced = pd.to_numeric(column, errors="coerce")
    return np.asarray(coerced.to_numpy(dtype=np.float64, na_value=np.nan))


def codes_and_names(column: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return the position of each value among the sorted names, -1 for a missing one."""
    categories = column.astype("category").cat
    names = categories.categories.astype(str)
    order = np.argsort(names.to_numpy(dtype=str), kind="stable")
    position = np.append(np.argsort(order), -1)
    return position[categories.codes.to_numpy()], tuple(str(name) for name in names[order])


def _read_csv(path: Path, wanted: list[str]) -> tuple[pd.DataFrame, int]:
    faulty: list[str] = []

    def note(row: pacsv.InvalidRow) -> str:
        faulty.append(row.text)
        return "skip"

    table = pacsv.read_csv(
        path,
        parse_options=pacsv.ParseOptions(invalid_row_handler=note),
        convert_options=pacsv.ConvertOptions(null_values=[""], strings_can_be_null=True),
    )
    table = table.rename_columns([_plain(name) for name in table.column_names])
    if faulty and _ends_with(path, faulty):
        row = table.num_rows + len(faulty)
        what = f"breaks off in row {row} ({faulty[-1]!r})"
        raise InputError(path, what, "export or copy it again")
    return table.select(wanted).to_pandas(), len(faulty)


def _plain(name: str) -> str:
    return name.strip().strip('"')


def _ends_with(path: Path, rows: list[str]) -> bool:
    """Tell whether the file stops, without an end of line, in one of some rows."""
    tail = path.read_bytes()[-4096:].decode("utf-8", errors="replace")
    return tail.rpartition("\n")[2] in rows


@contextmanager
def _clear_errors(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, KeyError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        what = f"is not a whole {kind} of {path.stat().st_size} bytes ({reason})"
        raise InputError(path, what, "export or copy it again") from None
