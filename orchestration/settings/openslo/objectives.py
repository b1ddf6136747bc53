"""What an OpenSLO document is read into: objectives, and the burn rates at which they alert.

How documents are written and refused belongs to the modules beside this one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Indicator = Literal[
    "availability",
    "check_success",
    "check_latency",
    "good_lcp",
    "good_inp",
    "good_cls",
    "error_free_sessions",
    "request_success",
    "request_latency",
    "order_success",
    "composite",
]
Operator = Literal["lte", "lt", "gte", "gt"]
BudgetingMethod = Literal["Occurrences", "Timeslices", "RatioTimeslices"]
CalendarUnit = Literal["day", "week", "month", "quarter", "year"]

NOMINAL_DAYS = {"day": 1, "week": 7, "month": 30, "quarter": 90, "year": 365}
FEEDS = {
    "availability": "probes",
    "check_success": "probes",
    "check_latency": "probes",
    "good_lcp": "beacons",
    "good_inp": "beacons",
    "good_cls": "beacons",
    "error_free_sessions": "beacons",
    "request_success": "requests",
    "request_latency": "requests",
    "order_success": "orders",
}

# Burn rates are kept by buckets of this length: every window is a whole number of them.
BUCKET_S = 300
# Between two checks, where neither the configuration nor a check says it.
USUAL_INTERVAL_S = 60

# (severity, long window, short window, share of the budget): Google SRE workbook, "Alerting on SLOs", table 5-8.
_PAIRS = (
    ("critical", 3600, 300, 0.02),
    ("critical", 6 * 3600, 1800, 0.05),
    ("warning", 86400, 7200, 0.1),
    ("warning", 3 * 86400, 6 * 3600, 0.1),
)
# A burn at a rate of 1 spends exactly the budget. The three-day pair of a 28-day period has 0.93.
_SMALLEST_FACTOR = 0.9


@dataclass(frozen=True)
class Window:
    """The period over which a budget is given.

    Rolling: the `days` days that end with the day looked at. Calendar: periods of `count` times `unit` that follow each
    other from `starts_at` (UTC, without zone) on, counted in `timezone`; `days` is then their nominal length.
    """

    days: int
    unit: CalendarUnit | None = None
    count: int | None = None
    starts_at: datetime | None = None
    timezone: str | None = None


@dataclass(frozen=True)
class Measure:
    """What is counted, and what narrows it; thresholds are in milliseconds."""

    indicator: Indicator
    page_group: str | None = None
    location: str | None = None
    threshold: float | None = None
    threshold_op: Operator | None = None
    percentile: int | None = None


@dataclass(frozen=True)
class AlertWindow:
    """A pair of windows whose burn rates must both pass `factor`; `budget_share` is what the long one then spent."""

    severity: str
    long_window_s: int
    short_window_s: int
    budget_share: float
    factor: float
    alert_after_s: int
    policy: str


@dataclass(frozen=True)
class Objective:
    """One promise: `target` is a share between 0 and 1.

    `slice_target` is the share of a time slice's events that must be good for the slice to count as good.
    `alert_windows` is None where the document names no policy: the usual pairs then hold.
    """

    name: str
    slo: str
    service: str
    description: str
    measure: Measure
    target: float
    window: Window
    budgeting_method: BudgetingMethod = "Occurrences"
    slice_target: float | None = None
    slice_s: int | None = None
    composite_slo: str | None = None
    composite_weight: float | None = None
    alert_windows: tuple[AlertWindow, ...] | None = None

    @property
    def feed(self) -> str | None:
        """The feed that it is counted from; None for a composite, which is counted from its parts."""
        return FEEDS.get(self.measure.indicator)


def burn_rate_windows(objective: Objective, probe_interval_s: int) -> Iterator[AlertWindow]:
    """Yields the windows at which an objective alerts.

    Factor = budget share times period / long window. On probes, a window shorter than two intervals is extended to two.
    A pair with which a burn would alert that never uses up the budget (a three-day window on a week) is left out.
    """
    shortest = 2 * probe_interval_s if objective.feed == "probes" else BUCKET_S
    shortest = -(-shortest // BUCKET_S) * BUCKET_S
    period = objective.window.days * 86400
    seen = set()
    for window in objective.alert_windows or ():
        long, short = max(window.long_window_s, shortest), max(window.short_window_s, shortest)
        share = window.factor * long / period
        yield AlertWindow(window.severity, long, short, share, window.factor, window.alert_after_s, window.policy)
    for severity, usual_long, usual_short, share in _PAIRS if objective.alert_windows is None else ():
        long, short = max(usual_long, shortest), max(usual_short, shortest)
        factor = share * period / long
        # Probes that are seldom make windows alike: the first of them has the lower factor.
        if factor >= _SMALLEST_FACTOR and (severity, long, short) not in seen:
            seen.add((severity, long, short))
            yield AlertWindow(severity, long, short, share, factor, 0, "default")


def can_fire(objective: Objective, factor: float) -> bool:
    """Returns whether a burn rate can pass a factor at all: with everything bad it is 1 / (1 - target)."""
    # 1 - 0.9 is a little less than 0.1 in binary: the last digits say nothing.
    return 1 / (1 - objective.target) > factor * (1 + 1e-9)
