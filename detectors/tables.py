"""CSV and Parquet files as frames, with one clear line where a file is broken.

A CSV is first read in the fast way, in which a value of the wrong kind or a stray quotation mark
spoils the whole file; then, if need be, as texts line by line, in which it spoils only its row.
"""

import gzip
import io
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from citybrain.errors import InputError
from detectors.pulses import Floats, Ints

PARQUET_MAGIC = b"PAR1"
GZIP_MAGIC = b"\x1f\x8b"
"""What a Parquet file begins with, and what a packed one does."""
_CHUNK = 1 << 16
_GZIP_BITS = 31
_TAIL = 4096
_ID_TYPE = pa.dictionary(pa.int32(), pa.string())
LONGEST_LINE = 1 << 16
"""A first line that is longer is no header. [B]"""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows of a table.

    Parameters
    ----------
    frame
        Rows that have all fields.
    unreadable
        Number of rows left out because they have too many or too few fields.
    notes
        What else was found, one sentence each, such as that the file breaks off.
    """

    frame: pd.DataFrame
    unreadable: int = 0
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """All rows of the file."""
        return len(self.frame) + self.unreadable


def is_parquet(path: Path) -> bool:
    """Tell whether a file begins as Parquet does."""
    with path.open("rb") as file:
        return file.read(len(PARQUET_MAGIC)) == PARQUET_MAGIC


def first_line(path: Path) -> str:
    """Return the first line of a text file, packed with gzip or not, without its end.

    Parameters
    ----------
    path
        File that exists.

    Raises
    ------
    InputError
        It is packed and breaks off before the line does.
    """
    with _clear_errors(path, "table"), opened(path) as file:
        head = file.readline(LONGEST_LINE)
    return head.decode("utf-8-sig", errors="replace").rstrip("\r\n")


def column_names(path: Path) -> tuple[str, ...]:
    """Return the columns of a CSV or Parquet file without reading its rows.

    Parameters
    ----------
    path
        File that exists.

    Raises
    ------
    InputError
        A Parquet file is truncated, or a packed CSV breaks off before its first line does.
    """
    if is_parquet(path):
        with _clear_errors(path, "Parquet file"):
            return tuple(pq.read_schema(path).names)
    return tuple(_plain(name) for name in first_line(path).split(","))


def read_rows(
    path: Path,
    columns: Iterable[str],
    *,
    header: Sequence[str] | None = None,
    ids: Collection[str] = (),
) -> Rows:
    """Read some columns of a CSV or Parquet file.

    Parameters
    ----------
    path
        File, of which `column_names` has told the columns.
    columns
        Columns to be read.
    header
        Names of all columns of a CSV that has no header.
    ids
        Columns that name something, such as a detector: an empty field does not make the others
        fractions, and those of a CSV keep the zeros that they begin with.

    Returns
    -------
    Rows
        Those of a CSV that breaks off as far as they go.

    Raises
    ------
    InputError
        A Parquet file is truncated, or the file is no table.
    """
    wanted = list(columns)
    if is_parquet(path):
        with _clear_errors(path, "Parquet file"):
            return Rows(frame=_with_whole_ids(pq.read_table(path, columns=wanted), ids).to_pandas())
    with _clear_errors(path, "CSV table"):
        content, is_cut = _content(path)
        rows = _read_csv(content, wanted, header, ids)
    cut = "the packed file breaks off; what followed is missing" if is_cut else ""
    notes = tuple(note for note in (cut, *rows.notes) if note)
    return Rows(frame=rows.frame, unreadable=rows.unreadable, notes=notes)


def numbers(column: pd.Series) -> Floats:
    """Return a column as numbers; NaN for what is none."""
    coerced = pd.to_numeric(column, errors="coerce")
    return np.asarray(coerced.to_numpy(dtype=np.float64, na_value=np.nan))


def codes_and_names(column: pd.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return the position of each value among the sorted names, -1 for a missing one."""
    categories = column.astype("category").cat
    texts = [_id_text(value) for value in categories.categories]
    names = tuple(sorted({text for text in texts if text}))
    place = {name: at for at, name in enumerate(names)}
    position = np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.int64)
    return position[categories.codes.to_numpy()], names


