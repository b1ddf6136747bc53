"""What makes a row of an export a reject, and what of a row has to be kept as it came, as SQL for `columns`."""

from orchestration.sources import times
from orchestration.sources.feed import FIRST_YEAR, Feed, Field
from orchestration.sources.literals import literal
from orchestration.sources.values import (
    TEXTS,
    Given,
    given_key,
    has_lost_its_sign,
    is_bracketed,
    is_limited,
    is_out_of_range,
    is_too_long,
)

# Entities and snapshots may hold any past day. Windows of maintenance are planned ahead; nothing else comes early.
PLANNED_DAYS = 3660
_FIRST_DAY = f"date '{FIRST_YEAR}-01-01'"
# An event may come this late, and a clock may run ahead.
LATE_DAYS, EARLY_DAYS = 30, 1


def problem(feed: Feed, given: Given, is_snapshot: bool, has_clock_changes: bool) -> str:
    """Returns SQL for what makes a row a reject, as `reason field`, or NULL; 'odd' where others look at it again."""
    missing = {field: f"{field.name} is null{_unless(field)}" for field in feed.fields if field.required}
    first = _FIRST_DAY if is_snapshot or feed.is_entity else f"_export_date - {LATE_DAYS}"
    late = f"event_date not between {first} and _export_date + {PLANNED_DAYS if feed.is_planned else EARLY_DAYS}"
    broken = [(f"not coalesce({rule.condition}, true)", f"'{rule.reason} {rule.field}'") for rule in feed.rules]
    if given.is_strict:
        tests = [*missing.values(), late, *_odd(feed, has_clock_changes), *(test for test, _ in broken)]
        return f"case when {' or '.join(f'({test})' for test in tests)} then 'odd' end"
    reasons = [
        ("_unreadable = 'unparseable' and _is_open", "'truncated '"),
        ("_unreadable is not null", "_unreadable || ' '"),
        *((f"not _is_plain and {test}", f"'{reason} '") for test, reason in given.wrong),
    ]
    # A row without a time belongs nowhere: of several faults that one is named.
    for field in sorted(feed.fields, key=lambda field: field.name != feed.time):
        is_wrong = f"not _is_plain and {field.name} is null and list_contains(_bad, {literal(field.key)})"
        if field.required:
            reasons.append((f"{missing[field]} and {is_wrong}", _what_is_wrong(field)))
            reasons.append((missing[field], f"'missing_field {field.name}'"))
        elif field.name in feed.strict:
            reasons.append((is_wrong, _what_is_wrong(field)))
        if field.kind == "currency":
            is_unknown = f"not list_contains(getvariable('currencies'), {field.name})"
            reasons.append((is_unknown, f"'unknown_currency {field.name}'"))
    reasons += [*broken, (late, f"'time_out_of_range {feed.time}'")]
    return "case " + "\n        ".join(f"when {test} then {reason}" for test, reason in reasons) + " end"


def _odd(feed: Feed, has_clock_changes: bool) -> list[str]:
    """Returns SQL for what a typed read leaves to the careful one, beside what every row is judged by."""
    nested = [is_bracketed(given_key(field.key)) for field in feed.fields if field.kind in TEXTS]
    long = [is_too_long(field) for field in feed.fields if is_limited(field)]
    others = [is_bad(field) for field in feed.fields if field.kind not in TEXTS and not field.required]
    touched = [times.is_touched(field.name, text) for field, text in time_texts(feed).items()]
    return [*nested, *long, *others, *(touched if has_clock_changes else [])]


def _what_is_wrong(field: Field) -> str:
    """Returns SQL for the reason and the name of a field whose value cannot be kept."""
    if field.kind == "time":
        outside, wrong = "time_out_of_range", "bad_time"
    else:
        outside, wrong = "out_of_range", "unknown_value" if field.choices else "wrong_type"
    return f"case when {is_out_of_range(field)} then '{outside} {field.name}' else '{wrong} {field.name}' end"


def _unless(field: Field) -> str:
    return f" and not coalesce({field.required_unless}, false)" if field.required_unless else ""


def is_bad(field: Field) -> str:
    """Returns SQL that tells whether what a row gives for a field has to be kept as it came."""
    signed = f" or {has_lost_its_sign(field)}" if field.is_absolute else ""
    return f"({field.name} is null and {_stands(field)}){signed}"


def _stands(field: Field) -> str:
    """Returns SQL that tells whether a row gives anything for a field."""
    return f"nullif({given_key(field.key)}::varchar, '') is not null"


def time_texts(feed: Feed) -> dict[Field, str]:
    """Returns the SQL name of the text of every time of a row."""
    return {field: given_key(field.key) for field in feed.fields if field.kind == "time"}
