"""What an object of NTCIP 1201 or 1202 is: its name, its place in the tree, what it may hold."""

from dataclasses import dataclass
from enum import Enum, IntEnum

Value = int | bytes | str
"""What an object holds: a number, octets, or an object identifier in dotted form."""


_WRAP = 2**32


class Kind(Enum):
    """How a value is encoded on the wire."""

    INTEGER = "INTEGER"
    COUNTER = "Counter"
    OCTETS = "OCTET STRING"
    OBJECT_ID = "OBJECT IDENTIFIER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """What an object may hold.

    Parameters
    ----------
    kind
        How it is encoded.
    low, high
        Range of a number; of octets, how many.
    states
        The only numbers allowed and their meaning; none for any in the range.
    """

    kind: Kind
    low: int = 0
    high: int = 0
    states: type[IntEnum] | None = None

    def allows(self, value: object) -> bool:
        """Tell whether an object of this syntax may hold the value."""
        if self.kind is Kind.OBJECT_ID:
            return isinstance(value, str)
        if self.kind is Kind.OCTETS:
            return isinstance(value, bytes) and self.low <= len(value) <= self.high
        if not isinstance(value, int) or not self.low <= value <= self.high:
            return False
        return self.states is None or value in {int(state) for state in self.states}

    def unwrapped(self, value: Value | None) -> Value | None:
        """Return a number of 32 bits as it was meant, where the wire had room for 31 and a sign."""
        is_wrapped = isinstance(value, int) and value < 0 and self.high >= _WRAP // 2
        return value + _WRAP if isinstance(value, int) and is_wrapped else value


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """An object, or a column of a table.

    Parameters
    ----------
    name
        Its name in the standard.
    oid
        Its node; ``at`` adds the instance.
    syntax
        What it may hold.
    is_writable
        Whether a manager may set it.
    index
        What numbers a row of its table; nothing for a single object.
    """

    name: str
    oid: str
    syntax: Syntax
    is_writable: bool
    index: tuple[str, ...] = ()

    def at(self, *row: int) -> str:
        """Return the identifier of one instance; no row for a single object.

        Raises
        ------
        ValueError
            The row has not as many numbers as the index.
        """
        if len(row) != len(self.index):
            msg = f"{self.name} is numbered by {self.index or 'nothing'}, not by {row}"
            raise ValueError(msg)
        return ".".join([self.oid, *(str(number) for number in row or (0,))])

    def of(self, *row: int) -> "Instance":
        """Return one instance; no row for a single object.

        Raises
        ------
        ValueError
            The row has not as many numbers as the index.
        """
        return Instance(object_type=self, oid=self.at(*row))


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One value that a unit holds: an object and its row."""

    object_type: ObjectType
    oid: str

    @property
    def name(self) -> str:
        """Return it as a person reads it, such as ``splitTime.2.4``."""
        return self.object_type.name + self.oid.removeprefix(self.object_type.oid)

    @property
    def kind(self) -> Kind:
        """Return how it is encoded."""
        return self.object_type.syntax.kind

    def fits(self, value: Value | None) -> bool:
        """Tell whether an answer is of the object's kind; nothing fits, as a unit may lack it."""
        if value is None:
            return True
        if self.kind is Kind.OCTETS:
            return isinstance(value, bytes)
        if self.kind is Kind.OBJECT_ID:
            return isinstance(value, str) and bool(value)
        return isinstance(value, int)
