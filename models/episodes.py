"""Degradations as people tell them: degraded series of one metric that share views, day after day, are one.

What belongs here: which series of a date belong together, which of them says best what is slow, and how days make an
episode. Whether a day is degraded is decided in `degradations`; what carries an episode is worked out in `mixes`.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2s
from typing import Any, cast

import pandas as pd

from models.degradations import MODEL_NAME, MODEL_VERSION
from models.departures import DRIFT_DAYS, KEY

SCOPE = KEY[1:]
COLUMNS = [
    "degradation_id", *KEY, "kind", "value", "baseline_forecast", "change_share", "change_lower", "change_upper",
    "within_change_share", "q_value", "sample_count", "day_count", "series_count", "started_on", "found_on", "last_on",
    "model_name", "model_version",
]  # fmt: skip
# An episode outlasts this many days in a row on which nothing of it was degraded: a quiet Sunday does not end it.
MAX_GAP_DAYS = 2
# One series on one day is told only where its lone_q_value is at most this; another day or another series of the fault
# makes up for it. While something else is wrong, the allowance for false discoveries lets such loners through.
LONE_Q_VALUE = 0.01
# Of a fault of one segment the series around it shows a part, diluted by the rest; one that shows this much is itself
# what is slow.
UNDILUTED_SHARE = 0.6


def find_episodes(judged: pd.DataFrame) -> pd.DataFrame:
    """Join the degraded days of `degradations.find_degradations` into episodes.

    On each date the most certain series of a metric (smallest p-value) names a fault, or a wider series around it that
    is nearly as much slower. Every other degraded series of the metric that can share page views with it belongs to
    it; what is left names the next. A fault goes on while, within MAX_GAP_DAYS, one of its metric is found that
    is a part of it, or that it is a part of: another that only crosses it (a page group after a country) is new.

    Args:
        judged: the columns of `degradations.find_degradations`, all tested rows of a span of days.

    A series that is alone, on one day, with a lone_q_value over LONE_Q_VALUE is no episode yet.

    Returns:
        COLUMNS, a row for each episode, sorted by found_on and key. The key is the series that was most certain on
        any of the days. `kind` is step or drift (by how it was found). Values, baseline and changes are medians over
        its degraded days (of that series); change_lower and change_upper hold the day's value against the ends of the
        baseline's 95 % interval. Dates are UTC: started_on is the first day that was worse, found_on the first that
        proved it, last_on the last that was degraded.
    """
    judged = judged.assign(event_date=pd.to_datetime(judged["event_date"]).dt.date)
    degraded = judged[judged["is_degraded"].astype(bool)]
    episodes: list[_Episode] = []
    for key, rows in degraded.groupby(["event_date", "metric"], sort=True):
        day, metric = cast(tuple[date, str], key)
        for scope, members in _faults(rows):
            near = [e for e in episodes if e.metric == metric and e.goes_on(scope, day)]
            episode = near[-1] if near else _Episode(metric)
            if not near:
                episodes.append(episode)
            episode.add(day, scope, members)
    episodes = [episode for episode in episodes if episode.found_on]
    if not episodes:
        return pd.DataFrame(columns=COLUMNS)
    by_series = dict(iter(judged.groupby(KEY)))
    told = pd.DataFrame([_told(episode, by_series) for episode in episodes])
    return told.assign(model_name=MODEL_NAME, model_version=MODEL_VERSION)[COLUMNS].sort_values(
        ["found_on", *KEY], ignore_index=True
    )


Scope = tuple[str, ...]


@dataclass
class _Episode:
    metric: str
    days: list[date] = field(default_factory=list)
    scopes: set[Scope] = field(default_factory=set)
    series: set[Scope] = field(default_factory=set)
    best: tuple[float, Scope] = (math.inf, ())
    test: str = ""
    found_on: date | None = None

    def goes_on(self, scope: Scope, day: date) -> bool:
        """Whether a fault of `scope` on `day` may be this one."""
        return (day - self.days[-1]).days <= MAX_GAP_DAYS + 1 and any(
            _holds(scope, known) or _holds(known, scope) for known in self.scopes
        )

    def add(self, day: date, scope: Scope, members: pd.DataFrame) -> None:
        """Take a day's fault in."""
        first = members.iloc[0]
        self.test = self.test or str(first["test"])
        self.scopes.add(scope)
        self.series |= set(members[SCOPE].itertuples(index=False, name=None))
        if not self.days or self.days[-1] != day:
            self.days.append(day)
        is_sure = len(self.days) > 1 or len(members) > 1 or members["lone_q_value"].min() <= LONE_Q_VALUE
        self.found_on = self.found_on or (day if is_sure else None)
        if (first["p_value"], scope) < self.best:
            self.best = (float(first["p_value"]), scope)


