import pytest

from orchestration.settings import check_config
from orchestration.settings.check import read_config
from orchestration.settings.openslo.objectives import Measure

FILE = "slos/product-fast-lcp.yml"

REFUSED = [
    ("apiVersion: openslo/v1", "apiVersion: openslo/v2alpha", "apiVersion", "openslo/v1"),
    ("kind: SLO", "kind: Service", "kind", "services stand in beaconmart.yml"),
    ("name: product-fast-lcp", "name: Product LCP", "metadata.name", "not a name"),
    ("budgetingMethod: Occurrences", "budgetingMethod: Timeslices", "spec.budgetingMethod", "not accounted yet"),
    ("  service: storefront", "  owner: storefront", "spec.service", "is missing"),
    ("isRolling: true", "isRolling: false", "spec.timeWindow[0].isRolling", "calendar windows are not accounted yet"),
    ("duration: 28d", "duration: 28h", "spec.timeWindow[0].duration", "1d to 366d"),
    ("duration: 28d", "duration: 0d", "spec.timeWindow[0].duration", "1d to 366d"),
    ("target: 0.75", "target: 1", "spec.objectives[0].target", "no error budget"),
    ("target: 0.75", "target: 0.75\n      op: lt", "spec.objectives[0].op", "threshold"),
    ("target: 0.75", "target: 0.75\n    - target: 0.9", "spec.objectives", "exactly one objective"),
    (
        "target: 0.75",
        "targetPercent: 0.75\n      target: 0.75",
        "spec.objectives[0]",
        "one of target and targetPercent",
    ),
    ("measure: good_lcp", "measure: good_fid", "measure", "good_cls or good_inp or good_lcp or up"),
    ("measure: all_lcp", "measure: all_inp", "total", "'all_inp' is not what 'good_lcp' is a share of"),
    ("all_lcp, page_group: product", "all_lcp", "total", "the same page_group in both"),
    ("type: beaconmart", "type: prometheus", "good.metricSource.type", "Beaconmart's own"),
    ("counter: true", "counter: false", "counter", "good and total are counted"),
    ("ratioMetric:", "thresholdMetric:", "thresholdMetric", "write a ratioMetric"),
    ("description:", "alertPolicies: []\n  description:", "spec.alertPolicies", "burn-rate rules"),
]


@pytest.mark.parametrize(("old", "new", "where", "words"), REFUSED, ids=[case[1] for case in REFUSED])
def test_what_cannot_be_accounted_is_refused_with_the_reason(folder, old, new, where, words):
    folder.replace(old, new, FILE)
    said = [m for m in check_config(folder.path) if where in m.where and words in f"{m.message} — {m.expected}"]
    assert [mistake.file.name for mistake in said] == ["product-fast-lcp.yml"]
    assert said[0].line


def test_an_objective_about_pages_that_are_not_declared_is_refused(folder):
    folder.replace("page_group: product", "page_group: prodct", FILE)
    folder.replace("page_group: product", "page_group: prodct", FILE)
    (mistake,) = check_config(folder.path)
    assert (mistake.line, mistake.expected) == (folder.line("prodct", FILE), "did you mean 'product'?")


def read(folder):
    _, slos, mistakes = read_config(folder.path)
    assert mistakes == []
    return {slo.name: slo for slo in slos}


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


def test_two_objectives_of_one_name_are_a_mistake(folder):
    (folder.path / "slos/copy.yml").write_text((folder.path / FILE).read_text())
    (mistake,) = check_config(folder.path)
    assert "already the name of an objective in copy.yml" in mistake.message


@pytest.mark.parametrize("content", ["", "[]", "null", "spec: 1\nkind: SLO", "apiVersion: openslo/v1\nkind: SLO\n"])
def test_a_document_that_is_no_objective_is_a_mistake_and_not_a_crash(folder, content):
    (folder.path / "slos/odd.yml").write_text(content)
    said = [mistake for mistake in check_config(folder.path) if mistake.file.name == "odd.yml"]
    assert said or content == ""
