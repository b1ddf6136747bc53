"""What browsers report about page views: several reports each, some lost, some sent twice, some late.

From views to lines of NDJSON in the order in which the collector received them. Everything about a session is turned
into text once, everything about a view once, and each report only adds its own few fields: that is what makes it fast.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulate import hostile, site
from orchestration.simulate.traffic import Sessions, Views
from orchestration.simulate.truth import DAY_MS, HOUR_MS, Plan, Truth
from orchestration.simulate.writers import hex_ids, joined, optional, strings

METRICS = ("page_view", "TTFB", "FCP", "LCP", "CLS", "INP")
_LIMITS = {"TTFB": (800, 1800), "FCP": (1800, 3000), "LCP": (2500, 4000), "CLS": (0.1, 0.25), "INP": (200, 500)}
_ATTRIBUTIONS = {
    "LCP": ('{"target":"main>img.hero","resourceLoadDelay":41.5}', '{"target":"h1"}'),
    "CLS": ('{"largestShiftTarget":"div.banner","loadState":"complete"}', '{"largestShiftTarget":"ul.results"}'),
    "INP": ('{"interactionTarget":"button#buy","interactionType":"pointer"}', '{"interactionTarget":"input.q"}'),
}
_LOST_SHARE = 0.004
_DUPLICATE_SHARE = 0.005
_OFFLINE_SHARE = 0.01
_INVALID_SHARE = 0.0003
_CHUNK = 150_000


@dataclass(frozen=True)
class Reports:
    """One element for each report that reaches the collector, in the order of receipt. `metric` indexes METRICS."""

    view: np.ndarray
    metric: np.ndarray
    value: np.ndarray
    delta: np.ndarray
    ts: np.ndarray
    export_day: np.ndarray

    def where(self, chosen: np.ndarray) -> "Reports":
        """Returns the chosen reports (a mask or indices)."""
        return Reports(*(getattr(self, name)[chosen] for name in Reports.__dataclass_fields__))


def draw_reports(
    day_ms: int, sessions: Sessions, views: Views, plan: Plan, truth: Truth, rng: np.random.Generator
) -> Reports:
    """Draws what the collector receives of a day's views; what was planted on the way is added to the truth.

    A report is exported on the UTC day of its receipt, or 1 to 3 days later if the browser was offline or the collector
    lost an hour and made up for it. What would be exported after the period is not there: nobody has it yet.
    """
    parts = [_single(name, sessions, views, rng) for name in METRICS[:4]]
    parts += [_chain(name, sessions, views, rng) for name in ("CLS", "INP")]
    view, metric, value, delta, ts, after = (np.concatenate(column) for column in zip(*parts, strict=True))
    value, delta = _spoiled(day_ms, metric, value, delta, truth, rng)
    n = len(view)
    lost = rng.random(n) < _LOST_SHARE
    # A report whose forerunner of the same chain was lost is what gives the loss away.
    gaps = ~lost & after & np.concatenate([[False], lost[:-1]])
    again = np.flatnonzero(~lost & (rng.random(n) < _DUPLICATE_SHARE))
    kept = np.concatenate([np.flatnonzero(~lost), again])
    ts = np.concatenate([ts[~lost], ts[again] + rng.integers(50, 400, len(again))])
    order = np.argsort(ts, kind="stable")
    kept, ts = kept[order], ts[order]
    export_day = _export_days(ts, view[kept], len(views), plan, rng)
    landed = export_day < plan.end_ms
    human = ~sessions.is_bot[views.session[view]]
    truth.add(
        day_ms,
        reports=int(landed.sum()),
        lost_reports=int((lost & human).sum()),
        duplicate_reports=len(again),
        late_reports=int((landed & (export_day > ts // DAY_MS * DAY_MS)).sum()),
        bot_page_views=int(sessions.is_bot.sum()),
        **{f"broken_chains_{name}": int((gaps & human & (metric == METRICS.index(name))).sum())
           for name in ("CLS", "INP")},
    )  # fmt: skip
    kept, ts, export_day = kept[landed], ts[landed], export_day[landed]
    return Reports(view[kept], metric[kept], value[kept], delta[kept], ts, export_day)


def count_views(reports: Reports, sessions: Sessions, views: Views, truth: Truth) -> None:
    """Adds page views of people and their sessions, as they can be seen in what landed, to the day of their first event."""
    first = np.full(len(views), np.iinfo(np.int64).max)
    np.minimum.at(first, reports.view, reports.ts)
    seen = (first < np.iinfo(np.int64).max) & ~sessions.is_bot[views.session]
    for day in np.unique(first[seen] // DAY_MS):
        truth.add(int(day * DAY_MS), page_views=int((first[seen] // DAY_MS == day).sum()))
    begun = np.full(len(sessions), np.iinfo(np.int64).max)
    np.minimum.at(begun, views.session[seen], first[seen])
    begun = begun[begun < np.iinfo(np.int64).max]
    for day in np.unique(begun // DAY_MS):
        truth.add(int(day * DAY_MS), sessions=int((begun // DAY_MS == day).sum()))


class Writer:
    """Turns reports into lines; made once for a day because the text of sessions and views is shared by their reports."""

    def __init__(self, sessions: Sessions, session_ids: pa.Array, views: Views, plan: Plan, rng: np.random.Generator):
        n = len(views)
        skew = np.where(rng.random(len(sessions)) < 0.01, rng.integers(-72, 72, len(sessions)) * HOUR_MS, 0)
        self.skewed_sessions = int((skew != 0).sum())
        self.clock = views.start_ms + skew[views.session] + rng.integers(5, 60, n)
        self.serial = rng.integers(10**12, 10**13 - 10**6, n)
        self.page_view_ids = hex_ids(rng, n, 32)
        self.urls = urls(views, rng)
        texts = _session_texts(sessions, session_ids, rng).take(pa.array(views.session))
        self.texts = self._view_texts(texts, sessions, views, plan, rng)
        # INP of every sixth view and the like is enough to have attribution in the data without doubling its size.
        self.attributed = rng.random(n) < 0.3

    def _view_texts(
        self, sessions_text: pa.Array, sessions: Sessions, views: Views, plan: Plan, rng: np.random.Generator
    ) -> pa.Array:
        releases = strings([release.release for release in plan.releases]).take(pa.array(views.release))
        kinds = strings(list(site.NAVIGATION_TYPES)).take(pa.array(views.navigation))
        address = _json_text(self.urls)
        # An old snippet sends what the library alone gives: no page_view_id, and the library's own page address.
        plain = (rng.random(len(sessions)) < 0.02)[views.session]
        new = joined(',"url":', address, ',"page_view_id":"', self.page_view_ids, '"')
        started = strings(np.round(rng.random(len(views)) * 5000 * (views.ordinal > 0), 1))
        number = strings(rng.integers(1000, 9999, len(views)))
        old = joined(',"navigationURL":', address, ',"navigationId":', number, ',"navigationStartTime":', started)
        return joined(
            ',"navigationType":"', kinds, '"', pc.if_else(pa.array(plain), old, new),
            ',"release":"', releases, '"', sessions_text, "}\n",
        )  # fmt: skip

    def lines(self, reports: Reports) -> Iterator[pa.Array]:
        """Yields chunks of lines for reports in the order of receipt."""
        for start in range(0, len(reports.view), _CHUNK):
            yield self._chunk(reports.where(np.s_[start : start + _CHUNK]))

    def _chunk(self, reports: Reports) -> pa.Array:
        view = reports.view
        names = strings(list(METRICS)).take(pa.array(reports.metric))
        value = pc.if_else(pa.array(np.isnan(reports.value)), pa.scalar(None, pa.string()), _numbers(reports.value))
        # Each metric of a view has an id of its own, and all its reports share that one.
        serial = self.serial[view] + reports.metric.astype(np.int64) * 7919
        rated = _ratings(reports.metric, reports.value)
        ts = strings(reports.ts)
        is_text = (view % 50) == 7
        if is_text.any():
            text = pa.array(np.datetime_as_string(reports.ts.astype("datetime64[ms]")), pa.string())
            ts = pc.if_else(pa.array(is_text), joined('"', text, 'Z"'), ts)
        return joined(
            '{"name":"', names, '"', optional(',"value":', value),
            pc.if_else(pc.is_null(value), "", joined(',"delta":', _numbers(np.nan_to_num(reports.delta)))),
            ',"id":"v5-', strings(self.clock[view]), "-", strings(serial), '","ts":', ts,
            optional(',"rating":"', rated, '"'), self._attributions(reports), self.texts.take(pa.array(view)),
        )  # fmt: skip

    def _attributions(self, reports: Reports) -> pa.Array:
        choices = [""]
        index = np.zeros(len(reports.view), np.int32)
        for name, texts in _ATTRIBUTIONS.items():
            hit = (reports.metric == METRICS.index(name)) & self.attributed[reports.view]
            index = np.where(hit, len(choices) + reports.view % len(texts), index)
            choices += [f',"attribution":{text}' for text in texts]
        return strings(choices).take(pa.array(index))


def urls(views: Views, rng: np.random.Generator) -> pa.Array:
    """Returns the full address of each view, query strings with personal data and hostile paths included."""
    n = len(views)
    item = views.item
    paths = {
        "home": "/",
        "category": joined("/c/", strings(list(site.CATEGORIES)).take(pa.array(item % len(site.CATEGORIES)))),
        "product": joined("/product/article-", strings(1000 + item)),
        "search": "/search",
        "cart": "/cart",
        "checkout": strings(["/checkout", "/checkout/payment", "/checkout/done"]).take(pa.array(item % 3)),
        "account": strings(["/account", "/account/orders"]).take(pa.array(item % 2)),
        "help": strings(["/help", "/help/returns"]).take(pa.array(item % 2)),
    }
    path = pa.array(np.full(n, ""), pa.string())
    for group, text in paths.items():
        path = pc.if_else(pa.array(views.group == site.GROUP_INDEX[group]), text, path)
    query = np.where(rng.random(n) < 0.06, 1 + item % len(hostile.PERSONAL_QUERIES), 0)
    address = joined(site.ORIGIN, path, strings(["", *hostile.PERSONAL_QUERIES]).take(pa.array(query)))
    bad = rng.random(n) < 0.0005
    if bad.any():
        choices = strings([site.ORIGIN + text for text in hostile.PATHS])
        address = pc.if_else(pa.array(bad), choices.take(pa.array(item % len(hostile.PATHS))), address)
    return address


def user_ids(sessions: Sessions) -> pa.Array:
    """Returns raw user ids, null where nobody is logged in; one in seven is an e-mail address."""
    number = strings(sessions.visitor)
    mail = pa.array(sessions.visitor % 7 == 0)
    text = pc.if_else(mail, joined("customer", number, "@mail.example"), joined("u-", number))
    return pc.if_else(pa.array(sessions.is_logged_in), text, pa.scalar(None, pa.string()))


def _session_texts(sessions: Sessions, session_ids: pa.Array, rng: np.random.Generator) -> pa.Array:
    n = len(sessions)

    def constants(things: list[str], index: np.ndarray) -> pa.Array:
        return strings(things).take(pa.array(index))

    places = [f',"country":"{c.code}","region":"{c.region}","time_zone":"{c.zone}"' for c in site.COUNTRIES]
    zones = [f',"time_zone":"{c.zone}"' for c in site.COUNTRIES]
    programs = [f',"device":"{b.device}","browser":"{b.name}","os":"{b.os}"' for b in site.BROWSERS]
    agents = [f',"ua":"{b.ua}"' for b in site.BROWSERS]
    bots = [f',"device":"mobile","browser":"Chrome","os":"Android","ua":"{ua}"' for ua in site.BOT_UAS]
    program = np.where(rng.random(n) < 0.2, len(programs) + sessions.browser, sessions.browser)
    program = np.where(sessions.is_bot, 2 * len(programs) + np.arange(n) % len(bots), program)
    channels = [f',"channel":"{c}","referrer":"{r}"' for c, r in zip(site.CHANNELS, site.CHANNEL_REFERRERS, strict=True)]
    channels += [f',"referrer":{_quote(text)}' for text in hostile.REFERRERS]
    strange = rng.random(n) < 0.0005
    channel = np.where(strange, len(site.CHANNELS) + np.arange(n) % len(hostile.REFERRERS), sessions.channel)
    truths = [',"is_new_user":false', ',"is_new_user":true', ',"is_new_user":"perhaps"', ',"experiment":"B","is_new_user":true']
    newness = np.where(rng.random(n) < 0.001, 2, sessions.is_new.astype(int))
    newness = np.where((newness == 1) & (rng.random(n) < 0.1), 3, newness)
    return joined(
        ',"session_id":"', session_ids, '"', optional(',"user_id":"', user_ids(sessions), '"'),
        constants(places + zones, sessions.country + len(places) * (rng.random(n) < 0.03)),
        constants(programs + agents + bots, program),
        constants([f',"connection":"{c}"' for c in ("4g", "3g", "slow-2g")], sessions.connection),
        constants(channels, channel), constants(truths, newness),
    )  # fmt: skip


def _single(
    name: str, sessions: Sessions, views: Views, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    """A metric that is reported once: shortly after it is known."""
    n = len(views)
    view = np.arange(n)
    if name == "page_view":
        value, ts = np.full(n, np.nan), views.start_ms + 150 + rng.integers(0, 100, n)
    else:
        value = {"TTFB": views.ttfb_ms, "FCP": views.fcp_ms, "LCP": views.lcp_ms}[name]
        ts = views.start_ms + 260 + value.astype(np.int64) + rng.integers(0, 600, n)
        if name == "LCP":
            ts = np.minimum(ts + 400, views.start_ms + views.dwell_ms + value.astype(np.int64) + 400)
    return view, np.full(n, METRICS.index(name), np.int8), value, value, ts, np.zeros(n, bool)


def _chain(name: str, sessions: Sessions, views: Views, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """A metric that is reported again when it changes: each report adds `delta` to the one before."""
    agent = sessions.browser[views.session]
    human = ~sessions.is_bot[views.session]
    if name == "CLS":
        there = human & np.array([b.has_cls for b in site.BROWSERS])[agent]
        final, counts = views.cls, np.where(views.cls > 0, rng.choice(3, len(views), p=[0.6, 0.3, 0.1]) + 1, 1)
        steps = np.round(final[:, None] * np.array([0.3, 0.7, 1.0]), 4)
    else:
        there = human & (rng.random(len(views)) < 0.62)
        final, counts = views.inp_ms, rng.choice(3, len(views), p=[0.72, 0.23, 0.05]) + 1
        # INP is a high percentile of many interactions, so the last value is not always the largest.
        early = np.where(rng.random(len(views)) < 0.03, 1.5, 0.6)
        steps = np.stack([np.maximum(8, np.round(final * early / 8) * 8), np.maximum(8, np.round(final * 0.8 / 8) * 8),
                          final], axis=1)  # fmt: skip
    chosen = np.flatnonzero(there)
    reports = counts[chosen]
    view = np.repeat(chosen, reports)
    nth = np.arange(len(view)) - np.repeat(np.cumsum(reports) - reports, reports)
    step = 3 - counts[view] + nth
    value = steps[view, step]
    before = np.where(nth > 0, steps[view, np.maximum(step - 1, 0)], 0.0)
    # The collector sees an id's reports at least 900 ms apart: chains keep their order even when one is sent twice.
    ts = views.start_ms[view] + 1500 + (views.dwell_ms[view] * (0.35 + 0.3 * step)).astype(np.int64)
    delta = np.round(value - before, 4)
    return view, np.full(len(view), METRICS.index(name), np.int8), value, delta, ts, nth > 0


def _spoiled(
    day_ms: int, metric: np.ndarray, value: np.ndarray, delta: np.ndarray, truth: Truth, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Plants values that no browser should send: below zero, or longer than ten minutes."""
    single = (metric >= METRICS.index("TTFB")) & (metric <= METRICS.index("LCP"))
    bad = single & (rng.random(len(metric)) < _INVALID_SHARE)
    negative = bad & (rng.random(len(metric)) < 0.5)
    planted = np.where(negative, -1.0, np.where(bad, 7_200_000.0, value))
    truth.add(day_ms, invalid_negative=int(negative.sum()), invalid_too_large=int((bad & ~negative).sum()))
    return planted, np.where(bad, planted, delta)


