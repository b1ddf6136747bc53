"""Times as exports write them: epochs of any unit, and naive ones in the hours that a clock change touches."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from orchestration import lake
from orchestration.settings import load_settings
from orchestration.settings.model import Source
from orchestration.sources import raw_table_of

BACK, FORWARD = date(2026, 10, 25), date(2026, 3, 29)  # Berlin: at 01:00 UTC, 03:00 becomes 02:00, 02:00 becomes 03:00
PROBE = "service,status,checked_at\n"


@pytest.fixture(scope="module")
def default():
    return load_settings()


@pytest.fixture
def read(default, tmp_path):
    """A function that ingests a file of a feed and returns times of its rows, and its rejects."""

    def _read(text, feed="probes", day=BACK, columns="checked_at", timezone="Europe/Berlin", suffix="csv"):
        source = Source(name=feed, system=feed, path=f"{{date}}/{feed}*", timezone=timezone)
        config = default.config.model_copy(update={"sources": [source]})
        settings = replace(default, home=tmp_path / "home", config=config)
        path = settings.landing / day.isoformat() / f"{feed}.{suffix}"
        path.parent.mkdir(parents=True)
        path.write_text(text)
        table = raw_table_of(feed)
        (file,) = lake.ingest(settings, table).files
        assert file.rows_read == file.rows_kept + file.rows_rejected
        files = [str(file) for file in lake.parquet_files(settings, table)]
        shown = ", ".join(f"strftime({column}, '%H:%M')" for column in columns.split(", "))
        query = f"select {shown} from read_parquet($1, hive_partitioning = false) order by _source_line"
        rejects = [str(file) for file in lake.reject_files(settings, table.split(".")[0])]
        query_rejects = "select _source_line, reason, field from read_parquet($1) order by 1"
        return (
            duckdb.execute(query, [files]).fetchall() if files else [],
            duckdb.execute(query_rejects, [rejects]).fetchall() if rejects else [],
            file.bad_fields,
        )

    return _read


def probes(*times, service="web"):
    return "".join(f"{service},up,2026-10-25T{time}\n" for time in times)


def told(rows):
    return [time for (time,) in rows]


EPOCHS = (
    *("1795780800", "1795780800.25", "1795780800000", "1795780800000.5"),
    *("1795780800000000", "1795780800000000000", "1.7957808e9"),
)
NO_DATES = ("0", "-1", "1795780", "4102444800", "1e14", "1e308", "1970-01-21 18:49:40", "2300-01-01")


@pytest.mark.parametrize("feed", ["probes", "orders", "incidents", "releases", "maintenance", "requests", "sessions"])
def test_the_unit_of_an_epoch_follows_from_its_magnitude(read, feed):
    fields = lake.RAW_TABLES[raw_table_of(feed)].fields
    text, times = table(fields, EPOCHS)
    found, rejects, _ = read(text, feed, date(2026, 11, 27), ", ".join(times))
    assert (rejects, len(found), {time for row in found for time in row}) == ([], len(EPOCHS), {"12:00"})


@pytest.mark.parametrize("feed", ["orders", "incidents", "releases"])
def test_what_is_no_date_between_2000_and_2100_is_a_reject_of_entities_too(read, feed):
    text, (time,) = table(lake.RAW_TABLES[raw_table_of(feed)].fields, NO_DATES)
    found, rejects, _ = read(text, feed, columns=time)
    assert (found, rejects) == ([], [(line, "time_out_of_range", time) for line in range(2, len(NO_DATES) + 2)])


def table(fields, times):
    """A CSV with a row for each of some times, in all its required times, and the names of these."""
    required = [field for field in fields if field.required]
    texts = {"status": "up", "integer": "1", "money": "1"}
    rows = [
        [time if f.kind == "time" else texts.get(f.key, texts.get(f.kind, "x")) for f in required] for time in times
    ]
    lines = [[field.key for field in required], *rows]
    return "\n".join(map(",".join, lines)), [field.name for field in required if field.kind == "time"]


def test_an_optional_time_of_another_century_is_kept_as_it_came(read):
    text = "incident_id,service,started_at,detected_at\na,b,2026-10-24 10:00:00,1795780\n"
    assert read(text, "incidents", columns="started_at, detected_at") == ([("08:00", None)], [], {"detected_at": 1})


@pytest.mark.parametrize("text", ["2026-10-25T00:59:60Z", "soon", "nan", "inf", "٣"])
def test_what_is_no_time_is_a_bad_time(read, text):
    assert read(f"{PROBE}web,up,{text}\n")[1] == [(2, "bad_time", "checked_at")]


def test_the_order_of_the_file_tells_the_passes_of_a_repeated_hour(read):
    found, rejects, _ = read(PROBE + probes("01:59", "02:00", "02:30", "02:59", "02:00", "02:30", "03:00"))
    assert told(found) == ["23:59", "00:00", "00:30", "00:59", "01:00", "01:30", "02:00"]
    assert rejects == []


def test_each_service_has_an_order_of_its_own(read):
    both = [probes(time, service=service) for time in ("02:00", "02:30", "02:00", "02:30") for service in "ab"]
    found, _, _ = read(PROBE + "".join(both))
    assert told(found) == ["00:00"] * 2 + ["00:30"] * 2 + ["01:00"] * 2 + ["01:30"] * 2


def test_a_file_by_services_is_read_like_one_by_time(read):
    hours = ("01:30", "02:10", "02:50", "02:10", "02:50", "03:10")
    found, _, _ = read(PROBE + probes(*hours, service="a") + probes(*hours, service="b"))
    assert told(found) == ["23:30", "00:10", "00:50", "01:10", "01:50", "02:10"] * 2


def test_a_time_that_comes_again_is_of_the_second_pass(read):
    assert told(read(PROBE + probes("01:00", "02:00", "02:00", "03:00"))[0]) == ["23:00", "00:00", "01:00", "02:00"]


def test_a_file_whose_newest_rows_come_first_is_read_from_its_end(read):
    found, _, _ = read(PROBE + probes("03:30", "03:00", "02:40", "02:20", "02:00", "02:40", "02:20", "01:40"))
    assert told(found) == ["02:30", "02:00", "01:40", "01:20", "01:00", "00:40", "00:20", "23:40"]


def test_a_bad_row_between_the_passes_and_times_with_an_offset_change_nothing(read):
    text = probes("02:00", "02:50", "02:10") + "web,sideways,2026-10-25T02:20\n" + probes("02:30", "02:40+02:00")
    found, rejects, _ = read(PROBE + text)
    assert told(found) == ["00:00", "00:50", "01:10", "01:30", "00:40"]
    assert [reason for _, reason, _ in rejects] == ["unknown_value"]


def test_small_disorder_of_orders_is_no_clock_change_and_a_step_back_is_one(read):
    times = ("01:10:00", "02:10:05", "02:10:03", "02:40:00", "02:05:00", "02:50:00", "03:00:00")
    text = "order_id,revenue,ordered_at\n" + "".join(f"{n},1,2026-10-25 {time}\n" for n, time in enumerate(times))
    found, _, _ = read(text, "orders", columns="ordered_at")
    assert told(found) == ["23:10", "00:10", "00:10", "00:40", "01:05", "01:50", "02:00"]


def test_other_times_of_a_row_follow_the_one_that_dates_it(read):
    text = (
        "incident_id,service,started_at,detected_at,restored_at\n"
        "a,web,2026-10-25 02:50,2026-10-25 02:10,2026-10-25 03:10\n"
        "b,web,2026-10-25 02:20,2026-10-25 02:30,2026-10-25 02:40\n"
    )
    found, _, _ = read(text, "incidents", columns="started_at, detected_at, restored_at")
    assert found == [("00:50", "01:10", "02:10"), ("01:20", "01:30", "01:40")]


def test_a_time_that_clocks_skipped_is_no_time(read):
    text = PROBE + "".join(f"web,up,2026-03-29T{time}:00\n" for time in ("01:55", "02:35", "03:00"))
    found, rejects, _ = read(text, day=FORWARD)
    assert (told(found), rejects) == (["00:55", "01:00"], [(3, "bad_time", "checked_at")])


def test_an_optional_time_that_clocks_skipped_is_kept_as_it_came(read):
    text = "incident_id,service,started_at,detected_at\na,b,2026-03-29 01:00,2026-03-29 02:30\n"
    assert read(text, "incidents", FORWARD, "detected_at") == ([(None,)], [], {"detected_at": 1})


def test_naive_times_of_lines_that_are_read_with_types_follow_the_same_rules(read):
    line = '{"message": "boom", "ts": "2026-10-25T%s:00"}\n'
    text = "".join(line % time for time in ("01:50", "02:10", "02:50", "02:20", "03:00"))
    found, _, _ = read(text, "web_errors", columns="occurred_at", suffix="ndjson")
    assert told(found) == ["23:50", "00:10", "00:50", "01:20", "02:00"]


@pytest.mark.parametrize(
    ("timezone", "expected"), [("UTC", ["02:10", "02:10"]), ("America/New_York", ["06:10", "06:10"])]
)
def test_hours_that_another_zone_repeats_are_plain_hours(read, timezone, expected):
    assert told(read(PROBE + probes("02:10", "02:10"), timezone=timezone)[0]) == expected
