"""The shop's own records of a day: orders, and the sessions that another analytics tool saw.

Orders carry the shop's local time without naming its zone, and change later (cancelled, refunded): the same order then
stands in a later export again.
"""

from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulate import site
from orchestration.simulate.beacon_lines import user_ids
from orchestration.simulate.plan import DAY_MS, Plan
from orchestration.simulate.traffic import Sessions, Views
from orchestration.simulate.truth import Truth
from orchestration.simulate.writers import csv_lines, iso_times, joined, strings

_BASKETS_EUR = (64.0, 0.6)  # median and log-sd
_STATUSES = ["completed", "cancelled", "refunded"]


@dataclass
class Changes:
    """Order lines that a later export brings: late on the day itself, or again with a new status."""

    by_day: dict[int, list[pa.Array]] = field(default_factory=dict)

    def keep(self, days: np.ndarray, lines: pa.Array, chosen: np.ndarray) -> None:
        """Keeps the chosen lines for the export of their day."""
        for day in np.unique(days[chosen]):
            self.by_day.setdefault(int(day), []).append(lines.filter(pa.array(chosen & (days == day))))


@dataclass(frozen=True)
class _Orders:
    """One element for each order; money in cents of its currency, times epoch ms. `status` indexes _STATUSES."""

    session: np.ndarray
    ordered_ms: np.ndarray
    cents: np.ndarray
    currency: np.ndarray
    status: np.ndarray
    refund: np.ndarray
    changed_on: np.ndarray

    @property
    def day(self) -> np.ndarray:
        return self.ordered_ms // DAY_MS * DAY_MS


def orders(
    day_ms: int, sessions: Sessions, session_ids: pa.Array, views: Views, changes: Changes, truth: Truth,
    plan: Plan, rng: np.random.Generator,
) -> tuple[bytes, pa.Array]:  # fmt: skip
    """Returns header and lines of the day's orders export, one order for each converted session.

    `revenue` and `refund` are in `currency`, with two decimals; `ordered_at` is naive local time.
    """
    drawn = _draw(sessions, views, rng)
    _count(drawn, plan, truth)
    take = pa.array(drawn.session)
    columns = {
        "order_id": joined("ORD-", strings(day_ms // DAY_MS * 100_000 + np.arange(len(drawn.session)))),
        "ordered_at": _local_times(drawn.ordered_ms),
        "revenue": _money(drawn.cents),
        "currency": strings(drawn.currency),
        "session_id": session_ids.take(take),
        "user_id": user_ids(sessions).take(take),
    }

    def lines(status: np.ndarray, refund: np.ndarray) -> tuple[bytes, pa.Array]:
        refunds = pc.if_else(pa.array(refund > 0), _money(refund), pa.scalar(None, pa.string()))
        return csv_lines({**columns, "status": strings(_STATUSES).take(pa.array(status)), "refund": refunds})

    changes_later = drawn.changed_on > 0
    header, first = lines(np.where(changes_later, 0, drawn.status), np.where(changes_later, 0, drawn.refund))
    _, second = lines(drawn.status, drawn.refund)
    changes.keep(drawn.day, first, drawn.day > day_ms)
    changes.keep(drawn.changed_on, second, changes_later)
    today = first.filter(pa.array(drawn.day == day_ms))
    return header, pa.concat_arrays([today, *changes.by_day.pop(day_ms, [])])


def session_rows(
    day_ms: int, sessions: Sessions, session_ids: pa.Array, views: Views, addresses: pa.Array, plan: Plan
) -> tuple[bytes, pa.Array]:
    """Returns header and lines of the day's sessions export (people only; times naive, in UTC)."""
    ends = np.cumsum(sessions.pages) - 1
    starts = ends - sessions.pages + 1
    people = np.flatnonzero(~sessions.is_bot)
    take = pa.array(people)
    ended = np.minimum(views.start_ms[ends] + views.dwell_ms[ends], plan.end_ms - 1000)
    return csv_lines(
        {
            "session_id": session_ids.take(take),
            "started_at": iso_times(sessions.start_ms[people], "naive"),
            "ended_at": iso_times(np.maximum(ended, sessions.start_ms)[people], "naive"),
            "page_views": sessions.pages[people],
            "landing_url": pc.replace_substring(addresses, "\0", "").take(pa.array(starts[people])),
            "channel": strings(list(site.CHANNELS)).take(pa.array(sessions.channel[people])),
            "device": strings([d.name for d in site.DEVICES]).take(pa.array(sessions.device[people])),
            "country": strings([c.code for c in site.COUNTRIES]).take(pa.array(sessions.country[people])),
            "is_new_user": sessions.is_new[people],
        },
        quoted=("landing_url",),
    )


def _draw(sessions: Sessions, views: Views, rng: np.random.Generator) -> _Orders:
    buyers = np.flatnonzero(sessions.is_converted)
    n = len(buyers)
    ordered = views.start_ms[np.cumsum(sessions.pages)[buyers] - 1] + 2000
    median, spread = _BASKETS_EUR
    cents = np.maximum(500, np.round(np.exp(rng.normal(np.log(median), spread, n)) * 100)).astype(np.int64)
    codes = np.array([site.CURRENCY_OF_COUNTRY.get(country.code, "EUR") for country in site.COUNTRIES])
    status = np.searchsorted([0.94, 0.97], rng.random(n), side="right")
    refund = np.where(status == 2, np.where(rng.random(n) < 0.5, cents, cents // 2), 0)
    # Most statuses change after the export of the day: the order comes as completed, and again one to three days later.
    later = (status > 0) & (rng.random(n) < 0.7)
    changed_on = np.where(later, ordered // DAY_MS * DAY_MS + rng.integers(1, 4, n) * DAY_MS, 0)
    return _Orders(buyers, ordered, cents, codes[sessions.country[buyers]], status, refund, changed_on)


def _count(drawn: _Orders, plan: Plan, truth: Truth) -> None:
    """Adds the orders as the exports of the period leave them: a change after its end is not known."""
    unheard = drawn.changed_on >= plan.end_ms
    converting = unheard | (drawn.status != 1)
    net = np.where(converting, drawn.cents - np.where(unheard, 0, drawn.refund), 0)
    for day in np.unique(drawn.day[drawn.day < plan.end_ms]):
        on = drawn.day == day
        truth.add(int(day), orders=int(on.sum()), converting_orders=int((on & converting).sum()))
        for code in site.CURRENCIES:
            truth.add(int(day), **{f"revenue_net_cents_{code}": int(net[on & (drawn.currency == code)].sum())})


def _money(cents: np.ndarray) -> pa.Array:
    whole, rest = strings(cents // 100), strings(cents % 100 + 100)
    return joined(whole, ".", pc.utf8_slice_codeunits(rest, 1, 3))


def _local_times(ms: np.ndarray) -> pa.Array:
    zone = ZoneInfo(site.LOCAL_ZONE)
    zoned = pa.array(ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms", zone.key))
    naive = pc.local_timestamp(zoned)
    return pc.utf8_slice_codeunits(naive.cast(pa.string()), 0, 19)
