"""From judgements to alerts: opening, escalation, resolution, correction, silence, cascades, and who is owed a word."""

import random
from datetime import timedelta

import pytest

from orchestration.alerts import ledger
from tests.unit.alerts.conftest import START, burning, judged


def test_an_alert_opens_when_a_rule_is_met_and_resolves_when_it_was_not_for_long_enough(book):
    book.merge(judged("..xxx"))
    assert book.alerts() == [("shop", "critical", "open", 2, None)]
    book.merge(judged("..xxx."))
    assert book.alerts() == [("shop", "critical", "open", 2, None)]
    book.merge(judged("..xxx..."))
    assert book.alerts() == [("shop", "critical", "resolved", 2, 6)]
    assert book.events() == ["opened", "resolved"]


def test_flapping_keeps_one_alert_open(book):
    book.merge(judged(".x.x.x.xx..."))
    assert book.alerts() == [("shop", "critical", "resolved", 1, 10)]


def test_a_rule_that_is_met_again_later_is_a_new_alert(book):
    book.merge(judged("x...x..."))
    assert [alert[2:] for alert in book.alerts()] == [("resolved", 0, 2), ("resolved", 4, 6)]


def test_a_burn_rate_is_the_same_alert_until_its_short_window_has_passed(book):
    book.merge(burning("x" + "." * 20 + "x" + "." * 25, "warning", 86400, short_window_s=7200))
    assert [alert[2:] for alert in book.alerts()] == [("resolved", 0, 45)]
    book.merge(burning("x...x...", "critical", 3600, "other", short_window_s=300))
    assert [alert[2:] for alert in book.alerts() if alert[0] == "other"] == [("resolved", 0, 3), ("resolved", 4, 7)]


def test_silence_of_the_data_resolves_nothing(book):
    book.merge(judged("xx      x  "))
    assert book.alerts() == [("shop", "critical", "open", 0, None)]


def test_the_same_judgements_again_write_nothing(book):
    assert book.merge(judged(".xx...")).evaluations == 6
    again = book.merge(judged(".xx..."), path="fast")
    assert (again.evaluations, again.events, again.planned) == (0, {}, 0)
    assert book.rows("select count(*) from evaluations") == [(6,)]


def test_a_judgement_that_changes_is_a_new_row_beside_the_old_one(book):
    book.merge(judged(".x"))
    book.merge(judged("..") + judged("x", first=2))
    assert book.rows(
        "select outcome, path from evaluations where evaluated_at = '2026-11-20 10:05' order by sequence"
    ) == [
        ("met", "batch"),
        ("not_met", "batch"),
    ]


def test_severity_is_the_worst_that_is_met_and_a_step_up_is_an_escalation(book):
    book.merge(burning(".xxxx", "warning", 86400), burning(".....", "critical", 3600))
    book.merge(burning(".xxxxxx", "warning", 86400), burning(".....xx", "critical", 3600))
    assert book.alerts() == [("shop-availability", "critical", "open", 1, None)]
    assert book.rows("select escalated_at from alerts") == [(START + timedelta(minutes=25),)]
    assert book.events() == ["opened", "escalated"]
    assert book.notices() == ["opened", "escalated"]
    assert book.notices("pager") == ["opened"]


def test_late_data_move_an_alert_and_do_not_make_a_second_one(book):
    book.merge(judged("....xxx..."))
    book.merge(judged(".xxxxxx..."))
    assert book.alerts() == [("shop", "critical", "resolved", 1, 8)]
    assert book.events() == ["opened", "resolved", "corrected"]


def test_late_data_that_join_two_alerts_leave_one_of_them(book):
    book.merge(judged("xx...xx..."))
    book.merge(judged("xxxxxxx..."))
    assert sorted(alert[2] for alert in book.alerts()) == ["resolved", "withdrawn"]


def test_an_alert_that_late_data_deny_is_withdrawn_and_who_was_told_hears_of_it(book):
    book.merge(judged(".xx"))
    book.merge(judged("..."))
    assert [alert[2] for alert in book.alerts()] == ["withdrawn"]
    assert book.events() == ["opened", "corrected"]
    assert book.notices() == ["opened", "resolved"]
    book.merge(judged(".xx"))
    assert [alert[2] for alert in book.alerts()] == ["open"]
    assert book.notices() == ["opened", "resolved", "reopened"]


def test_a_judgement_that_is_no_longer_made_is_withdrawn_on_the_days_that_were_judged_anew(book):
    book.merge(judged(".xx"))
    book.merge([], dates=[START.date() - timedelta(days=1)])
    assert [alert[2] for alert in book.alerts()] == ["open"]
    book.merge([])
    assert [alert[2] for alert in book.alerts()] == ["withdrawn"]


def test_who_judged_some_feeds_only_takes_nothing_back_of_the_others(book):
    other = judged(".xx", subject="lcp", feed="beacons", rule="slow", kind="vitals_degradation")
    book.merge(judged(".xx"), other)
    book.merge(judged("..."), path="fast", feeds=["probes", "requests"])
    assert {(alert[0], alert[2]) for alert in book.alerts()} == {("shop", "withdrawn"), ("lcp", "open")}


