"""CSV segments as a DuckDB relation, one record a line: which lines make a record is told by `quoting`."""

import csv
import re
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from orchestration.sources.feed import Feed
from orchestration.sources.lines import lines_relation, mark_reasons
from orchestration.sources.literals import literal, literals
from orchestration.sources.privacy import is_personal
from orchestration.sources.quoting import BREAK
from orchestration.sources.segment import Segment
from orchestration.sources.segments import first_lines
from orchestration.sources.values import Given, given_key, shortened

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = re.compile(r"[^\W\d][^\d,;|\t]*(?:[,;|\t]\s*[^\W\d][^,;|\t]*)+")
# A header over more lines than this is none.
_LONGEST_HEADER = 50


def header_of(path: Path, feed: Feed) -> tuple[int, str, tuple[str, ...]]:
    """Returns the line on which the header of a file ends (0: none), its delimiter and its column names.

    A quoted name may hold line breaks. There are no names if none is known, even if the first line looks like a header:
    as the only line of a file, or with numbers in it, it is a row, so that nothing is lost.
    """
    found = first_lines(path, _LONGEST_HEADER)
    text = ""
    for number, line in found:
        text += line
        if text.count('"') % 2 == 0:
            delimiter, names = split_header(text, feed)
            if names:
                return number, delimiter, names
            break
        text += "\n"
    if not found:
        return 0, ",", ()
    number, line = found[0]
    # A stray quote: the header is the first line by itself.
    delimiter, names = split_header(line, feed)
    is_header = bool(names) or (len(found) > 1 and _NAMES.fullmatch(line) is not None)
    return number if is_header else 0, delimiter, names


def split_header(text: str, feed: Feed) -> tuple[str, tuple[str, ...]]:
    """Returns the delimiter and the column names of a header, made unique; no names if none is a key of the feed.

    Names of the feed are known in any case, and spelled as the feed does; others stay as they came.
    """
    known = {key.lower(): key for key in feed.keys}
    best: tuple[str, tuple[str, ...]] = (",", ())
    most = 0
    for delimiter in _DELIMITERS:
        cells = (cell.strip().strip('\ufeff"').strip() for cell in _cells(text, delimiter))
        names = tuple(known.get(cell.lower(), cell) for cell in cells)
        matching = len(set(names) & set(feed.keys))
        if matching > most:
            best, most = (delimiter, names), matching
    delimiter, names = best
    return delimiter, tuple(
        text if text not in names[:at] else f"{text}.{names[:at].count(text) + 1}" for at, text in enumerate(names)
    )


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        rows = list(csv.reader(StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True))
    except csv.Error:
        rows = []
    # Quotes that are none of CSV's may tear it apart.
    return rows[0] if len(rows) == 1 else text.split(delimiter)


def given_relation(feed: Feed, segment: Segment, delimiter: str, header: Sequence[str]) -> Given:
    """Returns what each record of a segment gives for the keys of a feed, as text.

    The names of the columns are also in the session variable `header`, because strangers wrote them.
    """
    at = {text: index + 1 for index, text in enumerate(header)}
    given = {key: f"nullif(trim(_fields[{at[key]}]), '')" if key in at else "null::varchar" for key in feed.keys}
    keys = ", ".join(f"{text} as {given_key(key)}" for key, text in given.items())
    # A column that the feed does not know has to be looked at in every row.
    knows_all = set(header) <= set(feed.keys)
    count = " + ".join(f"({given_key(key)} is not null)::int" for key in feed.keys) if knows_all else "null"
    fields = _fields(delimiter)
    records = lines_relation(segment)
    if segment.has_breaks:
        records = f"select _number, replace(_text, '{BREAK}', chr(10)) as _text from ({records})"
    relation = f"""
    select *, {count} as _count
    from (
        select
            _number,
            _text,
            _fields,
            case
                {mark_reasons("_text")}
                when {len(header)} = 0 then 'bad_header'
                when len(_fields) <> {len(header)} then 'wrong_column_count'
            end as _unreadable,
            {keys}
        from (select *, {fields} as _fields from ({records}))
    )"""
    return Given(relation, _extra(feed), _raw(feed, delimiter, header))


def _extra(feed: Feed) -> str:
    """Returns SQL for columns that the feed does not know, and values of another type, as JSON text or NULL."""
    kept = (
        "list_filter(list_zip(getvariable('header'), _fields), lambda e: e[2] <> '' "
        f"and (not list_contains({literals(feed.keys)}, e[1]) or list_contains(_bad, e[1])))"
    )
    value = f"case when {_is_personal('e[1]')} then '\"[removed]\"' else {shortened('to_json(e[2])::varchar')} end"
    pairs = f"list_transform({kept}, lambda e: to_json(e[1])::varchar || ':' || {value})"
    return f"'{{' || nullif(array_to_string({pairs}, ','), '') || '}}'"


def _raw(feed: Feed, delimiter: str, header: Sequence[str]) -> str:
    """Returns SQL for the text of a record that a reject may keep: without user ids and what its header calls personal.

    In a record with too many or too few fields nobody knows which one is which: only those well before the first of
    these columns stay.
    """
    if not header:
        return "_text"
    users, by = literals(field.key for field in feed.fields if field.kind == "user"), literal(delimiter)
    hidden = f"list_transform(getvariable('header'), lambda h: list_contains({users}, h) or {_is_personal('h')})"
    # Fields are quoted again where they need it: what is kept is what came, without the hidden ones.
    quoted = (
        f"case when regexp_matches(f, '[\"\\n]') or contains(f, {by}) "
        "then '\"' || replace(f, '\"', '\"\"') || '\"' else f end"
    )
    masked = f"list_transform(_fields, lambda f, i: case when ({hidden})[i] then '[removed]' else {quoted} end)"
    first = f"list_position({hidden}, true)"
    before = f"list_transform(_fields[:greatest({first} - 3, least({first} - 1, 1))], lambda f: {quoted})"
    return (
        f"case when not list_contains({hidden}, true) then _text "
        f"when len(_fields) = {len(header)} then array_to_string({masked}, {by}) "
        f"else array_to_string(list_append({before}, '[removed]'), {by}) end"
    )


def _is_personal(column: str) -> str:
    """Returns SQL that tells whether a column is personal by its name; a repeated name has a number behind it."""
    return is_personal(f"regexp_replace({column}, '\\.[0-9]+$', '')")


def _fields(delimiter: str) -> str:
    by = "\\" + delimiter if delimiter == "|" else delimiter
    pattern = literal(f'( *"(?:[^"]|"")*" *|[^{by}"][^{by}]*|){by}')
    unquoted = "case when regexp_matches(f, '^ *\".*\" *$', 's') then replace(trim(f)[2:-2], '\"\"', '\"') else f end"
    # Many exports quote an empty text: where no other quote is left, the fields lie between delimiters all the same.
    empty, nothing = literal(f'{delimiter}""{delimiter}'), literal(delimiter * 2)
    bare = f"replace(_text, {empty}, {nothing})"
    found = f"regexp_extract_all(_text || {literal(delimiter)}, {pattern}, 1)"
    return (
        f"case when not contains(_text, '\"') then string_split(_text, {literal(delimiter)}) "
        f"when not contains({bare}, '\"') then string_split({bare}, {literal(delimiter)}) "
        f"else list_transform({found}, lambda f: {unquoted}) end"
    )
