"""What the documents say, as objectives."""

import re
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from orchestration.settings.check import read_config
from orchestration.settings.openslo.indicators import PARAMETERS, RATIOS
from orchestration.settings.openslo.objectives import AlertWindow, Measure, Window, burn_rate_windows, can_fire

FILE = "slos/product-fast-lcp.yml"

LATENCY, POLICY = "slos/latency-and-requests.yml", "slos/indicator-policy-condition.yml"


@pytest.fixture
def folder(folder, documents):
    """The shop, with the documents of tests/data beside its own."""
    for file in documents.path.iterdir():
        shutil.copy(file, folder.path / "slos")
    return folder


def read(folder):
    found = read_config(folder.path)
    assert found.mistakes == []
    return {objective.name: objective for objective in found.objectives}


def test_an_objective_on_availability_and_one_on_vitals_are_read(folder):
    slos = read(folder)
    available, fast = slos["checkout-availability"], slos["product-fast-lcp"]
    assert (available.measure, available.service, available.target, available.window.days) == (
        Measure("availability"), "checkout-api", 0.999, 28,
    )  # fmt: skip
    assert (fast.measure.indicator, fast.target, fast.measure.page_group) == ("good_lcp", 0.75, "product")


def test_a_target_in_percent_is_the_same_as_its_share(folder):
    folder.replace("target: 0.999", "targetPercent: 99.9", "slos/checkout-availability.yml")
    assert read(folder)["checkout-availability"].target == 0.999


def test_weeks_are_seven_days(folder):
    folder.replace("duration: 28d", "duration: 4w", FILE)
    assert read(folder)["product-fast-lcp"].window.days == 28


def test_several_documents_in_one_file_are_several_objectives(folder):
    text = (folder.path / FILE).read_text()
    (folder.path / FILE).write_text(text + "---\n" + text.replace("name: product-fast-lcp", "name: another"))
    assert {"product-fast-lcp", "another"} <= set(read(folder))


def test_a_list_of_documents_is_its_documents_and_mistakes_keep_their_lines(folder):
    text = (folder.path / FILE).read_text()
    bodies = [text.replace("name: product-fast-lcp", f"name: {name}") for name in ("product-fast-lcp", "two")]
    listed = "".join("- " + body.replace("\n", "\n  ").rstrip() + "\n" for body in bodies)
    (folder.path / FILE).write_text(listed)
    assert {"product-fast-lcp", "two"} <= set(read(folder))
    (folder.path / FILE).write_text(listed.replace("target: 0.75", "target: 65") + "- 7\n")
    lines = listed.splitlines()
    wrong = [(nth, "spec.objectives[0].target") for nth, line in enumerate(lines, 1) if "target: 0.75" in line]
    mistakes = [mistake for mistake in read_config(folder.path).mistakes if mistake.file.name == Path(FILE).name]
    assert [(mistake.line, mistake.where) for mistake in mistakes] == [*wrong, (len(lines) + 1, "")]


def test_a_threshold_metric_is_compared_with_op_and_value_of_its_objective(folder):
    fast = read(folder)["shop-fast"]
    assert fast.measure == Measure("check_latency", location="frankfurt", threshold=800, threshold_op="lte")
    assert (fast.budgeting_method, fast.slice_target, fast.slice_s) == ("Timeslices", 0.9, 900)


def test_bad_of_total_is_the_same_promise_as_good_of_total(folder):
    assert read(folder)["paid"].measure == Measure("request_success")


def test_a_share_may_have_its_threshold_in_the_measure(folder):
    folder.replace("measure: failed_requests", "measure: slow_requests, percentile: 95, threshold: 700", LATENCY)
    assert read(folder)["paid"].measure == Measure("request_latency", threshold=700, threshold_op="lte", percentile=95)


def test_a_calendar_window_begins_at_a_utc_instant_and_is_counted_in_its_zone(folder):
    window = read(folder)["paid"].window
    assert window == Window(30, "month", 1, datetime(2025, 12, 31, 23), "Europe/Berlin")  # noqa: DTZ001 - naive is UTC