def _faults(rows: pd.DataFrame) -> Iterable[tuple[Scope, pd.DataFrame]]:
    """The faults of one metric and date: the scope of each, and its rows, the most certain first."""
    rest = rows.sort_values(["p_value", *SCOPE])
    while len(rest):
        scope = _widest(rest)
        together = rest[SCOPE].apply(lambda other: _share(scope, tuple(other)), axis=1)  # noqa: B023 - used at once
        yield scope, rest[together]
        rest = rest[~together]


def _widest(rows: pd.DataFrame) -> Scope:
    """The widest of the series around the first row that is nearly as much slower as it."""
    first = rows.iloc[0]
    scopes = list(rows[SCOPE].itertuples(index=False, name=None))
    own = scopes[0]
    around = [
        scope
        for scope, change in zip(scopes, rows["within_change_share"], strict=True)
        if change >= UNDILUTED_SHARE * first["within_change_share"] and _holds(scope, own)
    ]
    return max(around, key=lambda scope: scope.count("all"))


def _holds(wide: Scope, narrow: Scope) -> bool:
    """Whether all page views of the narrow scope are of the wide one."""
    return all(a in ("all", b) for a, b in zip(wide, narrow, strict=True))


def _share(one: Scope, other: Scope) -> bool:
    """Whether two scopes can share page views."""
    return all(a in ("all", b) or b == "all" for a, b in zip(one, other, strict=True))


def _told(episode: _Episode, by_series: dict[Any, pd.DataFrame]) -> dict[str, Any]:
    key = (episode.metric, *episode.best[1])
    rows = by_series[key].sort_values("event_date")
    hit = rows[rows["is_degraded"].astype(bool) & rows["event_date"].isin(episode.days)]
    started_on = _started_on(rows, episode.days[0], episode.test)
    name = "|".join([*key, started_on.isoformat()])
    return {
        "degradation_id": blake2s(name.encode(), digest_size=8).hexdigest(),
        **dict(zip(KEY, key, strict=True)),
        "kind": "drift" if episode.test == "drift" else "step",
        **{
            column: float(hit[column].median())
            for column in ("value", "baseline_forecast", "change_share", "within_change_share")
        },
        "change_lower": float((hit["value"] / hit["baseline_upper"] - 1).median()),
        "change_upper": float((hit["value"] / hit["baseline_lower"] - 1).median()),
        "q_value": float(hit["q_value"].min()),
        "sample_count": int(hit["sample_count"].sum()),
        "day_count": len(episode.days),
        "series_count": len(episode.series),
        "started_on": started_on,
        "found_on": episode.found_on,
        "last_on": episode.days[-1],
    }


def _started_on(rows: pd.DataFrame, found_on: date, test: str) -> date:
    """The first day that was worse: of two days the first if it was at least half as bad, of a drift a week before."""
    if test == "drift":
        return found_on - timedelta(days=DRIFT_DAYS - 1)
    if test == "two_days":
        change = dict(zip(rows["event_date"], rows["change_share"], strict=True))
        before = found_on - timedelta(days=1)
        if change.get(before, 0.0) >= change.get(found_on, 0.0) / 2 > 0:
            return before
    return found_on
