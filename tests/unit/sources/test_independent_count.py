"""Lines and records counted by plain Python are rows read, kept or rejected, for each of hundreds of odd files."""

import csv
import gzip
import io
import json
from dataclasses import replace
from itertools import product

import pytest
import zstandard

from orchestration import lake
from orchestration.lake import ingesting
from orchestration.settings import load_settings

pytestmark = pytest.mark.slow

DAY = "2026-11-20"
NOON = 1795176000000
ENDS = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
PACK = {"": lambda data: data, ".gz": gzip.compress, ".zst": zstandard.ZstdCompressor().compress}
GOOD = {"name": "LCP", "id": "a", "value": 1, "url": "/p?[{,", "ts": NOON}
LINES = [
    json.dumps(GOOD), "", '{"torn": ', "[1, 2]", "{}", "  ", json.dumps([GOOD, {}, 5]), '"text"', "[" * 3000, "{" * 50,
    json.dumps([GOOD])[:-3], json.dumps(GOOD | {"url": "ü\u2028", "attribution": {"a": [["]"]]}}), "\\", "x" * 5000,
]  # fmt: skip
HEAD = ["order_id", "ordered_at", "revenue", "note"]
NOTES = ["", "plain", "two\nlines", 'a "quoted" word', "a,b;c|d\te", "ü", " blanks ", '"', "\n\n", "{[", "'"]


def json_lines(start):
    """Lines of all kinds from one of them on, and how many records they hold."""
    lines = LINES[start:] + LINES[:start]
    return "\n".join(lines), sum(map(records_in, lines))


def records_in(line):
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return 1 if line.strip() else 0
    return len(value) if isinstance(value, list) and isinstance(value[0], dict) else 1


def document(indent):
    values = [GOOD, {}, {"a": [{"b": "}],"}]}, 7, GOOD]
    return json.dumps(values, indent=indent), len(values)


def table(delimiter, quoting):
    """A well-formed CSV, counted by the module csv."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=quoting, lineterminator="\n")
    writer.writerows([HEAD, *([f"o{at}", f"{DAY} 10:00:00", "5", note] for at, note in enumerate(NOTES))])
    return text.getvalue(), len(list(csv.reader(io.StringIO(text.getvalue()), delimiter=delimiter))) - 1


def damaged(rows):
    """A CSV with a stray quote in each of some lines, which then are counted as lines."""
    notes = ["plain", "also", 'a "stray'] * rows
    lines = [f"o{at},{DAY} 10:00:00,5,{notes[at]}" for at in range(rows)]
    return "\n".join([",".join(HEAD), *lines, "1,2", '"', "x"]), rows + 3


CONTENTS = {
    **{f"beacons-{start}": json_lines(start) for start in (0, 1, 5, 6, 11)},
    **{f"beacons-array{indent}": document(indent) for indent in (None, 0, 2)},
    **{f"orders-{at}-{how}": table(by, how) for (at, by), how in product(enumerate(",;\t|"), (csv.QUOTE_MINIMAL, 1))},
    **{f"orders-damaged{rows}": damaged(rows) for rows in (1, 4)},
    "orders-blank": ("\n \n\n", 0),
    "beacons-empty": ("", 0),
}


def corpus():
    """Yields name, bytes and number of records."""
    marks = {"": ("", "utf-8"), "bom": ("\ufeff", "utf-8"), "wide": ("\ufeff", "utf-16-le")}
    for (name, (text, count)), (end_name, end), (mark, (bom, encoding)), (packed, pack) in product(
        CONTENTS.items(), ENDS.items(), marks.items(), PACK.items()
    ):
        if packed and end == "\r\n":
            continue
        data = (bom + text.replace("\n", end)).encode(encoding)
        yield f"{name}-{end_name}{mark}{packed}", pack(data), count


def differences(settings, files):
    """Files whose rows read are not the records counted, or not those kept and rejected."""
    folder = settings.landing / DAY
    folder.mkdir(parents=True)
    for name, data, _ in files:
        kind = "ndjson" if name.startswith("beacons") else "csv"
        (folder / f"{name}.{kind}").write_bytes(data)
    reports = [lake.ingest(settings, table) for table in ("raw_web_vitals.beacons", "raw_orders.orders")]
    counts = {name: count for name, _, count in files}
    found = [file for report in reports for file in report.files]
    assert len(found) == len(files)
    wrong = {}
    for file in found:
        expected = counts[file.path.removeprefix(f"{DAY}/").rsplit(".", 1)[0]]
        if not file.rows_read == file.rows_kept + file.rows_rejected == expected:
            wrong[file.path] = (file.rows_read, expected)
    return wrong


@pytest.fixture
def settings(tmp_path):
    return replace(load_settings(), home=tmp_path)


def test_many_files_in_one_batch(settings):
    files = list(corpus())
    assert len(files) >= 300
    assert differences(settings, files) == {}


def test_each_file_in_a_batch_of_its_own(settings, monkeypatch):
    monkeypatch.setattr(ingesting, "_batches", lambda files: ([file] for file in files))
    assert differences(settings, list(corpus())[::9]) == {}