@pytest.mark.parametrize(
    ("duration", "unit", "count", "days"),
    [
        ("1d", "day", 1, 1),
        ("2w", "week", 2, 14),
        ("3M", "month", 3, 90),
        ("1Q", "quarter", 1, 90),
        ("1Y", "year", 1, 365),
    ],
)
def test_calendar_units_have_a_nominal_length(folder, duration, unit, count, days):
    folder.replace("duration: 1M", f"duration: {duration}", LATENCY)
    window = read(folder)["paid"].window
    assert (window.unit, window.count, window.days) == (unit, count, days)


def test_objectives_of_one_document_are_named_by_what_they_display_or_by_their_place(folder):
    folder.replace("target: 0.75", "target: 0.75\n    - target: 0.9", FILE)
    folder.replace("objective: product-fast-lcp", "objective: product-fast-lcp.2")
    found = read(folder)
    assert {name for name in found if name.startswith("product")} == {
        "product-fast-lcp.product-pages-show-up-fast", "product-fast-lcp.2",
    }  # fmt: skip
    assert {found[name].slo for name in found if name.startswith("product")} == {"product-fast-lcp"}


def test_a_composite_has_its_parts_and_a_weighted_target_of_its_own(folder):
    found = read(folder)
    fast, bought, whole = (found[name] for name in ("purchase.fast-enough", "purchase.2", "purchase"))
    assert [(part.composite_slo, part.composite_weight) for part in (fast, bought, whole)] == [
        ("purchase", 1), ("purchase", 3), (None, None),
    ]  # fmt: skip
    assert (bought.measure.page_group, fast.description) == ("checkout", "Fast enough — People can shop.")
    assert (whole.measure, whole.feed, whole.target) == (Measure("composite"), None, 0.92)


def test_labels_annotations_and_other_kinds_are_read(folder):
    folder.replace("metadata:\n", "metadata:\n  labels: {team: [web, shop]}\n  annotations: {a.b/c: https://x}\n", FILE)
    (folder.path / "slos/service.yml").write_text(
        "apiVersion: openslo/v1\nkind: Service\nmetadata: {name: storefront, displayName: Shop}\nspec: {}\n"
    )
    assert "product-fast-lcp" in read(folder)


def windows(objective, interval=60):
    return [
        (w.severity, w.long_window_s, w.short_window_s, round(w.factor, 4))
        for w in burn_rate_windows(objective, interval)
    ]


def test_without_a_policy_the_four_pairs_of_the_workbook_hold_scaled_to_the_period(folder):
    folder.replace("duration: 28d", "duration: 30d", "slos/checkout-availability.yml")
    assert windows(read(folder)["checkout-availability"]) == [
        ("critical", 3600, 300, 14.4), ("critical", 21600, 1800, 6.0),
        ("warning", 86400, 7200, 3.0), ("warning", 259200, 21600, 1.0),
    ]  # fmt: skip
    folder.replace("duration: 30d", "duration: 90d", "slos/checkout-availability.yml")
    assert windows(read(folder)["checkout-availability"])[0] == ("critical", 3600, 300, 43.2)


def test_a_short_period_has_no_pair_that_would_alert_before_its_budget_is_in_danger(folder):
    folder.replace("duration: 28d", "duration: 7d", "slos/checkout-availability.yml")
    assert [window[0] for window in windows(read(folder)["checkout-availability"])] == ["critical", "critical"]


def test_a_window_of_probes_is_at_least_two_intervals_of_whole_buckets(folder):
    found = windows(read(folder)["search-availability"], 400)
    assert [window[1:3] for window in found] == [(3600, 900), (21600, 1800), (86400, 7200), (259200, 21600)]
    assert windows(read(folder)["product-fast-lcp"], 400)[0][2] == 300


def test_windows_that_seldom_probes_make_alike_are_one(folder):
    found = windows(read(folder)["search-availability"], 3 * 3600)
    assert found == [
        ("critical", 21600, 21600, 2.24),
        ("warning", 86400, 21600, 2.8),
        ("warning", 259200, 21600, 0.9333),
    ]


