"""What browsers report about page views: several reports each, some lost, some sent twice, some late.

From views to reports in the order in which the collector received them, and what the truth says about them. Their text
is written in `beacon_lines`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from orchestration.simulate import site
from orchestration.simulate.plan import DAY_MS, Plan
from orchestration.simulate.traffic import Sessions, Views
from orchestration.simulate.truth import Truth

METRICS = ("page_view", "TTFB", "FCP", "LCP", "CLS", "INP")

_LOST_SHARE = 0.004
_DUPLICATE_SHARE = 0.005
_OFFLINE_SHARE = 0.01
_INVALID_SHARE = 0.0003
_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Reports:
    """One element for each report that reached the collector, in the order of receipt.

    `metric` indexes METRICS; `value` is NaN for a page view; `ts` is the receipt, `export_day` the day of the export,
    both epoch ms in UTC.
    """

    view: np.ndarray
    metric: np.ndarray
    value: np.ndarray
    delta: np.ndarray
    ts: np.ndarray
    export_day: np.ndarray

    def where(self, chosen: Any) -> "Reports":
        """Returns the chosen reports (a mask, indices or a slice)."""
        return Reports(*(getattr(self, name)[chosen] for name in Reports.__dataclass_fields__))


def draw_reports(
    day_ms: int, sessions: Sessions, views: Views, plan: Plan, truth: Truth, rng: np.random.Generator
) -> Reports:
    """Draws what the collector receives of a day's views; what was planted on the way is added to the truth.

    A report is exported on the UTC day of its receipt, or 1 to 3 days later if the browser was offline or the collector
    lost an hour and made up for it. What would be exported after the period is not there: nobody has it yet.
    """
    parts = [_single(name, views, rng) for name in METRICS[:4]]
    parts += [_chain(name, sessions, views, rng) for name in METRICS[4:]]
    view, metric, value, delta, ts, nth = (np.concatenate(column) for column in zip(*parts, strict=True))
    human = ~sessions.is_bot[views.session[view]]
    bad = _invalid(metric, rng)
    value = np.where(bad == 0, value, np.where(bad < 0, -1.0, 7_200_000.0))
    delta = np.where(bad == 0, delta, value)
    lost = rng.random(len(view)) < _LOST_SHARE
    again = np.flatnonzero(~lost & (rng.random(len(view)) < _DUPLICATE_SHARE))
    sent = np.concatenate([np.flatnonzero(~lost), again])
    ts = np.concatenate([ts[~lost], ts[again] + rng.integers(50, 400, len(again))])
    order = np.argsort(ts, kind="stable")
    sent, ts = sent[order], ts[order]
    export_day = _export_days(ts, view[sent], len(views), plan, rng)
    landed = export_day < plan.end_ms
    sent, ts, export_day = sent[landed], ts[landed], export_day[landed]
    copies = np.bincount(sent, minlength=len(view))
    broken = _gives_loss_away(copies > 0, value, delta, nth) & human
    truth.add(
        day_ms,
        reports=len(sent),
        lost_reports=int(lost.sum()),
        duplicate_reports=int((copies[human] > 1).sum()),
        late_reports=int((export_day > ts // DAY_MS * DAY_MS).sum()),
        invalid_negative=int(((bad < 0) & (copies > 0) & human).sum()),
        invalid_too_large=int(((bad > 0) & (copies > 0) & human).sum()),
        broken_chains_CLS=int((broken & (metric == METRICS.index("CLS"))).sum()),
        broken_chains_INP=int((broken & (metric == METRICS.index("INP"))).sum()),
    )
    return Reports(view[sent], metric[sent], value[sent], delta[sent], ts, export_day)


def count_views(reports: Reports, sessions: Sessions, views: Views, truth: Truth) -> None:
    """Adds the page views and sessions that can be seen in what landed to the day of their first event."""
    first = np.full(len(views), _NEVER)
    np.minimum.at(first, reports.view, reports.ts)
    is_bot = sessions.is_bot[views.session]
    begun = np.full(len(sessions), _NEVER)
    np.minimum.at(begun, views.session[~is_bot], first[~is_bot])
    for name, times in (("page_views", first[~is_bot]), ("bot_page_views", first[is_bot]), ("sessions", begun)):
        days, counts = np.unique(times[times < _NEVER] // DAY_MS, return_counts=True)
        for day, count in zip(days, counts, strict=True):
            truth.add(int(day) * DAY_MS, **{name: int(count)})


def _single(name: str, views: Views, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """A metric that is reported once, shortly after it is known."""
    n = len(views)
    if name == "page_view":
        value, ts = np.full(n, np.nan), views.start_ms + 150 + rng.integers(0, 100, n)
    else:
        value = {"TTFB": views.ttfb_ms, "FCP": views.fcp_ms, "LCP": views.lcp_ms}[name]
        ts = views.start_ms + 260 + value.astype(np.int64) + rng.integers(0, 600, n)
    return np.arange(n), np.full(n, METRICS.index(name), np.int8), value, value, ts, np.zeros(n, np.int64)


def _chain(name: str, sessions: Sessions, views: Views, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """A metric that is reported again when it changes: each report adds `delta` to the one before."""
    n = len(views)
    human = ~sessions.is_bot[views.session]
    if name == "CLS":
        there = human & np.array([b.has_cls for b in site.BROWSERS])[sessions.browser[views.session]]
        final = views.cls
        counts = np.where(final > 0, rng.choice(3, n, p=[0.6, 0.3, 0.1]) + 1, 1)
        steps = np.round(final[:, None] * np.array([0.3, 0.7, 1.0]), 4)
    else:
        there = human & (rng.random(n) < 0.62)
        final, counts = views.inp_ms, rng.choice(3, n, p=[0.72, 0.23, 0.05]) + 1
        # INP is a high percentile of many interactions, so the last value is not always the largest.
        early = np.where(rng.random(n) < 0.05, 1.5, 0.5)
        shares = np.stack([early, (early + 1) / 2, np.ones(n)], axis=1)
        steps = np.maximum(8, np.round(final[:, None] * shares / 8) * 8)
    chosen = np.flatnonzero(there)
    reports = counts[chosen]
    view = np.repeat(chosen, reports)
    nth = np.arange(len(view)) - np.repeat(np.cumsum(reports) - reports, reports)
    step = 3 - counts[view] + nth
    value = steps[view, step]
    delta = np.round(value - np.where(nth > 0, steps[view, np.maximum(step - 1, 0)], 0.0), 4)
    # The collector sees an id's reports at least 900 ms apart: chains keep their order even when one is sent twice.
    ts = views.start_ms[view] + 1500 + (views.dwell_ms[view] * (0.35 + 0.3 * step)).astype(np.int64)
    told = (nth == 0) | (delta != 0)  # the library is silent when nothing changed
    metric = np.full(len(view), METRICS.index(name), np.int8)
    return tuple(column[told] for column in (view, metric, value, delta, ts, nth))


def _invalid(metric: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Returns where a value is one that no browser should send: -1 for below zero, 1 for longer than ten minutes."""
    single = (metric >= METRICS.index("TTFB")) & (metric <= METRICS.index("LCP"))
    bad = single & (rng.random(len(metric)) < _INVALID_SHARE)
    return np.where(bad, rng.choice([-1, 1], len(metric)), 0)


def _gives_loss_away(landed: np.ndarray, value: np.ndarray, delta: np.ndarray, nth: np.ndarray) -> np.ndarray:
    """Returns the landed reports whose `value - delta` is not the last value of their chain that landed."""
    follows = np.concatenate([[False], nth[1:] > nth[:-1]])
    last = np.where(follows & np.roll(landed, 1), np.roll(value, 1), np.nan)
    skips = follows & np.roll(follows, 1) & np.roll(landed, 2)
    last = np.where(np.isnan(last), np.where(skips, np.roll(value, 2), 0.0), last)
    return landed & follows & (np.round(value - delta - last, 4) != 0)


def _export_days(ts: np.ndarray, view: np.ndarray, views: int, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    offline = np.where(rng.random(views) < _OFFLINE_SHARE, rng.integers(1, 4, views), 0)[view]
    for window in plan.late_hours:
        offline = np.where((ts >= window.started_ms) & (ts < window.ended_ms), 2, offline)
    return ts // DAY_MS * DAY_MS + offline * DAY_MS