def test_who_judged_some_feeds_only_calls_nothing_healthy_that_another_feed_calls_critical(book):
    health = {"subject": "shop", "rule": "health_critical", "kind": "health_critical"}
    beacons = burning("xx", "critical", 3600, subject="shop-lcp", feed="beacons")
    book.merge(judged("xx", **health), beacons)
    book.merge(judged("xx...", **health), path="fast", feeds=["probes", "requests"])
    assert {(alert[0], alert[2]) for alert in book.alerts()} == {("shop", "open"), ("shop-lcp", "open")}
    book.merge(judged("xx", **health), burning("xx.............", "critical", 3600, subject="shop-lcp", feed="beacons"))
    book.merge(judged("xx...", **health), path="fast", feeds=["probes", "requests"])
    assert {(alert[0], alert[2]) for alert in book.alerts()} == {("shop", "resolved"), ("shop-lcp", "resolved")}


def test_a_run_that_looked_at_the_lake_earlier_does_not_take_back_what_was_seen_since(book):
    looked_at = ledger.utc_now()
    book.merge(judged(".x"), path="batch")
    book.merge(judged(".xxx"), path="fast")
    book.merge(judged(".x."), path="batch", known_at=looked_at)
    assert book.alerts() == [("shop", "critical", "open", 1, None)]
    assert book.rows("select count(*) from evaluations") == [(4,)]


def test_in_maintenance_an_alert_is_silent_until_it_outlasts_it(book):
    book.merge(judged(".ss"))
    assert book.events() == ["opened", "silenced"]
    assert book.notices() == []
    book.merge(judged(".ssx"))
    assert book.notices() == ["opened"]


def test_alerts_of_one_service_that_open_together_are_told_once_at_each_turn(book):
    outage = judged(".xxx......")
    book.merge(outage[:2], burning("..", "critical", 3600))
    book.merge(outage[:4], burning("..xx", "critical", 3600))
    assert len({row[0] for row in book.rows("select cascade_id from alerts")}) == 1
    assert book.notices() == ["opened"]
    book.merge(outage, burning("..xxx.", "critical", 3600))
    assert book.notices() == ["opened"]
    book.merge(outage, burning("..xxx.....", "critical", 3600))
    assert book.notices() == ["opened", "resolved"]
    assert book.notices("pager") == ["opened", "resolved"]


def test_the_health_of_the_application_is_part_of_the_story_of_the_service_that_makes_it(book):
    site = judged("..x", subject="Shop Inc", service=None, rule="health_critical", kind="health_critical")
    book.merge(judged(".xx"), judged("............x", subject="blog", service="blog"), site)
    ((shop, told), (blog, _)) = book.rows("select cascade_id, count(*) from alerts group by all order by count(*) desc")
    assert (told, book.notices()) == (2, ["opened", "opened"])
    assert shop != blog


def test_alerts_of_other_services_and_of_other_hours_are_other_stories(book):
    book.merge(judged("x............x"), judged("x", subject="blog", service="blog"))
    assert book.rows("select count(distinct cascade_id) from alerts") == [(3,)]


def test_what_was_over_before_anybody_could_be_told_is_told_in_one(book):
    book.merge(judged(".xx....."))
    assert book.notices() == ["past"]


def test_old_history_is_written_and_nobody_is_told(book):
    days = 24 * 12
    book.merge(
        judged("xx....") + judged(".....x", first=3 * days), dates=[START.date() + timedelta(days=n) for n in range(4)]
    )
    assert len(book.alerts()) == 2
    assert book.notices() == ["opened"]


def test_a_target_hears_of_its_severities_and_services_only(book):
    book = book.configured(targets=[{"name": "all", "url_env": "X", "severities": ["critical"], "services": ["blog"]}])
    book.merge(judged("x"), judged("x", subject="blog", service="blog", severity="warning", first=0))
    assert book.notices() == []
    book.merge(judged("x"), judged("xx", subject="blog", service="blog"))
    assert book.notices() == ["opened"]


def test_an_alert_keeps_the_clocks_and_the_path_of_its_first_judgement(book):
    book.merge(judged(".x"), path="fast")
    first = book.rows("select event_at, written_at, path from alerts")
    assert first[0][0] == START + timedelta(minutes=4, seconds=30)
    book.merge(judged(".xxx"), path="batch")
    assert book.rows("select event_at, written_at, path from alerts") == first


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_whatever_the_order_in_which_judgements_arrive_the_alerts_are_those_of_all_at_once(book, tmp_path, seed):
    chance = random.Random(seed)
    story = "".join(chance.choices("x.", (1, 2), k=40))
    whole = judged(story)
    book.merge(whole)
    other = type(book)(type(book.settings)(**vars(book.settings) | {"home": tmp_path / "other"}))
    known = set()
    while len(known) < len(whole):
        known |= set(chance.sample(range(len(whole)), 7))
        other.merge([row for number, row in enumerate(whole) if number in known], path=chance.choice(["fast", "batch"]))
    live = [alert for alert in other.alerts() if alert[2] != "withdrawn"]
    assert live == book.alerts()
