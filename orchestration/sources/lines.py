"""A segment as a DuckDB relation of numbered lines, and the marks that cleaning left in them."""

from orchestration.sources.literals import literal
from orchestration.sources.segments import CUT_OFF, DELIMITER, NOT_UTF8, TOO_LONG

_REASONS = {"truncated": CUT_OFF, "too_long": TOO_LONG, "not_utf8": NOT_UTF8}


def lines_relation(path: str, head: int = 0) -> str:
    """Returns SQL for the lines of a segment that are not blank: `_number` from 1 below the head, and `_text`."""
    return f"""
        select _number, _text
        from (select row_number() over () - {head} as _number, _text from ({raw_lines(path)}))
        where _number > 0 and _text is not null and (starts_with(_text, '{{') or trim(_text) <> '')"""


def raw_lines(path: str) -> str:
    """Returns SQL for all lines of a file in order, as `_text`, which is NULL for an empty one."""
    return f"""
            select line as _text
            from read_csv(
                {literal(path)}, columns = {{line: 'VARCHAR'}}, delim = '{DELIMITER}', quote = '', escape = '',
                header = false, auto_detect = false, new_line = '\\n', max_line_size = 4194304
            )"""


def mark_reasons(text: str) -> str:
    """Returns the branches of a CASE that name what cleaning found wrong with a line."""
    return " ".join(f"when contains({text}, '{mark}') then '{reason}'" for reason, mark in _REASONS.items())
