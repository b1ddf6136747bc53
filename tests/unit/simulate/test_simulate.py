import hashlib
import json
from collections import Counter, defaultdict
from datetime import UTC, date, datetime
from fnmatch import fnmatch
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from orchestration.settings.check import read_config
from orchestration.simulate import simulate
from orchestration.simulate.plan import DAY_MS, make_plan
from orchestration.simulate.traffic import views_by_day

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
BOT = ("Googlebot", "bingbot", "AhrefsBot")


def instant(value):
    if isinstance(value, int):
        return value
    return int(datetime.fromisoformat(value.replace("Z", "+00:00")).replace(tzinfo=UTC).timestamp() * 1000)


def day_of(ms):
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def is_bot(row):
    return any(name in row.get("ua", "") for name in BOT)


def view_key(row):
    of_the_library = [row.get(name) for name in ("session_id", "navigationURL", "navigationId", "navigationStartTime")]
    return row.get("page_view_id") or tuple(of_the_library)


def hashes(folder):
    return {
        str(f.relative_to(folder)): hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.rglob("*") if f.is_file()
    }


def test_the_same_arguments_write_the_same_bytes(tmp_path):
    for name in ("one", "two"):
        simulate(tmp_path / name, days=4, end=date(2026, 3, 30), seed=5, page_views_per_day=60)
    one = hashes(tmp_path / "one")
    assert one == hashes(tmp_path / "two")
    assert len(one) > 20


def test_another_seed_writes_other_bytes(tmp_path):
    for seed in (1, 2):
        simulate(tmp_path / str(seed), days=1, end=date(2026, 3, 30), seed=seed, page_views_per_day=60)
    one, two = hashes(tmp_path / "1"), hashes(tmp_path / "2")
    for feed in ("beacons", "probes", "requests", "sessions"):
        path = f"2026-03-30/{feed}.{'ndjson' if feed == 'beacons' else 'csv'}.gz"
        assert one[path] != two[path]


def test_a_simulation_over_another_one_leaves_nothing_of_it_in_its_days(tmp_path):
    simulate(tmp_path / "one", days=8, end=date(2026, 3, 30), seed=2, page_views_per_day=40)
    simulate(tmp_path / "two", days=8, end=date(2026, 3, 30), seed=1, page_views_per_day=40)
    simulate(tmp_path / "two", days=8, end=date(2026, 3, 30), seed=2, page_views_per_day=40)
    assert hashes(tmp_path / "two") == hashes(tmp_path / "one")


def test_a_simulation_that_was_cut_off_can_be_repeated(tmp_path):
    def stop(done, *_):
        raise KeyboardInterrupt

    arguments = {"days": 2, "end": date(2026, 3, 30), "seed": 2, "page_views_per_day": 40}
    with pytest.raises(KeyboardInterrupt):
        simulate(tmp_path / "two", **arguments, progress=stop)
    simulate(tmp_path / "two", **arguments)
    simulate(tmp_path / "one", **arguments)
    assert hashes(tmp_path / "two") == hashes(tmp_path / "one")


def test_exports_of_the_user_are_never_overwritten(tmp_path):
    mine = tmp_path / "2026-03-30" / "beacons.ndjson.gz"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match="name another folder"):
        simulate(tmp_path, days=1, end=date(2026, 3, 30), seed=1, page_views_per_day=10)
    assert mine.read_bytes() == b"mine"


def test_days_of_other_simulations_in_the_same_folder_stay(tmp_path):
    simulate(tmp_path, days=2, end=date(2026, 3, 30), seed=1, page_views_per_day=10)
    before = hashes(tmp_path / "2026-03-29")
    simulate(tmp_path, days=1, end=date(2026, 3, 31), seed=1, page_views_per_day=10)
    assert hashes(tmp_path / "2026-03-29") == before


def test_a_day_of_fifty_views_is_complete(tmp_path):
    truth = simulate(tmp_path, days=1, end=date(2026, 11, 22), seed=3, page_views_per_day=50)
    assert truth.totals()["page_views"] == pytest.approx(50, abs=3)
    assert {path.name.split(".")[0] for path in (tmp_path / "2026-11-22").iterdir()} >= {
        "beacons", "errors", "probes", "requests", "orders", "sessions", "incidents", "releases",
    }  # fmt: skip


