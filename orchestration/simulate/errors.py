"""The errors that browsers report: a steady few on any day, and planted bursts of one of them.

An error belongs to a page view and carries its release, browser and country. Text that strangers control is hostile
here and there; personal data in messages is what ingest has to take out.
"""

import json
from typing import Any

import numpy as np
import pyarrow as pa

from orchestration.simulate import hostile, site
from orchestration.simulate.beacon_lines import user_ids
from orchestration.simulate.plan import DAY_MS, Plan
from orchestration.simulate.traffic import Sessions, Views
from orchestration.simulate.truth import Truth, iso

_STEADY_SHARE = 0.003

# (type, message with {n} varying, stack with {v} for the build hash, handled). The first four also come in bursts.
KINDS: tuple[tuple[str, str, str, bool], ...] = (
    ("TypeError", "Cannot read properties of undefined (reading 'price')",
     "at renderPrice (/assets/product.{v}.js:1:{n})\n    at Product (/assets/product.{v}.js:1:8812)", False),
    ("PaymentError", "Payment provider answered 502 for order ORD-{n}",
     "at submitPayment (/assets/checkout.{v}.js:2:{n})", True),
    ("ChunkLoadError", "Loading chunk {n} failed. (error: /assets/chunk-{n}.{v}.js)",
     "at requireChunk (/assets/runtime.{v}.js:1:2210)", False),
    ("TypeError", "Failed to fetch", "at loadFacets (/assets/category.{v}.js:1:{n})", False),
    ("UnhandledRejection", "Request to https://api.lighthouse-goods.example/cart/{n}?token=abcdef0123456789 timed out",
     "", False),
    ("RangeError", "Invalid time value", "at formatDelivery (/assets/cart.{v}.js:1:{n})", False),
    ("Error", "ResizeObserver loop completed with undelivered notifications.", "", False),
    ("SecurityError", "Refused to load the script 'https://ads.example/t.js' because it violates the following "
     "Content Security Policy directive", "", False),
    ("Error", "Script error.", "at chrome-extension://abcdefghijklmnop/content.js:1:{n}", False),
    ("ReferenceError", "gtag is not defined", "at https://www.googletagmanager.com/gtm.js:9:{n}", False),
    ("Error", "User anna.k@example.org has no address {n}", "at account (/assets/account.{v}.js:1:{n})", True),
)  # fmt: skip


def error_rows(
    day_ms: int, sessions: Sessions, session_ids: pa.Array, views: Views, page_view_ids: pa.Array, addresses: pa.Array,
    plan: Plan, truth: Truth, rng: np.random.Generator,
) -> pa.Array:  # fmt: skip
    """Returns the lines of the day's errors export, in the order of their times."""
    at = views.start_ms + rng.integers(500, 2500, len(views))
    kind, chosen = _chosen(day_ms, at, sessions, views, plan, truth, rng)
    ids = page_view_ids.take(pa.array(chosen)).to_pylist()
    urls = addresses.take(pa.array(chosen)).to_pylist()
    owner = views.session[chosen]
    sids = session_ids.take(pa.array(owner)).to_pylist()
    users = user_ids(sessions).take(pa.array(owner)).to_pylist()
    numbers = rng.integers(100, 99_999, len(chosen))
    strange = rng.random(len(chosen)) < 0.01
    strange[:1] = True  # one a day at least, however small the site
    hostile_from = day_ms // DAY_MS
    lines = []
    for i, view in enumerate(chosen):
        type_, message, stack, handled = KINDS[kind[view]]
        release = plan.releases[views.release[view]]
        fill: dict[str, Any] = {"n": numbers[i], "v": release.commit[:8]}
        row = {
            "ts": int(at[view]) if i % 2 else iso(int(at[view])),
            "message": hostile.MESSAGES[(i + hostile_from) % len(hostile.MESSAGES)]
            if strange[i]
            else message.format(**fill),
            "type": type_,
            "stack": f"{type_}: {message}\n    {stack}".format(**fill) if stack else None,
            "handled": handled,
            "url": urls[i],
            "page_view_id": ids[i],
            "session_id": sids[i],
            "user_id": users[i],
            "release": release.release,
            "browser": site.BROWSERS[sessions.browser[owner[i]]].name,
            "country": site.COUNTRIES[sessions.country[owner[i]]].code,
            "fingerprint": "payment-502" if type_ == "PaymentError" else None,
            "tags": {"shop": "main"} if i % 3 == 0 else None,
        }
        lines.append(json.dumps({k: v for k, v in row.items() if v is not None}, ensure_ascii=False) + "\n")
    return pa.array(lines, pa.string())


def _chosen(
    day_ms: int, at: np.ndarray, sessions: Sessions, views: Views, plan: Plan, truth: Truth, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Returns the kind of error of each view (-1: none), and the views that have one, by time."""
    n = len(views)
    kind = np.where(rng.random(n) < _STEADY_SHARE, rng.integers(0, len(KINDS), n), -1)
    burst = np.zeros(n, bool)
    for planted in plan.error_bursts:
        hit = (at >= planted.started_ms) & (at < planted.ended_ms) & (rng.random(n) < planted.share)
        hit &= views.group == site.GROUP_INDEX[planted.page_group]
        kind, burst = np.where(hit, planted.kind, kind), burst | hit
    inside = (at >= day_ms) & (at < day_ms + DAY_MS)
    chosen = np.flatnonzero(~sessions.is_bot[views.session] & inside & (kind >= 0))
    truth.add(day_ms, errors=len(chosen), burst_errors=int(burst[chosen].sum()))
    return kind, chosen[np.argsort(at[chosen], kind="stable")]
