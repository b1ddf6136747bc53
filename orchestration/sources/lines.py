"""A segment as a DuckDB relation of numbered lines, and the marks that cleaning left in them."""

from orchestration.sources.segments import CUT_OFF, DELIMITER, NOT_UTF8, TOO_LONG

_REASONS = {"truncated": CUT_OFF, "too_long": TOO_LONG, "not_utf8": NOT_UTF8}


def lines_relation(path: str) -> str:
    """Returns SQL for the lines of a segment: `_number` from 1, and `_text`, which is NULL for an empty line."""
    return (
        "select row_number() over () as _number, line as _text from read_csv("
        f"{literal(path)}, columns = {{line: 'VARCHAR'}}, delim = '{DELIMITER}', quote = '', escape = '', "
        "header = false, auto_detect = false, new_line = '\\n', max_line_size = 4194304)"
    )


def mark_reasons(text: str) -> str:
    """Returns the branches of a CASE that name what cleaning found wrong with a line."""
    return " ".join(f"when contains({text}, '{mark}') then '{reason}'" for reason, mark in _REASONS.items())


def literal(text: str) -> str:
    """Returns text as an SQL string."""
    return "'" + text.replace("'", "''") + "'"
