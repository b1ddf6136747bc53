"""Whatever a site leaves out, and whatever lies at the edge of a declared range: nothing is blocked."""

import json
import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from orchestration.quality import CHECKS
from orchestration.quality.frames import frame
from orchestration.settings import load_settings
from orchestration.settings.model import OWN_SYSTEMS
from orchestration.sources import FEEDS
from tests.integration.transform_worlds import run

DAYS = [date(2026, 11, 1), date(2026, 11, 2)]
OWN = [feed for feed in FEEDS.values() if feed.system in OWN_SYSTEMS]
ROWS = 30
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


# A build takes half a minute: two examples, in which every row leaves out other fields, and no search for a smaller
# one.
@settings(
    max_examples=2,
    derandomize=True,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(seed=st.integers(1, 2**64))
def test_no_subset_of_fields_and_feeds_is_ever_blocked(seed, tmp_path_factory):
    rng = random.Random(seed)
    feeds = {feed.name for feed in OWN if rng.random() < 0.8}
    seeds = [rng.getrandbits(40) for _ in range(ROWS)]
    here = replace(load_settings(), home=tmp_path_factory.mktemp("site"))
    for feed in OWN:
        if feed.name in feeds:
            land(here, feed, seeds)
    run(here, DAYS[-1])
    assert broken(here) == []


def land(here, feed, seeds):
    """Writes one file a day, in which each row leaves out its own optional fields."""
    source = next(source for source in here.config.sources if source.system == feed.system)
    for at, day in enumerate(DAYS):
        path = here.landing / source.path.replace("{date}", str(day)).replace("*", "")
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [row(feed, seed, number, day) for number, seed in enumerate(seeds[at::2])]
        path.write_text("".join(json.dumps(values) + "\n" for values in rows))


def row(feed, seed, number, day):
    """A legal row: of numbers the ends of their ranges, of texts few values, one of which is `all`."""
    values = {}
    for place, field in enumerate(feed.fields):
        left_out = not field.required and seed >> place & 1
        if not left_out:
            values[field.key] = value(feed, field, seed + place, number, day)
    if values.get("name") == "page_view":
        values.pop("value", None)
    return values


def value(feed, field, seed, number, day):
    """One value of a field; `seed` decides among those that are legal."""
    if field.choices:
        return field.choices[seed % len(field.choices)]
    match field.kind:
        case "time":
            later = 0 if field.name == feed.time else seed % 7 * 3 - 3
            return (datetime.combine(day, datetime.min.time()) + timedelta(minutes=40 * number + later)).isoformat()
        case "number" | "integer" | "money":
            least, most = field.range.minimum, field.range.maximum
            least += 1e-7 * field.range.is_above_minimum
            inside = [edge for edge in (least, 1, 700, most) if least <= edge <= most]
            chosen = inside[seed % len(inside)]
            return float(chosen) if field.kind == "number" else str(chosen)
        case "boolean":
            return bool(seed % 2)
        case "object":
            return {"target": "main>img", "timeToFirstByte": 1}
        case "list":
            return [["storefront"], ["all"], ["checkout-api", "all"]][seed % 3]
        case "url":
            return f"https://shop.example/{('', 'product/1', 'cart', 'all')[seed % 4]}"
    if field.name == "service":
        return ("storefront", "checkout-api", "all", "unknown")[seed % 4]
    if field.name == "currency":
        return ("EUR", "USD")[seed % 2]
    return f"{field.name}-{number % 5}" if seed % 5 else "all"


def broken(here):
    """The blocking checks that do not hold, with the rows that break them."""
    found = []
    with duckdb.connect(str(here.warehouse), read_only=True) as connection:
        for check in CHECKS:
            if check.is_blocking:
                rows = frame(connection, check.frame, DAYS[-1], None).dropna(subset=check.column)
                low, high = check.least, check.most
                wrong = rows[~rows[check.column].between(*(low if low is not None else float("-inf"), high))]
                found += [(check.name, *row) for row in wrong[["cell", check.column]].itertuples(index=False)]
    return found