def test_a_policy_replaces_the_usual_pairs(folder):
    objective = read(folder)["search-found"]
    (window,) = burn_rate_windows(objective, 60)
    assert window == AlertWindow("critical", 3600, 300, pytest.approx(10 / 672), 10.0, 0, "tell-search")


def test_a_policy_may_be_written_inline_and_has_one_window_without_the_annotation(folder):
    folder.replace(
        "alertPolicies: [{alertPolicyRef: tell-search}]",
        """alertPolicies:
    - kind: AlertPolicy
      metadata: {name: slow-burn}
      spec:
        alertWhenBreaching: true
        conditions:
          - kind: AlertCondition
            metadata: {name: slow}
            spec: {severity: ticket, condition: {threshold: 1.5, lookbackWindow: 1d, alertAfter: 30m}}
        notificationTargets: [{targetRef: search-team}]""",
        POLICY,
    )
    assert read(folder)["search-found"].alert_windows == (
        AlertWindow("warning", 86400, 86400, 0.0, 1.5, 1800, "slow-burn"),
    )


def test_an_empty_list_of_policies_means_no_alert(folder):
    folder.replace("  budgetingMethod", "  alertPolicies: []\n  budgetingMethod", FILE)
    assert windows(read(folder)["product-fast-lcp"]) == []


def test_a_rule_that_can_never_fire_is_noted_and_does_not_refuse_the_configuration(folder):
    found = read_config(folder.path)
    assert found.mistakes == []
    (note,) = [note for note in found.notes if note.file.name == "product-fast-lcp.yml"]
    assert (note.line, "with everything bad it is 4" in note.message) == (
        folder.line("target: 0.75", FILE) - 1,
        True,
    )


def test_with_everything_bad_the_burn_rate_is_one_over_the_allowed_share(folder):
    objective = read(folder)["product-fast-lcp"]
    assert [can_fire(objective, factor) for factor in (3.99, 4.0, 4.01)] == [True, False, False]
    assert not can_fire(replace(objective, target=0.9), 10.0)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("alertWhenBreaching: true", "alertWhenBreaching: true\n  alertWhenNoData: true", "kind missing_data"),
        ("alertWhenBreaching: true", "alertWhenBreaching: true\n  alertWhenResolved: false", "is told of its end"),
        ("spec: {target: beaconmart}", "spec: {target: slack}", "alerts.targets of beaconmart.yml say who is told"),
    ],
)
def test_what_a_policy_says_and_nobody_heeds_is_noted(folder, old, new, words):
    folder.replace(old, new, POLICY)
    found = read_config(folder.path)
    said = [str(note) for note in found.notes if note.file.name == POLICY.removeprefix("slos/")]
    assert (found.mistakes, len(said), words in said[0]) == ([], 1, True)


def test_an_objective_on_a_feed_that_no_source_brings_is_noted(folder):
    folder.replace('  - {name: requests, system: requests, path: "{date}/requests*.csv*", timezone: UTC}\n', "")
    said = {note.message for note in read_config(folder.path).notes}
    assert "paid is counted from requests, which no source brings" in said


def test_the_readme_names_every_measure_with_its_parameters():
    table = (Path(__file__).parents[3] / "config/README.md").read_text().split("### Measures")[1].split("###")[0]
    rows = re.findall(r"^\| `.*", table, re.MULTILINE)
    said = {tuple(cell.strip(" `") for cell in row.split("|")[1:4]): row for row in rows}
    assert set(said) == set(RATIOS.values())
    for indicator, names in RATIOS.items():
        assert set(re.findall(r"`(\w+)`", said[names].split("|")[4])) == PARAMETERS.get(indicator, set())


def test_a_period_too_short_for_the_usual_alerts_is_noted_unless_no_alert_is_wanted(folder):
    folder.replace("duration: 28d", "duration: 1d", FILE)
    said = [str(note) for note in read_config(folder.path).notes if note.file.name == "product-fast-lcp.yml"]
    assert ["has a period too short for the usual alerts" in note for note in said] == [True]
    folder.replace("  budgetingMethod", "  alertPolicies: []\n  budgetingMethod", FILE)
    assert [note for note in read_config(folder.path).notes if note.file.name == "product-fast-lcp.yml"] == []
