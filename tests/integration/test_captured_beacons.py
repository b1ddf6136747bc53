"""Reports that a real browser sent from twelve lab pages, through the whole pipeline."""

import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest
from transform_worlds import run

from orchestration.settings import load_settings

CAPTURED = Path(__file__).parents[1] / "data" / "captured_web_vitals.ndjson"
# The pages were laid out so that their number fixes how far they shift.
SHIFT_BY_CLASS = {0: 0.0, 1: 0.1443866666666667, 2: 0.2717866666666667}
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


@pytest.fixture(scope="module")
def views(tmp_path_factory):
    """The page views in the mart, by path, and the reports, by path and metric."""
    reports = [json.loads(line) for line in CAPTURED.read_text().splitlines()]
    day = date.fromtimestamp(reports[0]["ts"] / 1000)  # noqa: DTZ012 - the capture lies hours away from any midnight
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACONMART_HOME", str(tmp_path_factory.mktemp("captured")))
        settings = load_settings()
    (settings.landing / str(day)).mkdir(parents=True)
    shutil.copy(CAPTURED, settings.landing / str(day) / "beacons.ndjson")
    run(settings, day)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        found = connection.execute("select * from experience.fct_page_views").df()
    sent = {(row["url"].rsplit("/", 1)[1], row["name"]): row["value"] for row in reports}
    return found.set_index(found["page_path"].str.lstrip("/")), sent


def test_twelve_pages_are_twelve_page_views(views):
    found, _ = views
    assert sorted(found.index) == sorted(f"p{number}" for number in range(1, 13))
    assert found["page_view_id"].is_unique


def test_every_metric_has_the_value_that_was_sent(views):
    found, sent = views
    columns = {"LCP": "lcp_ms", "INP": "inp_ms", "CLS": "cls", "FCP": "fcp_ms", "TTFB": "ttfb_ms"}
    kept = {(page, name): found.loc[page, column] for page in found.index for name, column in columns.items()}
    kept = {key: float(value) for key, value in kept.items() if value == value and value is not None}
    assert kept == pytest.approx(sent, rel=1e-6)


def test_seven_pages_have_an_interaction(views):
    found, _ = views
    assert found["inp_ms"].notna().sum() == 7


def test_the_layout_shift_is_that_of_the_page_number(views):
    found, _ = views
    expected = {f"p{number}": SHIFT_BY_CLASS[number % 3] for number in range(1, 13)}
    assert found["cls"].astype(float).to_dict() == pytest.approx(expected, abs=1e-6)


def test_device_and_browser_come_from_the_user_agent(views):
    found, _ = views
    assert set(found["device"]) == {"desktop"}
    assert set(found["browser"]) == {"Chrome"}
