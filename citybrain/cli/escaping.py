"""Text of others on a terminal: what could move the cursor or hide a word is shown as it is."""


def visible(text: str) -> str:
    """Return a text in one line; what cannot be printed is told by its escape.

    Parameters
    ----------
    text
        Anything that somebody else wrote: a name, a comment, a line of a file.
    """
    return "".join(one if one.isprintable() else _escape(one) for one in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