@pytest.mark.parametrize("wrong", [{"days": 0}, {"page_views_per_day": 0}, {"seed": -1}])
def test_arguments_out_of_range_are_refused_before_anything_is_written(tmp_path, wrong):
    arguments = {"days": 1, "end": date(2026, 1, 1), "seed": 1, "page_views_per_day": 10} | wrong
    with pytest.raises(ValueError, match="at least 1"):
        simulate(tmp_path / "out", **arguments)
    assert not (tmp_path / "out").exists()


def test_progress_is_told_after_each_day(tmp_path):
    told = []
    simulate(tmp_path, 3, date(2026, 1, 3), 1, 20, progress=lambda *said: told.append(said))
    assert told == [(1, 3, "2026-01-01"), (2, 3, "2026-01-02"), (3, 3, "2026-01-03")]


def test_all_ten_feeds_are_there_and_the_default_sources_find_every_file(site):
    config = read_config(ROOT / "config").config
    patterns = {s.feed: s.path for s in config.sources}
    found = Counter()
    for path in site.truth["files"]:
        day = path.split("/")[0]
        feeds = [feed for feed, pattern in patterns.items() if fnmatch(path, pattern.replace("{date}", day))]
        assert len(feeds) == 1, path
        found[feeds[0]] += 1
    assert set(found) == set(patterns)
    assert not any(fnmatch("truth.json", pattern.replace("{date}", "*")) for pattern in patterns.values())


def test_every_file_has_the_rows_and_the_malformed_lines_that_the_truth_says(site, read_lines):
    on_disk = {str(f.relative_to(site.landing)) for f in site.landing.rglob("*.*")} - {"truth.json"}
    assert on_disk == set(site.truth["files"])
    for path, said in site.truth["files"].items():
        lines = len(read_lines(site.landing / path)) - ("csv" in path)
        assert lines == said["rows"] + sum(said["malformed"].values()), path
        assert len(said["malformed_lines"]) == sum(said["malformed"].values())


def test_malformed_beacons_are_malformed_in_the_way_that_the_truth_says(site):
    reasons = Counter()
    for said in site.truth["files"].values():
        reasons.update(said["malformed"])
    assert {"unparseable", "missing_field", "wrong_type"} <= set(reasons)
    for line in site.bad["beacons"]:
        try:
            row = json.loads(line)
        except ValueError:
            continue
        ts = row.get("ts")
        far = isinstance(ts, int) and not 1.7e12 < ts < 1.9e12
        wrong = not {"name", "value", "ts", "id"} <= set(row) or row["name"] == "FPS" or isinstance(row["value"], str)
        assert far or wrong or isinstance(ts, str), row


def test_page_views_and_sessions_of_people_are_those_of_the_truth(site):
    first, sessions, bots = {}, {}, 0
    for row in site.rows["beacons"]:
        if is_bot(row):
            bots += row["name"] == "page_view"
            continue
        ts = instant(row["ts"])
        first[view_key(row)] = min(ts, first.get(view_key(row), ts))
        sessions[row["session_id"]] = min(ts, sessions.get(row["session_id"], ts))
    days = site.truth["days"]
    assert Counter(map(day_of, first.values())) == {d: c["page_views"] for d, c in days.items()}
    assert Counter(map(day_of, sessions.values())) == {d: c["sessions"] for d, c in days.items()}
    assert bots > 0


def test_days_have_the_asked_number_of_views_on_average():
    plan = make_plan(90, date(2026, 11, 22), 4)
    views = views_by_day(plan, 1000, 4)
    assert sum(views) / 90 == pytest.approx(1000, rel=0.001)
    sundays = [
        v for i, v in enumerate(views) if datetime.fromtimestamp(plan.start_ms / 1000 + i * 86400, UTC).weekday() == 6
    ]
    assert sum(sundays) / len(sundays) > 1030
    assert sum(views[-20:]) > sum(views[:20])


def test_losses_and_repeats_can_be_found_in_the_delta_chains(site):
    chains = defaultdict(list)
    for row in site.rows["beacons"]:
        if row["name"] in ("CLS", "INP"):
            chains[(row["id"], row["name"])].append(row)
    broken = Counter()
    for (_, name), rows in chains.items():
        rows.sort(key=lambda row: instant(row["ts"]))
        seen, last = set(), 0.0
        for row in rows:
            if (row["value"], row["delta"]) in seen:
                continue
            seen.add((row["value"], row["delta"]))
            if round(row["value"] - row["delta"] - last, 4) != 0:
                broken[name] += 1
            last = row["value"]
    totals = site.truth["totals"]
    assert broken["CLS"] == totals["broken_chains_CLS"]
    assert broken["INP"] == totals["broken_chains_INP"]
    assert broken["INP"] > 0