def _id_text(value: object) -> str:
    """Return an id as a text without blanks around it; 227.0 is 227."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _with_whole_ids(table: pa.Table, ids: Collection[str]) -> pa.Table:
    """Return a table with ids as texts where missing ones would turn whole numbers into floats."""
    for name in ids:
        column = table[name]
        if column.null_count and pa.types.is_integer(column.type):
            at = table.column_names.index(name)
            table = table.set_column(at, name, column.cast(pa.string()))
            table = table.replace_schema_metadata(None)  # it may still call the column whole
    return table


def _read_csv(
    content: bytes, wanted: list[str], header: Sequence[str] | None, ids: Collection[str]
) -> Rows:
    try:
        content.decode()  # a note on a faulty row must be text
        types = dict.fromkeys(ids, _ID_TYPE)
        return _parse(content, wanted, header, types, is_plain=False)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        clean = content.decode("utf-8", errors="replace").replace("\x00", "\ufffd").encode()
        types = dict.fromkeys(wanted, pa.string())
        return _parse(clean, wanted, header, types, is_plain=True)


def _parse(
    content: bytes,
    wanted: list[str],
    header: Sequence[str] | None,
    types: dict[str, pa.DataType],
    *,
    is_plain: bool,
) -> Rows:
    """Parse a CSV; plainly means that quotation marks and blanks around a text mean nothing."""
    faulty: list[str] = []

    def note(row: pacsv.InvalidRow) -> str:
        faulty.append(row.text)
        return "skip"

    names = [_plain(name) for name in header or _header(content)]
    table = pacsv.read_csv(
        pa.BufferReader(content),
        read_options=pacsv.ReadOptions(column_names=names, skip_rows=0 if header else 1),
        parse_options=pacsv.ParseOptions(
            invalid_row_handler=note, quote_char=False if is_plain else '"'
        ),
        convert_options=pacsv.ConvertOptions(
            include_columns=wanted,
            null_values=[""],
            strings_can_be_null=True,
            column_types=types,
        ),
    )
    frame = table.to_pandas()
    if is_plain:
        frame = frame.apply(lambda column: column.str.strip(' "').replace("", None))
    return Rows(frame=frame, unreadable=len(faulty), notes=_cut_note(content, frame, faulty))


def _header(content: bytes) -> list[str]:
    line = content[:LONGEST_LINE].split(b"\n", 1)[0]
    return line.decode("utf-8-sig", errors="replace").rstrip("\r").split(",")


def _cut_note(content: bytes, frame: pd.DataFrame, faulty: Sequence[str]) -> tuple[str, ...]:
    """Tell whether the file stops, without an end of line, in a row that lacks fields."""
    last = content[-_TAIL:].decode("utf-8", errors="replace").rpartition("\n")[2]
    if not last.strip() or last not in faulty:
        return ()
    row = len(frame) + len(faulty)
    return (f"the file breaks off in row {row} ({last[:40]!r}); what followed is missing",)


def _plain(name: str) -> str:
    return name.strip().strip('"').strip()


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file to read its bytes, unpacked if it is packed with gzip."""
    with path.open("rb") as file:
        is_packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
        file.seek(0)
        if is_packed:
            with gzip.open(file) as unpacked:
                yield cast(BinaryIO, unpacked)
        else:
            yield file


def _content(path: Path) -> tuple[bytes, bool]:
    """Return what a file holds, unpacked, and whether the packing breaks off."""
    with path.open("rb") as file:
        if file.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
            file.seek(0)
            return file.read(), False
    return _unpacked(path.read_bytes())


def _unpacked(packed: bytes) -> tuple[bytes, bool]:
    """Unpack gzip as far as it goes, one member after the other."""
    pieces = io.BytesIO()
    while packed:
        member = zlib.decompressobj(wbits=_GZIP_BITS)
        for begin in range(0, len(packed), _CHUNK):
            try:
                pieces.write(member.decompress(packed[begin : begin + _CHUNK]))
            except zlib.error:
                return pieces.getvalue(), True
            if member.eof:
                packed = member.unused_data + packed[begin + _CHUNK :]
                break
        else:
            return pieces.getvalue(), True
        if not packed.startswith(GZIP_MAGIC):
            break
    return pieces.getvalue(), False


@contextmanager
def _clear_errors(path: Path, kind: str) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError, KeyError, EOFError, zlib.error) as error:
        reason = (str(error).splitlines() or ["no reason given"])[0].rstrip(".")
        what = f"is not a whole {kind} of {path.stat().st_size} bytes ({reason})"
        raise InputError(path, what, "export or copy it again") from None
