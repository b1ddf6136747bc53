"""What OpenSLO v1 allows and Beaconmart does not account, and what is not OpenSLO v1: each with its reason."""

import shutil
from pathlib import Path

import pytest

from orchestration.settings import check_config
from orchestration.settings.documents import read_documents
from orchestration.settings.openslo import Scope, read_openslo

DATA = Path(__file__).parents[2] / "data/openslo"
RATIO, THRESHOLD, POLICY = "product-fast-lcp.yml", "latency-and-requests.yml", "indicator-policy-condition.yml"

NOT_THE_SPECIFICATION = [
    (RATIO, "apiVersion: openslo/v1", "apiVersion: openslo/v2", "apiVersion", "openslo/v1"),
    (RATIO, "apiVersion: openslo/v1", "apiVersion: openslo.com/v2alpha", "apiVersion", "version 2 is not final"),
    (RATIO, "kind: SLO", "kind: Slo", "kind", "one of SLO, SLI"),
    (RATIO, "kind: SLO", "kind: Service", "metadata.name", "there is no service 'product-fast-lcp'"),
    (RATIO, "name: product-fast-lcp", "name: Product LCP", "metadata.name", "not a name"),
    (RATIO, "name: product-fast-lcp", "name: all", "metadata.name", "'all' is a reserved word"),
    (RATIO, "  service: storefront", "  owner: storefront", "spec.service", "is missing"),
    (RATIO, "  service: storefront", "  x-owner: web\n  service: storefront", "spec.x-owner", "not known here"),
    (RATIO, "budgetingMethod: Occurrences", "budgetingMethod: Occurences", "spec.budgetingMethod", "did you mean"),
    (RATIO, "isRolling: true", "isRolling: false", "spec.timeWindow[0]", "is rolling or follows a calendar"),
    (RATIO, "duration: 28d", "duration: 28 days", "spec.timeWindow[0].duration", "one of m h d w M Q Y"),
    (RATIO, "target: 0.75", "target: 1", "spec.objectives[0].target", "less than 1"),
    (RATIO, "target: 0.75", "target: '0.75'", "spec.objectives[0].target", "valid number"),
    (RATIO, "target: 0.75", "targetPercent: 0.75\n      target: 0.75", "spec.objectives[0]", "one of target and"),
    (RATIO, "displayName: P", "labels: {tier: 1}\n  displayName: P", "metadata.labels", "put the value in quotes"),
    (RATIO, "        total:", "        bad:", "spec.indicator.spec.ratioMetric", "one of total and raw"),
    (RATIO, "  indicator:", "  indicatorRef: x\n  indicator:", "spec.indicatorRef", "beside an indicator"),
    (THRESHOLD, "2026-01-01 00:00:00", "2026-01-01", "timeWindow[0].calendar.startTime", "date with a time"),
    (THRESHOLD, "2026-01-01 00:00:00", "2026-01-01T00:00:00Z", "timeWindow[0].calendar.startTime", "without a zone"),
    (THRESHOLD, "Europe/Berlin", "Berlin", "spec.timeWindow[0].calendar.timeZone", "not a time zone"),
    (THRESHOLD, "op: lte", "op: le", "spec.objectives[0].op", "did you mean 'lte'"),
    (THRESHOLD, "15m", "-15m", "spec.objectives[0].timeSliceWindow", "not a duration"),
    (POLICY, "kind: burnrate", "kind: latency", "spec.condition.kind", "is not known"),
    (POLICY, "threshold: 10, ", "", "spec.condition.threshold", "is missing"),
    (POLICY, "notificationTargets: [{targetRef: search-team}]", "", "spec.notificationTargets", "is missing"),
    (POLICY, "{conditionRef: quick-burn}", "{conditionRef: quick-burn}, {conditionRef: quick-burn}", "spec.conditions",
     "at most 1"),
    (POLICY, "{alertPolicyRef: tell-search}", "tell-search", "spec.alertPolicies[0]", "alertPolicyRef"),
]  # fmt: skip

