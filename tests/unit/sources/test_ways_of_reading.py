"""The two ways of reading NDJSON give the same rows, so that which one a segment takes is a matter of cost alone."""

import json
from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.sources import FEEDS, ndjson
from orchestration.sources.columns import Placing, typed_relation
from orchestration.sources.segment import Segment
from orchestration.sources.values import Given

pytestmark = pytest.mark.slow

FEED = FEEDS["raw_web_vitals.beacons"]
NOON = 1795176000000
CLEAN = {
    "name": "LCP",
    "value": 1.5,
    "id": "i",
    "url": "https://s.example/p?x=1",
    "ts": NOON,
    "attribution": {"a": [1]},
}
ODD = {
    "name": ["lcp", "page_view", "no", None, 5, {}],
    "value": ["12", "x", True, None, [], {"a": 1}, 1e300, "", -1],
    "id": ["", 7, {"b": 2}, "[x]", "ümlaut \u2028", 'quo"te', None],
    "url": [["x"], "", "/a?b=c", None, "https://u:p@s.example/mail/a@b.example"],
    "navigationURL": ["https://s.example/n#f", {}, None],
    "ts": ["2026-11-20T10:00:00", "x", 0, str(NOON), None, 1e300, [1]],
    "attribution": ["text", [1], {"url": "https://x.example/?q=1", "mail": "a@b.example"}, None, 5],
    "is_new_user": [True, "yes", 0, 2, "maybe", [], None],
    "weight": ["1e2", 3, "", {}],
    "user_id": ["u", 5, None, ["u"]],
    "surprise": [1, None, {"user_id": "x"}],
    "page_view_id": ["{x}", {"y": 1}, ["z"], True],
}


def written(tmp_path: Path, lines: list[str]) -> str:
    path = tmp_path / "segment.txt"
    path.write_bytes(ndjson.head(FEED) + "".join(f"{line}\n" for line in lines).encode())
    return str(path)


def rows(given: Given, **placing: bool) -> list[tuple]:
    connection = duckdb.connect()
    variables = {
        "user_key": "k" * 16,
        "key_id": "k",
        "parameters_kept": [],
        "closed_through": date(2026, 11, 1),
        "export_date": date(2026, 11, 20),
        "expected_date": date(2026, 11, 20),
        "source_file": "f",
        "first_line": 1,
        "open_line": 0,
    }
    for variable, value in variables.items():
        connection.execute(f"set variable {variable} = ?", [value])
    connection.execute("set TimeZone = 'UTC'")
    return connection.execute(
        f"select * from ({typed_relation(FEED, given, Placing(**placing))}) order by _source_line"
    ).fetchall()


def test_the_strict_way_gives_the_rows_of_the_careful_one_or_leaves_them_out(tmp_path: Path) -> None:
    accepted = 0
    for key, values in ODD.items():
        for value in values:
            path = written(tmp_path, [json.dumps(CLEAN), json.dumps(CLEAN | {key: value})])
            try:
                strict = rows(ndjson.strict_relation(FEED, path))
            except duckdb.Error:
                continue
            careful = rows(ndjson.given_relation(FEED, Segment(Path(path))))
            extra = list(FEED.columns).index("_extra")
            assert strict in (careful, careful[:1]), (key, value)
            if len(strict) == 2:
                assert careful[1][extra] is None
                accepted += 1
    assert accepted > 10


@pytest.mark.parametrize(
    "change", [{"url": "https://s.example/a@b.example"}, {"attribution": {"u": "https://x.example/?q=1"}}]
)
def test_the_public_way_leaves_out_what_it_would_have_to_mask(tmp_path: Path, change: dict) -> None:
    path = written(tmp_path, [json.dumps(CLEAN), json.dumps(CLEAN | change)])
    assert len(rows(ndjson.strict_relation(FEED, path))) == 2
    assert len(rows(ndjson.strict_relation(FEED, path), is_public=True)) == 1


@pytest.mark.parametrize("line", ["{", '{"name":"LCP"}{"a":1}', '{"a":{}', "{x}", '{"surprise":1}', '{"id":1,"id":2}'])
def test_an_error_of_the_strict_way_tells_the_line(tmp_path: Path, line: str) -> None:
    path = written(tmp_path, [*[json.dumps(CLEAN)] * 70_000, line, json.dumps(CLEAN)])
    with pytest.raises(duckdb.Error) as raised:
        rows(ndjson.strict_relation(FEED, path))
    assert 70_001 in ndjson.stumbled_over(str(raised.value))