def test_repeated_reports_are_as_many_as_the_truth_says(site):
    copies = Counter(
        (row["id"], row["name"], row.get("value"), row.get("delta")) for row in site.rows["beacons"] if not is_bot(row)
    )
    assert sum(count > 1 for count in copies.values()) == site.truth["totals"]["duplicate_reports"] > 0


def test_invalid_values_are_as_many_as_the_truth_says(site):
    unique = {
        (row["id"], row["name"], row["value"]) for row in site.rows["beacons"] if "value" in row and not is_bot(row)
    }
    totals = site.truth["totals"]
    assert sum(value < 0 for *_, value in unique) == totals["invalid_negative"]
    assert sum(value > 600_000 for *_, value in unique) == totals["invalid_too_large"]


def test_inp_sometimes_goes_down_so_the_last_report_is_not_the_largest(site):
    assert any(row["delta"] < 0 for row in site.rows["beacons"] if row["name"] == "INP")


def test_ids_are_those_of_the_library_and_each_metric_of_a_view_has_its_own(site):
    metrics = defaultdict(set)
    for row in site.rows["beacons"]:
        version, clock, serial = row["id"].split("-")
        assert (version, len(clock), len(serial)) == ("v5", 13, 13)
        metrics[row["id"]].add((row["name"], view_key(row)))
    assert all(len(found) == 1 for found in metrics.values())


def test_late_rows_come_in_later_exports_and_within_what_is_accepted(site):
    delays = Counter()
    for row in site.rows["beacons"]:
        export = date.fromisoformat(row["_file"].split("/")[0])
        delays[(export - date.fromisoformat(day_of(instant(row["ts"])))).days] += 1
    assert set(delays) == {0, 1, 2, 3}
    late = site.truth["totals"]["late_reports"]
    assert late == sum(count for delay, count in delays.items() if delay)


def test_orders_of_the_truth_are_those_that_the_newest_exports_leave(site):
    newest = {}
    for row in sorted(site.rows["orders"], key=lambda row: row["_file"]):
        newest[row["order_id"]] = row
    zone = ZoneInfo("Europe/Berlin")
    by_day, converting, cents = Counter(), Counter(), Counter()
    for row in newest.values():
        day = datetime.fromisoformat(row["ordered_at"]).replace(tzinfo=zone).astimezone(UTC).date().isoformat()
        by_day[day] += 1
        if row["status"] != "cancelled":
            converting[day] += 1
            cents[row["currency"]] += round(float(row["revenue"]) * 100) - round(float(row["refund"] or 0) * 100)
    days = site.truth["days"]
    assert by_day == {d: c["orders"] for d, c in days.items() if c["orders"]}
    assert converting == {d: c["converting_orders"] for d, c in days.items() if c["converting_orders"]}
    assert cents == {c: site.truth["totals"][f"revenue_net_cents_{c}"] for c in cents}
    assert len(site.rows["orders"]) > len(newest)


def test_every_order_belongs_to_a_session_that_saw_the_checkout(site):
    checkouts = {
        row["session_id"] for row in site.rows["beacons"] if "/checkout" in row.get("url", row.get("navigationURL", ""))
    }
    sessions = {row["session_id"] for row in site.rows["orders"]}
    # A checkout whose reports were all lost leaves an order without one; that is rare.
    assert len(sessions - checkouts) <= 0.05 * len(sessions)


def test_exports_of_sessions_agree_with_their_page_views(site):
    views = defaultdict(set)
    for row in site.rows["beacons"]:
        views[row["session_id"]].add(view_key(row))
    rows = site.rows["sessions"]
    same = sum(len(views[row["session_id"]]) == int(row["page_views"]) for row in rows)
    assert same > 0.9 * len(rows)


def test_personal_data_and_hostile_strings_are_in_the_exports(site):
    text = " ".join(json.dumps(row) for feed in ("beacons", "errors") for row in site.rows[feed])
    for planted in ("anna.k%40example.org", "@mail.example", "token=", "<script>alert(1)</script>", "Bearer "):
        assert planted in text, planted


def test_times_never_leave_the_period(site):
    start, end = make_plan(20, date(2026, 11, 22), 11).start_ms, make_plan(20, date(2026, 11, 22), 11).end_ms
    assert all(start <= instant(row["ts"]) < end for row in site.rows["beacons"])
    assert all(start <= instant(row["ts"]) < end for row in site.rows["errors"])
    assert (end - start) == 20 * DAY_MS
