"""Which way a line takes into the lake, the typed read or the careful look at each, is a matter of cost alone."""

import json
import random
from dataclasses import replace
from datetime import date

import duckdb
import pytest

from orchestration import lake
from orchestration.lake import writing
from orchestration.settings import Settings
from orchestration.sources import aside, contents, segments

TABLE = "raw_web_vitals.beacons"
DAY = date(2026, 11, 20)
NOON = 1795176000000
CLEAN = {
    "name": "LCP",
    "value": 1.5,
    "id": "i",
    "url": "https://s.example/p?x=1",
    "ts": NOON,
    "attribution": {"a": [1]},
}


def _cut(rng: random.Random, line: str) -> str:
    return line[: rng.randrange(1, len(line))]


DAMAGE = [
    _cut,
    lambda rng, line: line[: line.index("}") + 1],
    lambda rng, line: line[:-1] + ',"id":"again"}',
    lambda rng, line: line[:-1] + ',"surprise":"a@b.example"}',
    lambda rng, line: line + line,
    lambda rng, line: rng.choice(["", " ", "{", "}", "{}", "{} x", "{}{}", "[]", "null", "5", '"{}"', "\x01", "{x}"]),
    lambda rng, line: rng.choice([" ", "\t"]) + line,
    lambda rng, line: line + " ",
    lambda rng, line: line.replace('"LCP"', rng.choice(['"XYZ"', "{}", "null", "true"])),
    lambda rng, line: line.replace("1.5", rng.choice(['"fast"', "true", "[1]", '"2"'])),
    lambda rng, line: line.replace(str(NOON), str(NOON - rng.choice([0, 1, 3, 90]) * 86_400_000)),
    lambda rng, line: line.replace("/p?", "/mail/anna@example.org?"),
]


def damaged(seed: int, count: int, share: float) -> str:
    rng = random.Random(seed)
    lines = []
    for number in range(count):
        line = json.dumps(CLEAN | {"id": f"i{number}", "value": rng.choice([1.5, 2, 0])})
        lines.append(rng.choice(DAMAGE)(rng, line) if rng.random() < share else line)
    return rng.choice(["\n", "\r\n"]).join(lines) + rng.choice(["", "\n"])


def land(settings: Settings, name: str, text: str) -> None:
    path = settings.landing / str(DAY) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())


def outcome(settings: Settings) -> tuple[list, list]:
    """Returns every column of every row and of every reject, after an ingest that counted them right."""
    for file in lake.ingest(settings, TABLE).read:
        assert file.rows_read == file.rows_kept + file.rows_rejected + file.rows_after_close
    found = []
    for files in (lake.parquet_files(settings, TABLE), lake.reject_files(settings, "raw_web_vitals")):
        query = "from read_parquet($1, hive_partitioning = false) order by _source_file, _source_line"
        found.append(duckdb.execute(query, [[str(file) for file in files]]).fetchall() if files else [])
    return found[0], found[1]


def careful(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> tuple[list, list]:
    """Returns what comes of the same files when every line is looked at by itself, in one segment."""
    fresh = replace(settings, home=settings.home.with_name("careful"))
    fresh.home.mkdir()
    fresh.landing.symlink_to(settings.landing)
    monkeypatch.setenv("BEACONMART_USER_KEY", "k" * 16)
    with monkeypatch.context() as patch:
        patch.setattr(writing, "Aside", lambda *_: None)
        return outcome(fresh)


@pytest.mark.parametrize(
    ("seed", "share"),
    [(0, 0.01), *(pytest.param(s, x, marks=pytest.mark.slow) for s in (1, 2, 3) for x in (0.004, 0.3))],
)
@pytest.mark.parametrize("files", [1, 3])
def test_damage_anywhere_costs_no_other_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seed: int, share: float, files: int
) -> None:
    for number in range(files):
        land(settings, f"beacons-{number}.ndjson", damaged(seed * 10 + number, 3000 // files, share))
    expected = careful(settings, monkeypatch)
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 150_000)
    monkeypatch.setattr(contents, "BLOCK_BYTES", 4096)
    assert outcome(settings) == expected
    assert expected[1]


def test_many_lines_set_aside_are_read_in_portions(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    land(settings, "beacons.ndjson", damaged(7, 2000, 0.2))
    expected = careful(settings, monkeypatch)
    monkeypatch.setattr(aside, "_FULL_SLICES", 100)
    monkeypatch.setattr(contents, "BLOCK_BYTES", 4096)
    assert outcome(settings) == expected


@pytest.mark.parametrize("number", [1, 2, 1999, 2000])
def test_a_line_that_only_the_typed_read_finds_odd_goes_alone(settings: Settings, number: int) -> None:
    lines = [json.dumps(CLEAN)] * 2000
    lines[number - 1] = '{"name":"LCP","attribution":{"a":1}'
    land(settings, "beacons.ndjson", "\n".join([*lines, ""]))
    rows, rejects = outcome(settings)
    assert len(rows) == 1999
    assert [reject[:1] + reject[5:6] for reject in rejects] == [("unparseable", number)]


@pytest.mark.parametrize("files", [1, 3])
def test_only_the_lines_with_a_key_of_a_stranger_go_alone(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, files: int
) -> None:
    for file in range(files):
        lines = [json.dumps(CLEAN | ({"surprise": number} if number % 8 == 5 else {})) for number in range(600)]
        lines[7], lines[8] = json.dumps(CLEAN | {"surprise": None}), json.dumps(CLEAN | {"referrer": '"surprise"'})
        land(settings, f"beacons-{file}.ndjson", "\n".join([*lines, ""]))
    expected = careful(settings, monkeypatch)
    monkeypatch.setattr(segments, "SEGMENT_BYTES", 50_000)
    alone: list[int] = []
    taken = aside.Aside.take_out
    monkeypatch.setattr(
        aside.Aside, "take_out", lambda self, segment, numbers: (alone.extend(numbers), taken(self, segment, numbers))
    )
    assert outcome(settings) == expected
    assert 75 * files <= len(alone) <= 90 * files
