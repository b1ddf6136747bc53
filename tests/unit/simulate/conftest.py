"""A simulated fortnight, made once: small enough for the fast ring, long enough to have something of everything."""

import csv
import json
from collections import defaultdict
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.simulate import simulate


@pytest.fixture(scope="session")
def site(tmp_path_factory, read_lines):
    """The truth, and every good row by feed, as the files hold them; beacons also with their file."""
    landing = tmp_path_factory.mktemp("simulated") / "landing"
    simulate(landing, days=20, end=date(2026, 11, 22), seed=11, page_views_per_day=300)
    truth = json.loads((landing / "truth.json").read_text())
    rows, bad = defaultdict(list), defaultdict(list)
    for path, said in truth["files"].items():
        feed = path.split("/")[1].split(".")[0].removesuffix("-late")
        lines = read_lines(landing / path)
        wrong = set(said["malformed_lines"])
        bad[feed] += [lines[number - 1] for number in sorted(wrong)]
        good = [line for number, line in enumerate(lines, 1) if number not in wrong]
        if "ndjson" in path:
            rows[feed] += [json.loads(line) | {"_file": path} for line in good]
        else:
            read = csv.DictReader(line.decode() for line in good)
            rows[feed] += [row | {"_file": path} for row in read]
    return SimpleNamespace(
        root=Path(__file__).parents[3],
        landing=landing,
        truth=truth,
        rows=dict(rows),
        bad=dict(bad),
        read_lines=read_lines,
    )