NOT_ACCOUNTED = [
    (RATIO, "type: beaconmart", "type: prometheus", "good.metricSource.type", "counts what has landed"),
    (RATIO, "            type: beaconmart\n", "", "good.metricSource", "names no type"),
    (RATIO, "type: beaconmart", "type: beaconmart\n            metricSourceRef: x", "metricSourceRef",
     "none is declared: declare it"),
    (RATIO, "measure: good_lcp", "measure: good_fid", "measure", "good_cls or good_inp or good_lcp"),
    (RATIO, "measure: all_lcp", "measure: all_inp", "total", "'all_inp' is not what 'good_lcp' is a share of"),
    (RATIO, "all_lcp, page_group: product", "all_lcp", "total", "the same parameters in both"),
    (RATIO, "page_group: product", "page_group: prodct", "page_group", "did you mean 'product'?"),
    (RATIO, "page_group: product", "location: frankfurt", "spec.location", "measure and page_group"),
    (RATIO, "counter: true", "counter: false", "counter", "good and total are counted"),
    (RATIO, "good:\n", "rawType: success\n        raw:\n", "ratioMetric.raw", "no events to account"),
    (RATIO, "name: product-fast-lcp", "name: product.lcp", "metadata.name", "not the name of an SLO here"),
    (RATIO, "  service: storefront", "  service: shopfront", "spec.service", "did you mean 'storefront'?"),
    (RATIO, "duration: 28d", "duration: 36h", "spec.timeWindow[0].duration", "days, such as 1d"),
    (RATIO, "duration: 28d", "duration: 0d", "spec.timeWindow[0].duration", "1d to 366d"),
    (RATIO, "duration: 28d", "duration: 2Y", "spec.timeWindow[0].duration", "1d to 366d"),
    (RATIO, "target: 0.75", "target: 0", "spec.objectives[0].target", "asks for nothing"),
    (RATIO, "target: 0.75", "target: 0.9999999999", "spec.objectives[0].target", "at most 8 digits"),
    (RATIO, "target: 0.75", "target: 0.75\n      op: lt", "spec.objectives[0].op", "belongs to a thresholdMetric"),
    (RATIO, "target: 0.75", "target: 0.75\n      value: 1", "spec.objectives[0].value", "belongs to a thresholdMetric"),
    (RATIO, "target: 0.75", "target: 0.75\n      timeSliceWindow: 5m", "spec.objectives[0].timeSliceWindow",
     "budgetingMethod: Timeslices"),
    (RATIO, "target: 0.75", "target: 0.75\n      compositeWeight: 2", "objectives[0].compositeWeight", "composite"),
    (RATIO, "target: 0.75", "target: 0.75\n      indicatorRef: x", "spec.indicator", "or one in each objective"),
    (RATIO, "budgetingMethod: Occurrences", "budgetingMethod: Timeslices", "spec.objectives[0]", "no timeSliceTarget"),
    (RATIO, "budgetingMethod: Occurrences", "budgetingMethod: RatioTimeslices", "spec.objectives[0]",
     "no timeSliceWindow"),
    (THRESHOLD, "Timeslices", "RatioTimeslices", "spec.objectives[0].timeSliceTarget", "belongs to Timeslices"),
    (THRESHOLD, "15m", "0.5", "spec.objectives[0].timeSliceWindow", "whole minutes that divide a day"),
    (THRESHOLD, "15m", "35m", "spec.objectives[0].timeSliceWindow", "whole minutes that divide a day"),
    (THRESHOLD, "15m", "7", "spec.objectives[0].timeSliceWindow", "whole minutes that divide a day"),
    (THRESHOLD, "value: 800", "value: 0", "spec.objectives[0].value", "milliseconds"),
    (THRESHOLD, "value: 800, ", "", "spec.objectives[0]", "has no threshold"),
    (THRESHOLD, "location: frankfurt", "location: paris", "spec", "not a location of storefront"),
    (THRESHOLD, "location: frankfurt", "threshold: 800", "threshold", "in the objective of a thresholdMetric"),
    (THRESHOLD, "check_latency, location: frankfurt", "request_latency", "spec", "percentile: 95"),
    (THRESHOLD, "check_latency, location: frankfurt", "request_latency, percentile: 90", "percentile", "50, 95 or 99"),
    (THRESHOLD, "check_latency, location: frankfurt", "lcp", "measure", "a ratioMetric of good_lcp and all_lcp"),
    (THRESHOLD, "timeSliceWindow: 15m}", "timeSliceWindow: 15m}, {op: lte, value: 2000, target: 0.999, "
     "timeSliceTarget: 0.9, timeSliceWindow: 15m}", "spec.objectives", "has one objective"),
    (THRESHOLD, "duration: 1M", "duration: 1m", "spec.timeWindow[0].duration", "1M for months"),
    (THRESHOLD, "2026-01-01 00", "2026-01-31 00", "spec.timeWindow[0].calendar.startTime", "a day from 1 to 28"),
    (THRESHOLD, "00:00:00", "00:02:00", "spec.timeWindow[0].calendar.startTime", "within the 5 minutes"),
    (THRESHOLD, "  timeWindow: [{duration: 28d, isRolling: true}]\n", "", "spec.timeWindow", "is missing"),
    (POLICY, "type: beaconmart", "type: Datadog", "spec.type", "counts what has landed"),
    (POLICY, "metricSourceRef: ours", "metricSourceRef: our", "metricSourceRef", "no DataSource 'our'"),
    (POLICY, "indicatorRef: search-up", "indicatorRef: search-ok", "spec.indicatorRef", "no SLI 'search-ok'"),
    (POLICY, "alertPolicyRef: tell-search", "alertPolicyRef: tell", "alertPolicyRef", "no AlertPolicy 'tell'"),
    (POLICY, "conditionRef: quick-burn", "conditionRef: burn", "conditionRef", "no AlertCondition 'burn'"),
    (POLICY, "targetRef: search-team", "targetRef: nobody", "targetRef", "no AlertNotificationTarget 'nobody'"),
    (POLICY, "severity: page", "severity: sev1", "spec.severity", "page or ticket"),
    (POLICY, "op: gt", "op: lt", "spec.condition.op", "no reason to alert"),
    (POLICY, "threshold: 10", "threshold: 0", "spec.condition.threshold", "passed by any burn rate"),
    (POLICY, "lookbackWindow: 1h", "lookbackWindow: 7m", "spec.condition.lookbackWindow", "a multiple of 5 minutes"),
    (POLICY, "lookbackWindow: 1h", "lookbackWindow: 1w", "spec.condition.lookbackWindow", "up to 3 days"),
    (POLICY, "short-window: 5m", "short-window: 2h", "annotations.beaconmart.short-window", "longer than the lookback"),
    (POLICY, "alertAfter: 0m", "alertAfter: 7m", "spec.condition.alertAfter", "judged every 5 minutes"),
    (POLICY, "  alertWhenBreaching: true\n", "", "spec", "alertWhenBreaching: true"),
    (POLICY, "alertWhenBreaching: true", "alertWhenBreaching: false", "spec.alertWhenBreaching", "is breached"),
]  # fmt: skip


