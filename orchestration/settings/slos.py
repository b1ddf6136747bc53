"""Objectives: OpenSLO v1 documents read into `Slo`, in the form that Beaconmart can account for.

That form is one ratio objective, on availability or on good vitals, over one rolling window. Whatever else OpenSLO
allows is refused with the reason, so that no document is quietly read as something that it does not say.
"""

import re
from typing import Any

from orchestration.settings.documents import Document, Loc, Mistake
from orchestration.settings.openslo.objectives import Indicator, Measure, Objective, Window

TOTAL_OF_GOOD = {"up": "known", "good_lcp": "all_lcp", "good_inp": "all_inp", "good_cls": "all_cls"}

_PAIRS = ", ".join(f"good {good} of total {total}" for good, total in TOTAL_OF_GOOD.items())
_NAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
_REFUSED_KINDS = "only documents of kind SLO are read: services stand in beaconmart.yml, indicators inside the SLO"
_SPEC_KEYS = {"description", "service", "indicator", "timeWindow", "budgetingMethod", "objectives"}
_REFUSED_SPEC_KEYS = {
    "indicatorRef": "write the indicator itself under spec.indicator",
    "alertPolicies": "alerting follows the burn-rate rules; leave it out",
}


def read_slo(document: Document) -> tuple[Objective | None, list[Mistake]]:
    """Reads one OpenSLO document; returns the objective (None if it has mistakes) and its mistakes."""
    reader = _Reader(document)
    slo = reader.slo()
    return (None, reader.mistakes) if reader.mistakes else (slo, [])


