"""Reports as the lines of NDJSON that the collector wrote.

Everything about a session is turned into text once, everything about a view once, and each report only adds its own few
fields: that is what makes it fast. What was reported belongs to `beacons`.
"""

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.simulate import hostile, site
from orchestration.simulate.attribution import Attribution
from orchestration.simulate.beacons import METRICS, Reports
from orchestration.simulate.plan import HOUR_MS, Plan
from orchestration.simulate.traffic import Sessions, Views
from orchestration.simulate.writers import hex_ids, joined, optional, strings

_LIMITS = {"TTFB": (800, 1800), "FCP": (1800, 3000), "LCP": (2500, 4000), "CLS": (0.1, 0.25), "INP": (200, 500)}
_CHUNK = 150_000


class BeaconWriter:
    """Turns a day's reports into lines; its texts of sessions and views are shared by all their reports."""

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
        self.attribution = Attribution(views, rng)

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
            optional(',"rating":"', rated, '"'), self.attribution.texts(reports), self.texts.take(pa.array(view)),
        )  # fmt: skip


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
    bad[:1] = True  # one a day at least, however small the site
    choices = strings([site.ORIGIN + text for text in hostile.PATHS])
    return pc.if_else(pa.array(bad), choices.take(pa.array(item % len(hostile.PATHS))), address)


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
    # Some collectors keep what the browser calls itself, some what they read from it, some both.
    both = [fields + agent for fields, agent in zip(programs, agents, strict=True)]
    kept = np.searchsorted([0.2, 0.7], rng.random(n))
    program = kept * len(programs) + sessions.browser
    program = np.where(sessions.is_bot, 3 * len(programs) + np.arange(n) % len(bots), program)
    named = zip(site.CHANNELS, site.CHANNEL_REFERRERS, strict=True)
    channels = [f',"channel":"{channel}","referrer":"{referrer}"' for channel, referrer in named]
    channels += [f',"referrer":{_quote(text)}' for text in hostile.REFERRERS]
    strange = rng.random(n) < 0.0005
    channel = np.where(strange, len(site.CHANNELS) + np.arange(n) % len(hostile.REFERRERS), sessions.channel)
    truths = [f',"is_new_user":{text}' for text in ("false", "true", '"perhaps"', 'true,"experiment":"B"')]
    newness = np.where(rng.random(n) < 0.001, 2, sessions.is_new.astype(int))
    newness = np.where((newness == 1) & (rng.random(n) < 0.1), 3, newness)
    return joined(
        ',"session_id":"', session_ids, '"', optional(',"user_id":"', user_ids(sessions), '"'),
        constants(places + zones, sessions.country + len(places) * (rng.random(n) < 0.03)),
        constants(agents + both + programs + bots, program),
        constants([f',"connection":"{c}"' for c in ("4g", "3g", "slow-2g")], sessions.connection),
        constants(channels, channel), constants(truths, newness),
    )  # fmt: skip


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
    escaped = [_quote(text) if hit else None for text, hit in zip(values.to_pylist(), awkward.to_pylist(), strict=True)]
    return pc.if_else(awkward, pa.array(escaped, pa.string()), plain)


def _quote(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