def mistakes(folder, *files):
    # A folder of the whole shop would be read ninety times.
    read = [document for file in files for document in read_documents(folder.path / file)[0]]
    scope = Scope(
        {"storefront": {"frankfurt", "virginia"}, "checkout-api": set(), "search-api": set()}, {"product"}, set()
    )
    return read_openslo(read, scope).mistakes


def test_the_documents_that_are_spoilt_here_are_right(documents):
    assert mistakes(documents, RATIO, THRESHOLD, POLICY) == []


FOREIGN = {
    "openslo-prometheus.yml": [
        (9, "there is no service 'web'"),
        (20, "not supported, though OpenSLO has it: 'Prometheus' is not asked: Beaconmart counts what has landed"),
        (26, "'Prometheus' is not asked"),
        (42, "'Prometheus' is not asked"),
    ],
    "openslo-cloudwatch-threshold.yml": [
        (8, "there is no service 'web'"),
        (30, "'CloudWatch' is not asked"),
        (41, "'CloudWatch' is not asked"),
    ],
    "openslo-minute-slices.yml": [
        (22, "'1m' is not a number of days, by which a status is kept — 1M for months"),
        (37, "'7m' is not a slice that can be accounted"),
        (39, "a mapping with alertPolicyRef"),
    ],
    "openslo-v1alpha.yml": [(2, "is 'openslo/v1alpha' — openslo/v1: timeWindow for timeWindows")],
    "sloth-prometheus.yml": [(2, "is a document of Sloth, whose queries only Prometheus answers")],
    "sloth-kubernetes.yml": [(2, "is a document of Sloth, whose queries only Prometheus answers")],
}


