"""Text as SQL literals, for patterns and names of ours and for paths of work files; data travels as parameters."""

from collections.abc import Iterable


def literal(text: str) -> str:
    """Returns text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"


def literals(texts: Iterable[str]) -> str:
    """Returns texts as an SQL list of strings."""
    return "[" + ", ".join(literal(text) for text in texts) + "]"


def name(text: str) -> str:
    """Returns text as an SQL identifier."""
    return '"' + text.replace('"', '""') + '"'
