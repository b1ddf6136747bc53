"""Indicators: which of Beaconmart's measures a metric source names.

A measure is counted from what has landed; no other system is asked. What the measures mean is in `config/README.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from orchestration.settings.openslo.objectives import Indicator, Measure
from orchestration.settings.openslo.place import Place

# (what is good, what is bad, of what) in the words of a document, by indicator.
RATIOS: dict[Indicator, tuple[str, str, str]] = {
    "availability": ("up", "down", "known"),
    "check_success": ("good_checks", "failed_checks", "checks"),
    "check_latency": ("fast_checks", "slow_checks", "good_checks"),
    "good_lcp": ("good_lcp", "not_good_lcp", "all_lcp"),
    "good_inp": ("good_inp", "not_good_inp", "all_inp"),
    "good_cls": ("good_cls", "not_good_cls", "all_cls"),
    "error_free_sessions": ("error_free_sessions", "sessions_with_errors", "sessions"),
    "request_success": ("successful_requests", "failed_requests", "requests"),
    "request_latency": ("fast_requests", "slow_requests", "requests"),
    "order_success": ("orders", "failed_attempts", "attempts"),
}
# Compared with op and value of the objective, in milliseconds.
THRESHOLDS: tuple[Indicator, ...] = ("check_latency", "request_latency")
PERCENTILES = (50, 95, 99)

PARAMETERS: dict[Indicator, set[str]] = {
    "check_success": {"location"},
    "check_latency": {"location", "threshold"},
    "good_lcp": {"page_group"},
    "good_inp": {"page_group"},
    "good_cls": {"page_group"},
    "error_free_sessions": {"page_group"},
    "request_latency": {"percentile", "threshold"},
    "order_success": {"page_group"},
}
_REFUSED = {
    "lcp": "good LCP has the limit of web-vitals: a ratioMetric of good_lcp and all_lcp",
    "inp": "good INP has the limit of web-vitals: a ratioMetric of good_inp and all_inp",
    "cls": "good CLS has the limit of web-vitals: a ratioMetric of good_cls and all_cls",
}


@dataclass(frozen=True)
class Scope:
    """What a document may name; None where beaconmart.yml does not say it legibly."""

    services: Mapping[str, set[str]] | None
    page_groups: set[str] | None
    targets: set[str] | None


@dataclass(frozen=True)
class Reading:
    """An indicator that was read; `is_threshold` ones wait for op and value of an objective."""

    measure: Measure
    is_threshold: bool


def read_indicator(spec: Place, sources: Mapping[str, Place], scope: Scope) -> Reading | None:
    """Reads the spec of an SLI; `sources` are the DataSource documents by name."""
    if (spec / "thresholdMetric").value is not None:
        return _threshold(spec / "thresholdMetric", sources, scope)
    ratio = spec / "ratioMetric"
    if (ratio / "raw").value is not None:
        (ratio / "raw").unsupported("a ratio that somebody else computed has no events to account", "good and total")
        return None
    if (ratio / "counter").value is False:
        (ratio / "counter").unsupported("is false: good and total are counted here", "counter: true")
    part = "bad" if (ratio / "bad").value is not None else "good"
    counted = _measure(ratio / part, sources, {names[part == "bad"] for names in RATIOS.values()})
    total = _measure(ratio / "total", sources, {names[2] for names in RATIOS.values()})
    if counted is None or total is None:
        return None
    indicator = next(name for name, names in RATIOS.items() if counted.text() == names[part == "bad"])
    if total.text() != RATIOS[indicator][2]:
        right = f"measure: {RATIOS[indicator][2]}"
        total.wrong(f"'{total.text()}' is not what '{counted.text()}' is a share of", right)
        return None
    return _ratio(indicator, ratio / part, ratio / "total", scope)


def _measure(metric: Place, sources: Mapping[str, Place], allowed: set[str]) -> Place | None:
    """Returns the place that names the measure, if it is one of the allowed."""
    source = metric / "metricSource"
    if not _is_ours(source, sources):
        return None
    measure = source / "spec" / "measure"
    if measure.text() in allowed:
        return measure
    if source.value is not None:
        found = f"{measure.value!r:.60} is not a measure here" if measure.value is not None else "names no measure"
        hint = "measure: " + " or ".join(sorted(allowed))
        (measure if measure.value is not None else source / "spec").wrong(found, _REFUSED.get(measure.text(), hint))
    return None


def _is_ours(source: Place, sources: Mapping[str, Place]) -> bool:
    kind, reference = source / "type", source / "metricSourceRef"
    if reference.text():
        if reference.text() not in sources:
            reference.known(sources, "DataSource")
            return False
        if kind.value is None:
            kind = sources[reference.text()] / "spec" / "type"
    if kind.text() == "beaconmart":
        return True
    right = "type: beaconmart, and a measure in its spec, such as {measure: successful_requests}"
    if kind.text():
        place = kind if kind.document is source.document else source
        place.unsupported(f"'{kind.text():.60}' is not asked: Beaconmart counts what has landed", right)
    elif source.value is not None:
        source.wrong("names no type", right)
    return False


def _ratio(indicator: Indicator, counted: Place, total: Place, scope: Scope) -> Reading | None:
    first, second = (_parameters(indicator, metric, scope) for metric in (counted, total))
    if first is None or second is None:
        return None
    if indicator == "order_success":
        first = replace(first, page_group=first.page_group or second.page_group)
        second = replace(second, page_group=second.page_group or first.page_group)
    if indicator in THRESHOLDS:
        spec = counted / "metricSource" / "spec"
        if first.threshold is None:
            spec.wrong("has no threshold", "milliseconds up to which it is fast, such as threshold: 800")
            return None
        second = replace(second, threshold=first.threshold, threshold_op=first.threshold_op)
        if indicator == "request_latency":
            second = replace(second, percentile=first.percentile)
    if first != second:
        (total / "metricSource" / "spec").wrong(
            "good and total look at different things", "the same parameters in both"
        )
        return None
    return _complete(first, counted, is_threshold=False)


def _threshold(metric: Place, sources: Mapping[str, Place], scope: Scope) -> Reading | None:
    measure = _measure(metric, sources, set(THRESHOLDS))
    if measure is None:
        return None
    indicator = next(name for name in THRESHOLDS if name == measure.text())
    place = metric / "metricSource" / "spec" / "threshold"
    if place.value is not None:
        place.wrong("stands in the objective of a thresholdMetric", "op: lte and value: 800 in the objective")
    found = _parameters(indicator, metric, scope)
    return _complete(replace(found, threshold=None, threshold_op=None), metric, is_threshold=True) if found else None


def _complete(measure: Measure, metric: Place, *, is_threshold: bool) -> Reading | None:
    spec = metric / "metricSource" / "spec"
    if measure.indicator == "order_success" and measure.page_group is None:
        spec.wrong("has no page_group: an attempt is a session that saw it", "page_group: checkout")
        return None
    if measure.indicator == "request_latency" and measure.percentile is None:
        spec.wrong("has no percentile: requests land as minutes with percentiles", "percentile: 95")
        return None
    return Reading(measure, is_threshold)


def _parameters(indicator: Indicator, metric: Place, scope: Scope) -> Measure | None:
    spec = metric / "metricSource" / "spec"
    before = len(spec.mistakes)
    allowed = PARAMETERS.get(indicator, set())
    for key in spec.keys:
        if key not in {"measure", *allowed}:
            hint = f"measure and {', '.join(sorted(allowed))}" if allowed else "measure alone"
            (spec / key).wrong(f"is no parameter of {indicator}", hint)
    page_group, location, percentile = spec / "page_group", spec / "location", spec / "percentile"
    page_group.known(scope.page_groups)
    for place in (page_group, location):
        if place.value is not None and not place.text():
            place.wrong(f"{place.value!r:.60} is not a name", "a name in quotes")
    if percentile.value is not None and percentile.value not in PERCENTILES:
        percentile.wrong(f"{percentile.value!r:.60} is not among those that land", "percentile: 50, 95 or 99")
    threshold = spec / "threshold"
    if threshold.value is not None and not (threshold.number() or 0) > 0:
        threshold.wrong(f"{threshold.value!r:.60} is not a time", "milliseconds, such as threshold: 800")
    if len(spec.mistakes) > before:
        return None
    limit = threshold.number()
    return Measure(
        indicator,
        page_group.text() or None,
        location.text() or None,
        limit,
        "lte" if limit is not None else None,
        int(percentile.value) if percentile.value is not None else None,
    )