@pytest.mark.parametrize("file", sorted((DATA / "refused").iterdir()), ids=lambda file: file.stem)
def test_documents_of_other_tools_are_refused_with_line_and_reason(folder, file):
    shutil.copy(file, folder.path / "slos")
    found = check_config(folder.path)
    assert {mistake.file.name for mistake in found} == {file.name}
    assert [mistake.line for mistake in found] == [line for line, _ in FOREIGN[file.name]], [str(m) for m in found]
    for mistake, (_, words) in zip(found, FOREIGN[file.name], strict=True):
        assert words in f"{mistake.message} — {mistake.expected}"


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "words"),
    NOT_THE_SPECIFICATION + NOT_ACCOUNTED,
    ids=[f"{case[2].strip():.50}" for case in NOT_THE_SPECIFICATION + NOT_ACCOUNTED],
)
def test_what_is_not_openslo_or_not_accounted_is_refused_with_the_reason(documents, file, old, new, where, words):
    documents.replace(old, new, file)
    found = mistakes(documents, file)
    said = [
        mistake for mistake in found if where in mistake.where and words in f"{mistake.message} — {mistake.expected}"
    ]
    assert said, found
    assert all(mistake.line and mistake.expected for mistake in found)


def test_all_mistakes_of_a_document_are_said_at_once(documents):
    documents.replace("budgetingMethod: Occurrences", "budgetingMethods: Occurrences", RATIO)
    documents.replace("type: beaconmart", "type: Datadog", RATIO)
    documents.replace("duration: 28d", "duration: 28", RATIO)
    documents.replace("target: 0.75", "target: 75", RATIO)
    assert {
        "spec.budgetingMethods", "spec.budgetingMethod", "spec.timeWindow[0].duration", "spec.objectives[0].target",
        "spec.indicator.spec.ratioMetric.good.metricSource.type",
    } <= {mistake.where for mistake in mistakes(documents, RATIO)}  # fmt: skip


def test_a_mistake_in_an_indicator_that_two_objectives_name_is_said_once(folder, documents):
    text = (documents.path / POLICY).read_text()
    again = text.rsplit("---", 1)[1].replace("search-found", "search-again")
    (folder.path / "slos" / POLICY).write_text(text.replace("measure: up", "measure: upp") + "---" + again)
    (mistake,) = check_config(folder.path)
    assert mistake.where == "spec.ratioMetric.good.metricSource.spec.measure"


def test_two_documents_of_one_kind_and_name_are_a_mistake(folder):
    (folder.path / "slos/copy.yml").write_text((folder.path / "slos" / RATIO).read_text())
    (mistake,) = check_config(folder.path)
    assert "already the name of another SLO, in copy.yml:2" in mistake.message


@pytest.mark.parametrize("content", ["", "[]", "null", "spec: 1\nkind: SLO", "apiVersion: openslo/v1\nkind: SLO\n"])
def test_a_document_that_is_no_objective_is_a_mistake_and_not_a_crash(folder, content):
    (folder.path / "slos/odd.yml").write_text(content)
    said = [mistake for mistake in check_config(folder.path) if mistake.file.name == "odd.yml"]
    assert said or content == ""


def test_a_file_may_begin_and_end_with_the_line_that_separates_documents(folder):
    file = folder.path / "slos" / RATIO
    text = file.read_text()
    file.write_text(f"---\n{text}---\n")
    assert check_config(folder.path) == []
