"""Why a row is a reject, in words: the one table from the stable code to a plain sentence.

The run, the status, the pages and the checks all use it, so that a code reads the same wherever it stands.
"""

from datetime import date

REASONS = {
    "unparseable": "the line is not in the format that the source declares",
    "nothing_to_read": "the document holds none of the records that are read",
    "duplicate_key": "a key stands twice in one object",
    "truncated": "the file is cut off or damaged here",
    "not_utf8": "the line holds bytes that are not UTF-8",
    "too_long": "the line is longer than 1 MB",
    "too_complex": "the line is nested more than 1,000 levels deep, or holds more than 150,000 values or 10,000 rows",
    "bad_header": "the header names no known column",
    "wrong_column_count": "the row has more or fewer fields than the header",
    "missing_field": "a required field is missing",
    "wrong_type": "the value is not of the type that the field has",
    "out_of_range": "the value lies outside the range that the field allows, or its text is longer",
    "more_errors_than_requests": "there are more errors than requests",
    "unknown_value": "the value is not one of those that the field allows",
    "bad_time": "the time cannot be read (ISO 8601 and Unix time can)",
    "time_out_of_range": "the time lies outside 2000 to 2099, or does not fit the export day",
    "unknown_currency": "the configuration has no exchange rate for the currency",
}


def cause(
    reason: str, field: str = "", export_date: date | None = None, first: date | None = None, last: date | None = None
) -> str:
    """Say why rows were rejected: code and field to search for, then what they mean.

    Args:
        reason: A code of `REASONS`; one that is not there (of a newer program) is spelled out.
        field: The field at fault; empty where it is the whole line.
        export_date: The export day, of rows whose time does not fit it.
        first: The first event date of such rows.
        last: The last one.
    """
    words = REASONS.get(reason, reason.replace("_", " "))
    if reason == "time_out_of_range" and export_date and first and last:
        events = f"of {first}" if first == last else f"from {first} to {last}"
        words = f"export day {export_date}, events {events}"
    return f"{reason} {field}".strip() + f": {words}"
