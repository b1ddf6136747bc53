"""Who comes and what they see: a day's sessions and page views, with how fast each page was.

Truth before measurement: nothing is lost, sent twice or malformed here (`beacons` and `hostile` do that), and no text
is written. Speed comes first and decisions after it, because the planted effect runs from speed to buying.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from orchestration.simulate import site
from orchestration.simulate.plan import DAY_MS, Plan
from orchestration.simulate.speed import Speed, field_of, hasten
from orchestration.simulate.truth import PLANTED, REFERENCE_LCP_MS, Effects

# Share of a day's sessions by local hour: quiet nights, a noon hump, a long evening.
_HOURLY = np.array([8, 5, 3, 2, 2, 4, 9, 17, 26, 32, 36, 40, 44, 42, 40, 40, 42, 46, 54, 64, 70, 62, 40, 20], float)
_WEEKLY = (1.04, 1.0, 0.98, 1.0, 0.97, 0.92, 1.09)  # Monday first
_DROPPED_DURING_OUTAGE = 0.9


@dataclass(frozen=True)
class Sessions:
    """One element for each session. Indices point into the tuples of `site`; times are epoch ms, UTC."""

    device: np.ndarray
    country: np.ndarray
    browser: np.ndarray
    channel: np.ndarray
    connection: np.ndarray
    visitor: np.ndarray
    is_new: np.ndarray
    is_logged_in: np.ndarray
    is_bot: np.ndarray
    is_converted: np.ndarray
    start_ms: np.ndarray
    pages: np.ndarray

    def __len__(self) -> int:
        return len(self.pages)


@dataclass(frozen=True)
class Views:
    """One element for each page view, by session and then by time. Metrics are what the browser would measure."""

    session: np.ndarray
    ordinal: np.ndarray
    group: np.ndarray
    item: np.ndarray
    navigation: np.ndarray
    start_ms: np.ndarray
    dwell_ms: np.ndarray
    release: np.ndarray
    ttfb_ms: np.ndarray
    fcp_ms: np.ndarray
    lcp_ms: np.ndarray
    inp_ms: np.ndarray
    cls: np.ndarray

    def __len__(self) -> int:
        return len(self.session)


def views_by_day(plan: Plan, per_day: int, seed: int) -> list[int]:
    """Returns the page views of each day of the period: `per_day` on average, with week, year, growth and chance."""
    days = np.arange(plan.start_ms // DAY_MS, plan.end_ms // DAY_MS)
    weekly = np.array(_WEEKLY)[(days + 3) % 7]  # 1970-01-01 was a Thursday
    yearly = 1 + 0.12 * np.cos(2 * np.pi * (days % 365.25 - 340) / 365.25)  # busiest in early December
    growth = 1 + 0.0004 * np.arange(len(days))
    chance = np.exp(np.random.default_rng([seed, 2]).normal(0, 0.03, len(days)))
    relative = weekly * yearly * growth * chance
    return [max(1, round(views)) for views in per_day * relative / relative.mean()]


def draw_day(
    day_ms: int, view_count: int, plan: Plan, rng: np.random.Generator, effects: Effects = PLANTED
) -> tuple[Sessions, Views]:
    """Draws one UTC day: `view_count` page views of people, and about 3 % as many of bots after them.

    Sessions start within the day and may end in the next.
    """
    people = _people(day_ms, view_count, plan, rng, effects)
    return _with_bots(*people, day_ms, rng)


def buying_chance(sessions: Mapping[str, np.ndarray], first_lcp_ms: np.ndarray, effects: Effects) -> np.ndarray:
    """Returns how likely sessions are to buy while the shop is up, from their fields and the first page's LCP."""
    standing = field_of(site.DEVICES, "conversion_logit")[sessions["device"]]
    standing = standing + field_of(site.COUNTRIES, "conversion_logit")[sessions["country"]]
    return _logistic(
        -3.25
        + effects.confounding * standing
        + np.array(site.CHANNEL_LOGITS)[sessions["channel"]]
        - 0.25 * sessions["is_new"]
        + effects.conversion * np.log2(first_lcp_ms / REFERENCE_LCP_MS)
    )


