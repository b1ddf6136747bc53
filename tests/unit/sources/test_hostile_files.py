"""Readers take time in proportion to the bytes and memory within a limit, whatever the bytes, and count every line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hostile_files import FORMS

pytestmark = pytest.mark.slow

MEASURE = Path(__file__).parents[2] / "benchmarks" / "hostile_files.py"
MOST_MB = 256
# Form, kind, and the larger of two sizes in MB. Each of them once took over a gigabyte, or the square of its size.
FILES = (
    ("beacons", "many_keys", 4), ("beacons", "extra_numbers", 8), ("beacons", "nested_value", 8),
    ("beacons", "long_words", 8), ("beacons", "short_values", 8), ("beacons", "tiny_lines", 0.5),
    ("faro", "items_url", 8), ("opentelemetry", "records_attributes", 8), ("orders_csv", "comma_lines", 8),
)  # fmt: skip


@pytest.fixture(scope="module")
def measured():
    """For each file, what its halves and the whole took; all in one process, which costs one start."""
    arguments = [str(text) for form, kind, size in FILES for part in (size / 2, size) for text in (form, kind, part)]
    command = [sys.executable, str(MEASURE), "--measure", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return {file: found[2 * at : 2 * at + 2] for at, file in enumerate(FILES)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: "-".join(map(str, file[:2])))
def test_memory_is_bounded_time_is_linear_and_each_line_is_a_row_or_a_reject(measured, file):
    form, kind, size = file
    half, whole = measured[file]
    assert max(half["mb"], whole["mb"]) <= MOST_MB
    assert whole["cpu_s"] <= 3 * half["cpu_s"] + 1
    written = b"".join(FORMS[form].kinds[kind](int(size * (1 << 20)))).splitlines()
    assert whole["read"] == whole["kept"] + whole["rejected"] == sum(1 for line in written if line.strip())
