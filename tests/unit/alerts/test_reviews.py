"""What people say of alerts: who may be judged, what is written, and that ingest reads it."""

import csv
from dataclasses import replace

import duckdb
import pytest
from click.testing import CliRunner

from orchestration import lake
from orchestration.alerts import ledger, reviews
from orchestration.cli import beaconmart
from orchestration.settings import load_settings

TABLE = "raw_alert_reviews.reviews"
ALERT = (
    "insert into alerts by name select '{id}' as alert_id, 'outage' as rule, 'outage' as kind, 'shop' as subject,"
    " 'shop' as service, 'critical' as severity, 'resolved' as state, false as is_silenced, false as is_notified,"
    " timestamp '2026-11-01 10:05:00' + to_days({day}) as opened_at, opened_at as last_met_at,"
    " opened_at as written_at, 'batch' as path, opened_at::date as event_date"
)


@pytest.fixture
def site(tmp_path):
    settings = replace(load_settings(), home=tmp_path)
    with ledger.opened(settings) as connection:
        for day, alert_id in enumerate(("0a1b2c3d4e5f6071", "0a1b2c3d4e5f6072", "ffffeeee11112222")):
            connection.execute(ALERT.format(id=alert_id, day=day))
    return settings


def lines(settings):
    with settings.reviews.open(newline="") as file:
        return [tuple(row)[:4] for row in csv.reader(file)]


def in_the_lake(settings):
    lake.ingest(settings, TABLE)
    files = [str(path) for path in lake.parquet_files(settings, TABLE)]
    return duckdb.sql(
        f"select alert_id, verdict, reviewed_by, note, event_date::varchar, _source_line from read_parquet({files})"
        " order by _source_line"
    ).fetchall()


def test_reviews_are_added_to_a_file_that_ingest_reads_like_a_landed_one(site):
    about = reviews.review(site, "0a1b2c3d4e5f6071", "false", "Eva", 'A "planned"\nswitch, of the\0 line')
    reviews.review(site, "ffffeeee11112222", "noise")
    assert about == "outage of shop, 2026-11-01 10:05 UTC"
    expected = ("0a1b2c3d4e5f6071", "false", "Eva", 'A "planned" switch, of the line')
    assert lines(site) == [reviews.COLUMNS[:4], expected, ("ffffeeee11112222", "noise", "", "")]
    assert [row[:4] for row in in_the_lake(site)] == [expected, ("ffffeeee11112222", "noise", None, None)]


def test_a_file_that_a_person_left_without_a_line_end_loses_no_review(site):
    reviews.review(site, "0a1b2c3d4e5f6071", "true")
    site.reviews.write_text(site.reviews.read_text() + "0a1b2c3d4e5f6072,false,,,2026-11-03T08:00:00Z")
    reviews.review(site, "ffffeeee11112222", "true")
    assert [row[:2] for row in in_the_lake(site)] == [
        ("0a1b2c3d4e5f6071", "true"),
        ("0a1b2c3d4e5f6072", "false"),
        ("ffffeeee11112222", "true"),
    ]


def test_an_unknown_id_names_those_that_are_near_and_writes_nothing(site):
    with pytest.raises(reviews.UnknownAlertError, match="no alert '0a1b2c3d4e5f6079'") as raised:
        reviews.review(site, "0a1b2c3d4e5f6079", "true")
    assert "0a1b2c3d4e5f6071  outage of shop, 2026-11-01 10:05 UTC" in str(raised.value)
    assert "ffffeeee11112222" not in str(raised.value)
    with pytest.raises(reviews.UnknownAlertError, match="The newest alerts:\n  ffffeeee11112222"):
        reviews.review(site, "'; drop table alerts; --", "true")
    assert not site.reviews.exists()


def test_without_an_alert_there_is_none_to_review(tmp_path):
    with pytest.raises(reviews.UnknownAlertError, match="No alert has been raised yet"):
        reviews.review(replace(load_settings(), home=tmp_path), "a", "true")


def test_the_command_says_what_it_judged_and_refuses_another_verdict(site, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(site.home))
    said = CliRunner().invoke(
        beaconmart, ["alerts", "review", "ffffeeee11112222", "NOISE", "--by", "Eva", "--note", "Test"]
    )
    assert (said.exit_code, said.output) == (
        0,
        "outage of shop, 2026-11-03 10:05 UTC: noise. The next run counts it.\n",
    )
    wrong = CliRunner().invoke(beaconmart, ["alerts", "review", "ffffeeee11112222", "maybe"])
    assert wrong.exit_code == 2
    assert "'maybe' is not one of 'true', 'false', 'noise'" in wrong.output
    unknown = CliRunner().invoke(beaconmart, ["alerts", "review", "ffff", "true"])
    assert unknown.exit_code == 1
    assert "Similar ids:\n  ffffeeee11112222" in unknown.output
    assert lines(site)[1:] == [("ffffeeee11112222", "noise", "Eva", "Test")]


def test_a_delivered_review_names_an_alert_or_a_moment_and_anything_else_is_a_reject(site):
    folder = site.landing / "2026-11-05"
    folder.mkdir(parents=True)
    (folder / "alert_reviews.csv").write_text(
        "alert_id,verdict,by,note,service,at\n"
        "0a1b2c3d4e5f6071,True,eva@example.org,call 4111 1111 1111 1111,,\n"
        ",noise,,,shop,2026-11-01T10:00:00Z\n"
        "0a1b2c3d4e5f6072,perhaps,,,,\n"
        ",true,,,shop,\n"
        "0a1b2c3d4e5f6072,,,,,\n"
    )
    assert in_the_lake(site) == [
        ("0a1b2c3d4e5f6071", "true", "[email]", "call [card]", "2026-11-05", 2),
        ("shop 2026-11-01 10:00:00", "noise", None, None, "2026-11-05", 3),
    ]
    rejects = [str(path) for path in lake.reject_files(site, "raw_alert_reviews")]
    found = duckdb.sql(f"select _source_line, reason, field from read_parquet({rejects}) order by 1").fetchall()
    assert found == [
        (4, "unknown_value", "verdict"), (5, "missing_field", "alert_id"), (6, "missing_field", "verdict")
    ]  # fmt: skip