def _people(
    day_ms: int, view_count: int, plan: Plan, rng: np.random.Generator, effects: Effects
) -> tuple[Sessions, Views]:
    n = view_count // 2 + 50  # sessions have 3.4 views on average: more than enough, and cut below
    speed = Speed(plan, rng)
    luck = rng.normal(0, 1, n)
    drawn = {
        "device": _pick(rng, [d.share for d in site.DEVICES], n).astype(np.int16),
        "country": _pick(rng, [c.share for c in site.COUNTRIES], n).astype(np.int16),
        "channel": _pick(rng, site.CHANNEL_SHARES, n),
        "is_new": rng.random(n) < 0.55,
        "is_bot": np.zeros(n, bool),
    }
    drawn["start_ms"] = _starts(day_ms, drawn["country"], rng)
    drawn["browser"] = _browsers(drawn["device"], rng)
    drawn["connection"] = np.where(drawn["device"] == 1, 0, _pick(rng, (0.86, 0.11, 0.03), n))
    drawn["visitor"] = _visitors(day_ms, drawn["is_new"], view_count, rng)
    first = {
        "group": _pick(rng, [g.landing for g in site.PAGE_GROUPS], n),
        "navigation": _pick(rng, site.FIRST_NAVIGATION_SHARES, n),
    }
    first |= speed.draw(drawn["device"], drawn["country"], first["group"], drawn["start_ms"], luck)
    hasten(first, first["navigation"])
    drawn["is_converted"], drawn["pages"] = _decided(drawn, first["lcp_ms"], plan, rng, effects)
    drawn["is_logged_in"] = rng.random(n) < np.select([drawn["is_converted"], drawn["is_new"]], [0.7, 0.08], 0.45)
    # The last session is cut so that the day has exactly its number of views; without room to pay, nothing is bought.
    total = np.cumsum(drawn["pages"])
    keep = int(np.searchsorted(total, view_count)) + 1
    drawn["pages"][keep - 1] -= total[keep - 1] - view_count
    drawn["is_converted"][keep - 1] &= drawn["pages"][keep - 1] >= 4
    sessions = Sessions(**{name: values[:keep] for name, values in drawn.items()})
    return sessions, _views(sessions, {name: values[:keep] for name, values in first.items()}, luck[:keep], speed, rng)


def _decided(
    drawn: dict[str, np.ndarray], first_lcp_ms: np.ndarray, plan: Plan, rng: np.random.Generator, effects: Effects
) -> tuple[np.ndarray, np.ndarray]:
    """Returns whether sessions buy, and their page views: both follow from the first page's LCP, as planted."""
    n = len(first_lcp_ms)
    doublings = np.log2(first_lcp_ms / REFERENCE_LCP_MS)
    converted = rng.random(n) < buying_chance(drawn, first_lcp_ms, effects)
    converted &= ~_unlucky(drawn["start_ms"], plan, rng)
    bounced = ~converted & (rng.random(n) < _logistic(-0.35 + effects.bounce * doublings))
    pages = np.where(bounced, 1, np.minimum(2 + rng.geometric(0.32, n), 25)) + 2 * converted
    return converted, pages


def _views(
    sessions: Sessions, first: dict[str, np.ndarray], luck: np.ndarray, speed: Speed, rng: np.random.Generator
) -> Views:
    session = np.repeat(np.arange(len(sessions)), sessions.pages)
    starts = np.cumsum(sessions.pages) - sessions.pages
    ordinal = np.arange(len(session)) - starts[session]
    left = sessions.pages[session] - 1 - ordinal
    n = len(session)
    buying = sessions.is_converted[session]
    group = _pick(rng, [g.browsing for g in site.PAGE_GROUPS], n)
    group = np.where(buying & (left == 2), site.GROUP_INDEX["cart"], group)
    group = np.where(buying & (left < 2), site.GROUP_INDEX["checkout"], group)
    dwell = np.minimum(3000 + rng.lognormal(10.0, 1.0, n), 20 * 60_000).astype(np.int64)
    before = np.cumsum(dwell) - dwell
    start_ms = sessions.start_ms[session] + before - before[starts][session]
    drawn = {"group": group, "navigation": _pick(rng, site.LATER_NAVIGATION_SHARES, n)}
    drawn |= speed.draw(sessions.device[session], sessions.country[session], group, start_ms, luck[session])
    hasten(drawn, drawn["navigation"])
    for name, values in first.items():
        drawn[name][starts] = values
    return Views(
        session=session,
        ordinal=ordinal,
        item=np.minimum(rng.geometric(0.012, n) - 1, site.PRODUCT_COUNT - 1),
        start_ms=start_ms,
        dwell_ms=dwell,
        release=speed.release_at(start_ms),
        **drawn,
    )


