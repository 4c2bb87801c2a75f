"""Kinds of road users, and the words that boxes carry for them."""

CLASSES = ("car", "van", "lorry", "bus", "motorcycle", "bicycle", "pedestrian")
"""Kinds that are known; a box holds the position of its kind here, or one beyond."""
VEHICLES = frozenset(range(64)) - {CLASSES.index("pedestrian")}
"""Kinds that lanes count, unless a line says otherwise: also those that are not known."""
OTHER = "other"
"""Kind of an empty word, and of words for which no number is left."""
NONE = "none"
"""Stands for boxes that are no road users."""
SYNONYMS = {
    "automobile": "car",
    "passenger_car": "car",
    "taxi": "car",
    "minivan": "van",
    "truck": "lorry",
    "hgv": "lorry",
    "coach": "bus",
    "motorbike": "motorcycle",
    "scooter": "motorcycle",
    "bike": "bicycle",
    "cyclist": "bicycle",
    "person": "pedestrian",
    "human": "pedestrian",
}
"""Word → the known kind that it means."""
_MOST = 63


class KindNames:
    """Gives each word a number: those of `CLASSES` first, then others as they come.

    Parameters
    ----------
    named
        Words of a feed and what they mean: one of `CLASSES`, another name, or ``none``.
    """

    def __init__(self, named: dict[str, str] | None = None) -> None:
        self._named = {plain(word): plain(name) for word, name in (named or {}).items()}
        self.names = list(CLASSES)
        self.unknown: dict[str, int] = {}

    def number(self, word: str) -> int:
        """Return the number of a word, -1 for what is no road user; words not known are kept."""
        name = plain(word)
        if name in self._named:
            name = self._named[name]
        else:
            name = SYNONYMS.get(name, name)
            if name not in CLASSES:
                self.unknown[name or OTHER] = self.unknown.get(name or OTHER, 0) + 1
        if name == NONE:
            return -1
        if name not in self.names and len(self.names) < _MOST:
            self.names.append(name or OTHER)
        return self.names.index(name) if name in self.names else self._other()

    def _other(self) -> int:
        if OTHER not in self.names:
            self.names.append(OTHER)
        return self.names.index(OTHER)


def plain(word: str) -> str:
    """Return a word as it is compared: small letters, one kind of gap."""
    return "_".join(word.lower().replace("-", " ").replace("_", " ").split())