def _export_days(ts: np.ndarray, view: np.ndarray, views: int, plan: Plan, rng: np.random.Generator) -> np.ndarray:
    day = ts // DAY_MS * DAY_MS
    offline = np.where(rng.random(views) < _OFFLINE_SHARE, rng.integers(1, 4, views), 0)[view]
    for window in plan.late_hours:
        offline = np.where((ts >= window.started_ms) & (ts < window.ended_ms), 2, offline)
    return day + offline * DAY_MS


def _ratings(metric: np.ndarray, value: np.ndarray) -> pa.Array:
    good = np.array([0.0, *(_LIMITS[name][0] for name in METRICS[1:])])[metric]
    poor = np.array([0.0, *(_LIMITS[name][1] for name in METRICS[1:])])[metric]
    index = np.where(value <= good, 0, np.where(value <= poor, 1, 2))
    texts = strings(["good", "needs-improvement", "poor"]).take(pa.array(index))
    return pc.if_else(pa.array(np.isnan(value)), pa.scalar(None, pa.string()), texts)


def _numbers(values: np.ndarray) -> pa.Array:
    return pa.array(values).cast(pa.string())


def _json_text(values: pa.Array) -> pa.Array:
    """Returns JSON strings. Only hostile texts need escaping, so the rest passes through Arrow untouched."""
    awkward = pc.match_substring_regex(values, r'["\\\x00-\x1f]')
    plain = joined('"', values, '"')
    if not pc.any(awkward).as_py():
        return plain
    return pc.if_else(awkward, pa.array([_quote(v) if a else None for v, a in
                                         zip(values.to_pylist(), awkward.to_pylist(), strict=True)]), plain)  # fmt: skip


def _quote(text: str) -> str:
    import json

    return json.dumps(text, ensure_ascii=False)