class _Reader:
    """Walks one document, collecting every mistake instead of stopping at the first."""

    def __init__(self, document: Document):
        self.document = document
        self.mistakes: list[Mistake] = []

    def slo(self) -> Objective | None:
        if not isinstance(self.document.values, dict):
            self.wrong((), "not an OpenSLO document", "a mapping with apiVersion, kind, metadata and spec")
            return None
        self.known_keys((), {"apiVersion", "kind", "metadata", "spec"}, {})
        self.equals(("apiVersion",), "openslo/v1", "")
        if not self.equals(("kind",), "SLO", _REFUSED_KINDS):
            return None
        name = self.text(("metadata", "name"))
        if name and not _NAME.match(name):
            self.wrong(("metadata", "name"), f"'{name}' is not a name", "lower-case letters, digits and dashes")
        self.mapping(("spec",))
        self.known_keys(("spec",), _SPEC_KEYS, _REFUSED_SPEC_KEYS)
        self.equals(("spec", "budgetingMethod"), "Occurrences", "Timeslices and RatioTimeslices are not accounted yet")
        indicator, page_group = self.indicator(("spec", "indicator", "spec"))
        return Objective(
            name=name,
            slo=name,
            service=self.text(("spec", "service")),
            measure=Measure(indicator, page_group),
            target=self.target(("spec", "objectives")),
            window=self.window(("spec", "timeWindow")),
            description=self.description(),
        )

    def description(self) -> str:
        text = self.get(("spec", "description")) or self.get(("metadata", "displayName")) or ""
        if not isinstance(text, str):
            self.wrong(("spec", "description"), f"{text!r} is not text", "a sentence that says what is promised")
        return str(text).strip()

    def indicator(self, loc: Loc) -> tuple[Indicator, str | None]:
        if self.get(("spec", "indicatorRef")) is not None:
            return "availability", None
        self.mapping(loc)
        refused = {"thresholdMetric": "a threshold is not accounted yet: write a ratioMetric of good and total"}
        self.known_keys(loc, {"ratioMetric"}, refused)
        if "thresholdMetric" in (self.get(loc) or {}):
            return "availability", None
        ratio = (*loc, "ratioMetric")
        self.mapping(ratio)
        refused = {"bad": "write good instead", "raw": "write good and total", "rawType": "write good and total"}
        self.known_keys(ratio, {"counter", "good", "total"}, refused)
        self.equals((*ratio, "counter"), True, "good and total are counted")
        good, good_group = self.measure((*ratio, "good"), set(TOTAL_OF_GOOD))
        total, total_group = self.measure((*ratio, "total"), set(TOTAL_OF_GOOD.values()))
        if good and total and TOTAL_OF_GOOD[good] != total:
            self.wrong((*ratio, "total"), f"'{total}' is not what '{good}' is a share of", _PAIRS)
        if good_group != total_group:
            self.wrong((*ratio, "total"), "good and total look at different pages", "the same page_group in both")
        if good == "up" and good_group is not None:
            self.wrong((*ratio, "good"), "availability has no page_group", "leave page_group out")
        return ("availability" if good == "up" else good or "availability"), good_group  # type: ignore[return-value]

    def measure(self, loc: Loc, allowed: set[str]) -> tuple[str | None, str | None]:
        source = (*loc, "metricSource")
        self.mapping(source)
        self.known_keys(source, {"type", "spec"}, {"metricSourceRef": "write the metric source itself"})
        self.equals((*source, "type"), "beaconmart", "the measures are Beaconmart's own")
        self.known_keys((*source, "spec"), {"measure", "page_group"}, {})
        measure = self.get((*source, "spec", "measure"))
        if measure not in allowed:
            self.wrong((*source, "spec", "measure"), f"{measure!r} is not a measure here", " or ".join(sorted(allowed)))
            measure = None
        return measure, self.get((*source, "spec", "page_group"))

    def window(self, loc: Loc) -> Window:
        windows = self.one(loc, "time window", "- {duration: 28d, isRolling: true}")
        if windows is None:
            return Window(0)
        loc = (*loc, 0)
        refused = {"calendar": "calendar windows are not accounted yet: write duration: 28d and isRolling: true"}
        self.known_keys(loc, {"duration", "isRolling"}, refused)
        self.equals((*loc, "isRolling"), True, "calendar windows are not accounted yet")
        match = re.fullmatch(r"([1-9]\d{0,3})([dw])", str(windows.get("duration")))
        days = int(match[1]) * (7 if match[2] == "w" else 1) if match else 0
        if not 1 <= days <= 366:
            self.wrong((*loc, "duration"), f"{windows.get('duration')!r} is not a window", "1d to 366d, or weeks: 4w")
        return Window(days)

    def target(self, loc: Loc) -> float:
        objective = self.one(loc, "objective", "- {target: 0.999}")
        if objective is None:
            return 0.0
        loc = (*loc, 0)
        refused = {
            "op": "that belongs to a threshold, which is not accounted yet",
            "value": "that belongs to a threshold, which is not accounted yet",
            "timeSliceTarget": "time slices are not accounted yet",
            "timeSliceWindow": "time slices are not accounted yet",
            "indicator": "write the indicator under spec.indicator",
            "indicatorRef": "write the indicator under spec.indicator",
            "compositeWeight": "composite objectives are not accounted yet",
        }
        self.known_keys(loc, {"displayName", "target", "targetPercent"}, refused)
        if ("target" in objective) == ("targetPercent" in objective):
            self.wrong(loc, "one of target and targetPercent is needed", "target: 0.999 or targetPercent: 99.9")
            return 0.0
        key, scale = ("target", 1.0) if "target" in objective else ("targetPercent", 100.0)
        value = objective[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < scale:
            self.wrong((*loc, key), f"{value!r} leaves no error budget or asks for nothing", f"between 0 and {scale:g}")
            return 0.0
        # 99.9 / 100 is 0.9990000000000001 in binary: twelve digits are more than a target ever has.
        return round(value / scale, 12)

    def get(self, loc: Loc) -> Any:
        value = self.document.values
        for part in loc:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    def wrong(self, loc: Loc, message: str, expected: str) -> None:
        self.mistakes.append(self.document.mistake(loc, message, expected))

    def equals(self, loc: Loc, value: Any, reason: str) -> bool:
        found = self.get(loc)
        if found == value:
            return True
        said = "is missing" if found is None else f"is {found!r}" + (f": {reason}" if reason else "")
        self.wrong(loc, said, f"{loc[-1]}: {str(value).lower() if isinstance(value, bool) else value}")
        return False

    def text(self, loc: Loc) -> str:
        found = self.get(loc)
        if isinstance(found, str) and found:
            return found
        self.wrong(loc, "is missing" if found is None else f"{found!r} is not text", f"{loc[-1]}: a name")
        return ""

    def mapping(self, loc: Loc) -> None:
        if not isinstance(self.get(loc), dict):
            self.wrong(loc, "is missing or no mapping", f"a mapping under {loc[-1]}")

    def one(self, loc: Loc, what: str, example: str) -> dict[str, Any] | None:
        found = self.get(loc)
        if isinstance(found, list) and len(found) == 1 and isinstance(found[0], dict):
            return found[0]
        self.wrong(loc, f"exactly one {what} is accounted", f"a list with one item, such as {example}")
        return None

    def known_keys(self, loc: Loc, allowed: set[str], refused: dict[str, str]) -> None:
        found = self.get(loc)
        for key in found if isinstance(found, dict) else ():
            if key in refused:
                self.wrong((*loc, key), "is not supported", refused[key])
            elif key not in allowed:
                self.wrong((*loc, key), "is not known here", "one of " + ", ".join(sorted(allowed)))
