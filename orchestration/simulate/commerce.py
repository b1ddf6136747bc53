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


@dataclass
class Changes:
    """Order lines that a later export repeats with a new status, by export day."""

    by_day: dict[int, list[pa.Array]] = field(default_factory=dict)


def orders(
    day_ms: int, sessions: Sessions, session_ids: pa.Array, views: Views, changes: Changes, truth: Truth,
    plan: Plan, rng: np.random.Generator,
) -> tuple[bytes, pa.Array]:  # fmt: skip
    """Returns header and lines of the day's orders export, one order for each converted session.

    `revenue` and `refund` are in `currency`, with two decimals; `ordered_at` is naive local time.
    """
    buyers = np.flatnonzero(sessions.is_converted)
    last = np.cumsum(sessions.pages)[buyers] - 1
    ordered = views.start_ms[last] + 2000
    at_day = ordered // DAY_MS * DAY_MS
    n = len(buyers)
    cents = np.maximum(500, np.round(np.exp(rng.normal(np.log(_BASKETS_EUR[0]), _BASKETS_EUR[1], n)) * 100)).astype(int)
    codes = [site.CURRENCY_OF_COUNTRY.get(c.code, "EUR") for c in site.COUNTRIES]
    chance = rng.random(n)
    final = np.where(chance < 0.03, 1, np.where(chance < 0.06, 2, 0))
    refund = np.where(final == 2, np.where(rng.random(n) < 0.5, cents, cents // 2), 0)
    number = joined("ORD-", strings(day_ms // DAY_MS * 100_000 + np.arange(n)))
    # A status that changes is exported as completed first, and again one to three days later.
    later = (final > 0) & (rng.random(n) < 0.7)
    changed_on = at_day + rng.integers(1, 4, n) * DAY_MS
    columns = {
        "order_id": number,
        "ordered_at": _local_times(ordered),
        "revenue": _money(cents),
        "currency": strings(codes).take(pa.array(sessions.country[buyers])),
        "session_id": session_ids.take(pa.array(buyers)),
        "user_id": user_ids(sessions).take(pa.array(buyers)),
    }
    statuses = strings(["completed", "cancelled", "refunded"])

    def lines(status: np.ndarray, back: np.ndarray) -> tuple[bytes, pa.Array]:
        refunds = pc.if_else(pa.array(back > 0), _money(back), pa.scalar(None, pa.string()))
        return csv_lines({**columns, "status": statuses.take(pa.array(status)), "refund": refunds})

    header, first = lines(np.where(later, 0, final), np.where(later, 0, refund))
    _, second = lines(final, refund)
    for day in np.unique(at_day[at_day > day_ms]):
        _keep(changes, int(day), first.filter(pa.array(at_day == day)))
    for day in np.unique(changed_on[later]):
        _keep(changes, int(day), second.filter(pa.array(later & (changed_on == day))))
    unheard = later & (changed_on >= plan.end_ms)
    converting = unheard | (final != 1)
    net = np.where(converting, cents - np.where(unheard, 0, refund), 0)
    paid_in = np.array(codes)[sessions.country[buyers]]
    for day in np.unique(at_day[at_day < plan.end_ms]):
        on = at_day == day
        truth.add(int(day), orders=int(on.sum()), converting_orders=int((on & converting).sum()))
        truth.add(int(day), **{f"revenue_net_cents_{c}": int(net[on & (paid_in == c)].sum()) for c in site.CURRENCIES})
    today = first.filter(pa.array(at_day == day_ms))
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


def _keep(changes: Changes, day: int, lines: pa.Array) -> None:
    changes.by_day.setdefault(day, []).append(lines)


def _money(cents: np.ndarray) -> pa.Array:
    whole, rest = strings(cents // 100), strings(cents % 100 + 100)
    return joined(whole, ".", pc.utf8_slice_codeunits(rest, 1, 3))


def _local_times(ms: np.ndarray) -> pa.Array:
    zone = ZoneInfo(site.LOCAL_ZONE)
    zoned = pa.array(ms.astype("datetime64[ms]"), pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms", zone.key))
    naive = pc.local_timestamp(zoned)
    return pc.utf8_slice_codeunits(naive.cast(pa.string()), 0, 19)
