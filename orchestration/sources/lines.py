"""A segment as a DuckDB relation of numbered lines, and the marks that cleaning left in them."""

from orchestration.sources.aside import BLANK
from orchestration.sources.literals import literal
from orchestration.sources.segment import Segment
from orchestration.sources.segments import CUT_OFF, DELIMITER, NOT_UTF8, TOO_COMPLEX, TOO_LONG

_REASONS = {"truncated": CUT_OFF, "too_long": TOO_LONG, "too_complex": TOO_COMPLEX, "not_utf8": NOT_UTF8}


def lines_relation(segment: Segment, head: int = 0, at_a_time: int = 512 << 10) -> str:
    """Returns SQL for the lines of a segment that are not blank: `_number` from 1 below the head, and `_text`.

    The blanks of `aside` are none, either. DuckDB reads `at_a_time` bytes, or the longest line: of all that SQL makes
    of a text, dozens of copies where it is masked and parsed, no more is in memory at once. A filter in place of
    UNNEST would put vectors of few long lines together again.
    """
    kept = "_number > 0 and _text is not null and (starts_with(_text, '{') or trim(_text) <> '')"
    if segment.blanks:
        kept += f" and not starts_with(_text, {literal(BLANK.decode())})"
    return f"""
        select _number, unnest(case when {kept} then [_text] else [] end) as _text
        from (select row_number() over () - {head} as _number, _text from ({_raw_lines(segment, at_a_time)}))"""


def _raw_lines(segment: Segment, at_a_time: int) -> str:
    """Returns SQL for all lines of a segment in order, as `_text`, which is NULL for an empty one."""
    # Beside the text a line has its end.
    most = max(at_a_time, segment.longest + 1024)
    return f"""
            select line as _text
            from read_csv(
                {literal(str(segment.path))}, columns = {{line: 'VARCHAR'}}, delim = '{DELIMITER}', quote = '',
                escape = '', header = false, auto_detect = false, new_line = '\\n', max_line_size = {most},
                buffer_size = {most}
            )"""


def mark_reasons(text: str) -> str:
    """Returns the branches of a CASE that name what cleaning found wrong with a line."""
    return " ".join(f"when contains({text}, '{mark}') then '{reason}'" for reason, mark in _REASONS.items())
