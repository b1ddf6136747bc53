"""The services of a site whose configuration names none: found in what has landed, and remembered beside the lake."""

from dataclasses import replace

import duckdb
import pytest

from orchestration.settings import load_settings
from orchestration.settings.openslo.objectives import USUAL_INTERVAL_S
from orchestration.warehouse.services import interval_of, known_services, note_landed_services


@pytest.fixture
def settings(tmp_path):
    shop = load_settings()
    return replace(shop, home=tmp_path, config=shop.config.model_copy(update={"services": []}))


@pytest.fixture
def raw():
    connection = duckdb.connect()
    connection.execute(
        """
        create schema raw_probes; create schema raw_requests; create schema raw_incidents;
        create table raw_probes.checks (service varchar, location varchar, interval_s double, checked_at timestamp);
        create table raw_requests.requests (service varchar);
        create table raw_incidents.incidents (services varchar[])
        """
    )
    return connection


def probe(raw, service, location="", interval_s=None, every_s=60, count=5):
    raw.execute(
        "insert into raw_probes.checks"
        " select ?, ?, ?, timestamp '2026-11-01' + to_seconds(n * ?) from range(?) as t (n)",
        [service, location, interval_s, every_s, count],
    )


def known(settings):
    return [(s.name, s.is_critical, s.probe_interval_s, s.locations) for s in known_services(settings)]


def test_services_come_from_probes_requests_and_incidents_and_are_critical_if_their_health_can_be_known(settings, raw):
    probe(raw, "shop", "frankfurt")
    raw.execute("insert into raw_requests.requests values ('shop'), ('api'), ('api')")
    raw.execute("insert into raw_incidents.incidents values (['shop', 'billing']), (['api'])")
    assert note_landed_services(raw, settings, anew=True)
    assert known(settings) == [("api", True, None, []), ("billing", False, None, []), ("shop", True, 60, ["frankfurt"])]


@pytest.mark.parametrize(
    ("interval_s", "every_s", "usual"), [(None, 58, 60), (300, 60, 300), (None, 295, 300), (61.5, 900, 60)]
)
def test_the_interval_is_that_of_the_checks_else_the_usual_one_near_their_gaps(
    settings, raw, interval_s, every_s, usual
):
    probe(raw, "shop", "frankfurt", interval_s, every_s)
    probe(raw, "shop", "virginia", interval_s, every_s)
    note_landed_services(raw, settings, anew=True)
    assert known(settings) == [("shop", True, usual, ["frankfurt", "virginia"])]


def test_one_check_tells_no_interval_so_that_the_usual_one_holds(settings, raw):
    probe(raw, "shop", count=1)
    note_landed_services(raw, settings, anew=True)
    assert interval_of(known_services(settings), "shop") == USUAL_INTERVAL_S
    assert interval_of(known_services(settings), "nobody") == USUAL_INTERVAL_S


def test_names_that_mean_the_total_are_quoted_and_a_place_without_a_name_is_the_default_one(settings, raw):
    probe(raw, "all", "all")
    probe(raw, "Men's; drop table x; --")
    note_landed_services(raw, settings, anew=True)
    assert known(settings) == [('"all"', True, 60, ['"all"']), ("Men's; drop table x; --", True, 60, ["default"])]


def test_what_was_known_stays_until_a_full_refresh_and_only_new_probes_are_news(settings, raw):
    probe(raw, "shop", "frankfurt")
    assert note_landed_services(raw, settings, anew=False)
    assert not note_landed_services(raw, settings, anew=False)
    raw.execute("delete from raw_probes.checks; insert into raw_requests.requests values ('api')")
    assert not note_landed_services(raw, settings, anew=False)
    assert known(settings) == [("api", True, None, []), ("shop", True, 60, ["frankfurt"])]
    probe(raw, "api", "virginia")
    assert note_landed_services(raw, settings, anew=False)
    assert note_landed_services(raw, settings, anew=True)
    assert known(settings) == [("api", True, 60, ["virginia"])]


def test_declared_services_are_never_added_to(settings, raw):
    declared = replace(settings, config=load_settings().config)
    probe(raw, "blog")
    assert not note_landed_services(raw, declared, anew=True)
    assert [service.name for service in known_services(declared)] == ["storefront", "checkout-api", "search-api"]
    assert not (settings.lake / "services.json").exists()
