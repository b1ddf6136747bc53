"""The first rows of each source's newest file against the published schemas, before anything runs.

This advises; it rejects nothing. What becomes of a row is decided by `orchestration.sources` when it is ingested.
"""

import csv
import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from orchestration.lake.landing import Landed, landed_files
from orchestration.schemas import SCHEMA_OF_SYSTEM, feed_schema
from orchestration.settings import Settings
from orchestration.settings.model import OWN_SYSTEMS
from orchestration.sources import documents
from orchestration.sources.inflate import inflater_of

_START_BYTES = 1 << 20


def doubtful_rows(settings: Settings, rows: int = 200) -> list[str]:
    """Returns one line for each kind of misfit in the first `rows` rows of the newest file of each source.

    Exports of which there is no schema are not looked at.

    A line names the file, the first line where the misfit stands, how many rows have it, and what would be right.
    """
    return [
        line
        for source in settings.config.sources
        if source.system in SCHEMA_OF_SYSTEM
        for landed in landed_files(settings, source)[-1:]
        for line in _misfits(landed, SCHEMA_OF_SYSTEM[source.system], rows)
    ]


def as_row(cells: dict[str, str], schema: dict[str, Any]) -> dict[str, Any]:
    """Returns CSV cells as the values that their fields ask for; an empty cell is an absent field."""
    return {name: _typed(cell, schema["properties"].get(name, {})) for name, cell in cells.items() if name and cell}


def _misfits(landed: Landed, feed: str, rows: int) -> list[str]:
    schema = feed_schema(feed)
    validator = Draft202012Validator(schema)
    seen: dict[str, tuple[int, int]] = {}
    for number, row in islice(_numbered_rows(landed, schema), rows):
        for error in validator.iter_errors(row):
            is_text = schema["type"] == "string"
            message = f"{row[:80]!r} is not {schema['description']}" if is_text else error.message[:200]
            what = f"{'.'.join(map(str, error.absolute_path)) or 'row'}: {message}"
            first, count = seen.get(what, (number, 0))
            seen[what] = (first, count + 1)
    return [f"{landed.name}:{first}: {what} ({count} of the first rows)" for what, (first, count) in seen.items()]


def _numbered_rows(landed: Landed, schema: dict[str, Any]) -> Iterator[tuple[int, Any]]:
    is_text = schema["type"] == "string"
    start = _start(landed)
    if not is_text and landed.source.system not in OWN_SYSTEMS:
        start = b"".join(documents.Records([start]).lines())
    # The last line may be cut where the look ends, so it is left out of a file that is longer.
    lines = start.decode("utf-8-sig", errors="replace").splitlines()
    whole = lines if landed.size < _START_BYTES else lines[:-1]
    if is_text:
        yield from ((number, line) for number, line in enumerate(whole, 1) if line.strip())
        return
    if whole and not whole[0].lstrip().startswith("{"):
        reader = csv.DictReader(whole)
        for cells in reader:
            yield reader.line_num, as_row({k: v for k, v in cells.items() if isinstance(v, str)}, schema)
        return
    for number, line in enumerate(whole, 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except json.JSONDecodeError:
                yield number, line


def _start(landed: Landed) -> bytes:
    with landed.open() as file:
        raw = file.read(_START_BYTES)
    inflater = inflater_of(raw)
    if inflater is None:
        return raw
    start = b""
    for piece in inflater.inflated(raw):
        start += piece
        if len(start) >= _START_BYTES:
            break
    return start


def _typed(cell: str, field: dict[str, Any]) -> Any:
    convert: dict[str, Callable[[str], Any]] = {
        "integer": int,
        "number": float,
        "boolean": lambda text: {"true": True, "false": False}[text.lower()],
    }
    try:
        if "oneOf" in field and cell.startswith("["):
            return json.loads(cell)
        return convert.get(field.get("type", ""), str)(cell)
    except (ValueError, KeyError):
        return cell
