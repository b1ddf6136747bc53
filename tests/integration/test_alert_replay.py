"""Rules replayed over published marts: those of now give the alerts of the ledger, others what they would have done."""

from dataclasses import replace
from datetime import timedelta

import pytest

from orchestration import lake, warehouse
from orchestration.alerts import batch, ledger, reviews
from orchestration.alerts.ledger import Judgements
from orchestration.alerts.replay import ReplayError, replay
from orchestration.settings.alerting import Alerts
from tests.integration.reliability_worlds import FIRST_DAY, START, build, deliver, objective, site

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]
LAST = FIRST_DAY + timedelta(days=2)
SELECT = "+fct_rule_evaluations +fct_incidents +config.tags:after_alerts"
# Minutes since the start at which the shop began and ceased to fail; the second outage is on nobody's record.
OUTAGES = ((24 * 60 + 600, 24 * 60 + 660), (48 * 60 + 300, 48 * 60 + 330))


@pytest.fixture(scope="module")
def published(tmp_path_factory, one_parse):
    """A shop of three days with two outages, built and published."""
    folder = tmp_path_factory.mktemp("replay")
    settings = site(folder, {"shop": 300}, slos=[objective("shop-up", "shop", "up", "known", 0.99)])
    critical = [service.model_copy(update={"critical": True}) for service in settings.config.services]
    settings = replace(settings, config=settings.config.model_copy(update={"services": critical}))
    for day in range(3):
        deliver(settings, f"{FIRST_DAY + timedelta(days=day)}/probes.ndjson", [
            {"service": "shop", "location": "default", "checked_at": (START + timedelta(minutes=at)).isoformat(),
             "status": "down" if any(began <= at < ended for began, ended in OUTAGES) else "up"}
            for at in range(day * 1440, (day + 1) * 1440, 5)
        ])  # fmt: skip
    began, ended = (START + timedelta(minutes=at) for at in OUTAGES[0])
    incident = {"incident_id": "I1", "service": "shop", "title": "Down", "severity": "major"}
    times = {"started_at": began.isoformat(), "detected_at": began.isoformat(), "resolved_at": ended.isoformat()}
    deliver(settings, "incidents.ndjson", [incident | times])
    build(settings, LAST, SELECT)
    review_the_second_outage(settings)
    warehouse.snapshot(settings, settings.published / "marts.duckdb")
    return settings


def review_the_second_outage(settings):
    """A person says that nothing was wrong then: of the ledger's alert, of which the marts hear in the next run."""
    with warehouse.connect(settings) as connection:
        rows = connection.sql("select * from alerts.fct_rule_evaluations").to_arrow_table()
    dates = [FIRST_DAY + timedelta(days=day) for day in range(3)]
    ledger.merge(settings, Judgements(rows, dates, ledger.utc_now()), "run", "batch")
    batch.publish_ledger(settings)
    with ledger.opened(settings) as connection:
        ((alert_id,),) = connection.execute(
            "select alert_id from alerts where rule = 'outage' and opened_at::date = ?", [LAST]
        ).fetchall()
    reviews.review(settings, alert_id, "false", "Eva", "A switch that was planned")
    lake.ingest(settings, "raw_alert_reviews.reviews")
    build(settings, LAST, "+stg_alert_reviews__reviews config.tags:after_alerts")


def told(alerts):
    return sorted((alert["rule"], alert["subject"], alert["opened_at"], alert["resolved_at"]) for alert in alerts)


def test_the_rules_of_now_raise_the_alerts_that_the_ledger_has_and_nothing_is_written(published, tmp_path):
    marts = published.published / "marts.duckdb"
    before = (marts.stat().st_mtime_ns, sorted(published.home.rglob("*.duckdb")))
    current = replay(published, FIRST_DAY, LAST).current
    assert (marts.stat().st_mtime_ns, sorted(published.home.rglob("*.duckdb"))) == before
    with warehouse.connect(published) as connection:
        rows = connection.sql("select * from alerts.fct_rule_evaluations").to_arrow_table()
    dates = [FIRST_DAY + timedelta(days=day) for day in range(3)]
    elsewhere = replace(published, home=tmp_path)
    ledger.merge(elsewhere, Judgements(rows, dates, ledger.utc_now()), "run", "batch")
    with ledger.opened(elsewhere) as connection:
        written = connection.execute("select rule, subject, opened_at, resolved_at from alerts").fetchall()
    assert told(current.alerts) == sorted(written)
    assert {rule for rule, *_ in written} == {"burn_rate", "outage", "health_critical"}


def test_a_proposed_rule_set_is_held_against_incidents_beside_that_of_now(published):
    quiet = Alerts(rules=[{"kind": "outage", "enabled": False}, {"kind": "health_critical", "enabled": False}])
    found = replay(published, FIRST_DAY, LAST, quiet)
    now, then = ({row["rule"]: row for row in outcome.rules} for outcome in (found.current, found.proposed))
    assert (now["outage"]["alerts_raised"], now["outage"]["true_count"], now["outage"]["false_count"]) == (2, 1, 1)
    assert (now["outage"]["incident_count"], now["outage"]["found_count"]) == (1, 1)
    # Of the other alerts about the second outage nobody said anything.
    burn = now["burn_rate"]
    assert (burn["true_count"], burn["false_count"], burn["unreviewed_count"]) == (1, 0, 1)
    assert "outage" not in then
    assert then["burn_rate"] == now["burn_rate"]
    assert {alert["rule"] for alert in found.gone} == {"outage", "health_critical"}
    assert [alert["incidents"] for alert in found.gone if alert["rule"] == "outage"] == [["I1"], None]
    assert found.added == []


def test_a_review_holds_for_the_alert_that_another_rule_raises_of_the_same(published):
    renamed = Alerts(rules=[{"kind": "outage", "name": "downtime"}])
    then = {row["rule"]: row for row in replay(published, FIRST_DAY, LAST, renamed).proposed.rules}
    assert (then["downtime"]["true_count"], then["downtime"]["false_count"]) == (1, 1)
    assert then["downtime"]["unreviewed_count"] == 0


def test_the_marts_say_which_alert_was_judged(published):
    with warehouse.connect(published) as connection:
        found = connection.execute(
            "select verdict, reviewed_by, note, rule, subject, is_known from alerts.fct_alert_reviews"
        ).fetchall()
        counted = connection.execute(
            "select true_count, false_count, unreviewed_count, reviewed_count, precision_share, false_positive_upper"
            " from alerts.fct_alert_accuracy where rule = 'outage'"
        ).fetchall()
    assert found == [("false", "Eva", "A switch that was planned", "outage", "shop", True)]
    # One of two, by Clopper and Pearson: the share b with 1 - b² = 0.05.
    assert counted == [(1, 1, 0, 1, 0.5, pytest.approx(0.95**0.5))]


def test_fewer_days_tell_of_these_days_only(published):
    found = replay(published, LAST, LAST)
    assert {alert["opened_at"].date() for alert in found.current.alerts} == {LAST}
    assert found.current.rules[-1]["incident_count"] == 0


def test_what_cannot_be_replayed_says_why(published, tmp_path):
    with pytest.raises(ReplayError, match="hold 2026-11-01 to 2026-11-03"):
        replay(published, LAST + timedelta(days=1), LAST + timedelta(days=9))
    with pytest.raises(ReplayError, match="run: beaconmart run"):
        replay(replace(published, home=tmp_path), FIRST_DAY, LAST)