def _with_bots(sessions: Sessions, views: Views, day_ms: int, rng: np.random.Generator) -> tuple[Sessions, Views]:
    n = int(rng.binomial(len(views), 0.03))
    pick = rng.integers(0, len(views), n)
    start_ms = day_ms + rng.integers(0, DAY_MS - 60_000, n)
    owner = views.session[pick]
    bots = {name: getattr(sessions, name)[owner] for name in Sessions.__dataclass_fields__}
    bots |= {"is_bot": np.ones(n, bool), "is_converted": np.zeros(n, bool), "is_logged_in": np.zeros(n, bool),
             "start_ms": start_ms, "pages": np.ones(n, bots["pages"].dtype)}  # fmt: skip
    seen = {name: getattr(views, name)[pick] for name in Views.__dataclass_fields__}
    seen |= {"session": len(sessions) + np.arange(n), "ordinal": np.zeros(n, views.ordinal.dtype),
             "navigation": np.zeros(n, views.navigation.dtype), "start_ms": start_ms,
             "dwell_ms": np.full(n, 3000)}  # fmt: skip
    return (
        Sessions(**{name: np.concatenate([getattr(sessions, name), values]) for name, values in bots.items()}),
        Views(**{name: np.concatenate([getattr(views, name), values]) for name, values in seen.items()}),
    )


def _starts(day_ms: int, country: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    share = np.concatenate([[0.0], np.cumsum(_HOURLY) / _HOURLY.sum()])
    local_h = np.interp(rng.random(len(country)), share, np.arange(25))
    hours = (local_h - field_of(site.COUNTRIES, "utc_offset_h")[country]) % 24
    return day_ms + np.minimum((hours * 3_600_000).astype(np.int64), DAY_MS - 1)


def _unlucky(start_ms: np.ndarray, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    """Sessions that meet an outage of the shop or its checkout mostly cannot buy."""
    hit = np.zeros(len(start_ms), bool)
    for outage in plan.outages:
        if outage.service != "search-api":
            hit |= (start_ms >= outage.started_ms) & (start_ms < outage.ended_ms)
    return hit & (rng.random(len(start_ms)) < _DROPPED_DURING_OUTAGE)


def _visitors(day_ms: int, is_new: np.ndarray, view_count: int, rng: np.random.Generator) -> np.ndarray:
    """New visitors get numbers of their own; the others come from a pool of about a week's worth."""
    new = (day_ms // DAY_MS) * 10_000_000 + np.arange(len(is_new))
    known = np.floor(rng.power(0.6, len(is_new)) * max(50, view_count * 2)).astype(np.int64)
    return np.where(is_new, new, known)


def _browsers(device: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    chance = rng.random(len(device))
    browser = np.zeros(len(device), np.int16)
    for index, kind in enumerate(site.DEVICES):
        own = [i for i, b in enumerate(site.BROWSERS) if b.device == kind.name]
        steps = np.cumsum([site.BROWSERS[i].share for i in own])[:-1]
        browser = np.where(device == index, np.array(own)[np.searchsorted(steps, chance)], browser)
    return browser


def _pick(rng: np.random.Generator, shares: "list[float] | tuple[float, ...]", n: int) -> np.ndarray:
    steps = np.cumsum(np.array(shares) / np.sum(shares))[:-1]
    return np.searchsorted(steps, rng.random(n), side="right")


def _logistic(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))
