"""Small worlds of awkward deliveries for the transform tests, and the runs that turn them into marts.

What is awkward: views and sessions across midnights, reports that come days late or twice, views without an id, orders
whose day or status changes, files that arrive in any order and are delivered again with other lines.
"""

import json
import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb

from orchestration import dbt, lake, warehouse
from orchestration.settings import Settings

FIRST_DAY = date(2026, 11, 1)
MARTS = ("dimensions", "experience", "reliability", "errors", "business", "executive", "operations", "alerts")
# Steps that keep days of earlier runs, as marts do.
LASTING_STEPS = ("int_errors_counted", "int_error_exposures_counted")
_METRICS = ("LCP", "INP", "CLS", "FCP", "TTFB")


@dataclass(frozen=True)
class Delivery:
    """One export file: where it lands below the landing folder, and its lines."""

    path: str
    lines: tuple[str, ...]


def run(settings: Settings, as_of: date, full_refresh: bool = False) -> warehouse.Prepared:
    """Ingests what landed and builds every table but the reports, as the daily job does."""
    for table in lake.RAW_TABLES:
        lake.ingest(settings, table, None)
    return transform(settings, as_of, full_refresh)


def transform(settings: Settings, as_of: date, full_refresh: bool = False) -> warehouse.Prepared:
    """Builds every table but the reports from what is in the lake."""
    with warehouse.writing(settings):
        prepared = warehouse.prepare(settings, as_of, full_refresh)
        dbt.build(settings, exclude=["fqn:beaconmart.reports"], full_refresh=prepared.full_refresh)
        warehouse.finish(settings)
    return prepared


def rebuilt_from_nothing(settings: Settings, as_of: date) -> Settings:
    """The same lake, built into a warehouse of its own that never saw anything before."""
    fresh = replace(settings, home=settings.home.with_name(settings.home.name + "-fresh"))
    fresh.home.mkdir()
    fresh.lake.symlink_to(settings.lake)
    transform(fresh, as_of)
    return fresh


def differences(one: Settings, other: Settings) -> dict[str, tuple[int, int]]:
    """For each mart that differs, the number of rows that only the one has, and only the other."""
    connection = duckdb.connect()
    connection.execute(f"attach '{one.warehouse}' as one (read_only); attach '{other.warehouse}' as other (read_only)")
    tables = connection.execute(
        "select distinct schema_name || '.' || table_name from duckdb_tables()"
        " where list_contains(?, schema_name) or list_contains(?, table_name)",
        [list(MARTS), list(LASTING_STEPS)],
    ).fetchall()
    found = {}
    for (table,) in sorted(tables):
        counts = [
            connection.execute(f"select count(*) from (from {a}.{table} except all from {b}.{table})").fetchone()[0]
            for a, b in (("one", "other"), ("other", "one"))
        ]
        if any(counts):
            found[table] = tuple(counts)
    assert len(tables) > 20
    return found


def deliver(settings: Settings, delivery: Delivery) -> None:
    """Puts a file into landing, in place of an earlier one of the same name."""
    path = settings.landing / delivery.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in delivery.lines))


def awkward_deliveries(rng: random.Random, days: int) -> list[Delivery]:
    """Beacons, errors and orders of a few restless visitors, exported on their day or up to three days later."""
    lines: dict[tuple[str, date], list[str]] = {}

    def export(feed: str, at: datetime, line: str) -> None:
        late = rng.choice((0, 0, 0, 0, 1, 2, 3))
        day = min(at.date() + timedelta(days=late), FIRST_DAY + timedelta(days=days - 1))
        lines.setdefault((feed, day), []).append(line)

    start = datetime.combine(FIRST_DAY, datetime.min.time(), UTC)
    for visitor in range(25):
        at = start + timedelta(hours=rng.uniform(0, 24 * days - 1))
        session = rng.choice((f"s{visitor}", f"s{visitor}", None))
        user = rng.choice((f"u{visitor}", None))
        for number in range(rng.randint(1, 14)):
            at += timedelta(hours=rng.choice((0.02, 0.1, 0.4, 0.6, 5, 11, 23, 26)) * rng.uniform(0.8, 1.2))
            if at >= start + timedelta(days=days):
                break
            _view(rng, export, at, visitor, number, session, user)
    for order in range(30):
        _order(rng, export, start + timedelta(hours=rng.uniform(0, 24 * days - 1)), order, days)
    header = "order_id,ordered_at,revenue,currency,session_id,user_id,status,refund"
    return [
        Delivery(
            f"{day}/{feed}-awkward.{'csv' if feed == 'orders' else 'ndjson'}",
            tuple([header, *found] if feed == "orders" else found),
        )
        for (feed, day), found in sorted(lines.items())
    ]


def changed(rng: random.Random, delivery: Delivery) -> Delivery:
    """The same file delivered again with some lines gone and some repeated."""
    head, body = (delivery.lines[:1], delivery.lines[1:]) if delivery.path.endswith(".csv") else ((), delivery.lines)
    kept = [line for line in body if rng.random() > 0.3]
    return Delivery(delivery.path, (*head, *kept, *kept[: rng.randint(0, 2)]))


def _view(rng, export, at, visitor, number, session, user) -> None:
    clock = int(at.timestamp() * 1000)
    page = {"url": f"https://shop.example/{rng.choice(('', 'product/1', 'cart', 'checkout', 'odd/77'))}"}
    if rng.random() < 0.7:
        page["page_view_id"] = f"v{visitor}-{number if rng.random() < 0.95 else 0}"
    else:
        page |= {"navigationId": visitor % 3, "navigationStartTime": 0}
    context = page | {
        "navigationType": "navigate",
        "ua": f"Mozilla/5.0 (Linux; Android 1{visitor % 4}) Mobile Chrome/1",
    }
    context |= {"session_id": session} if session else {}
    context |= {"user_id": user} if user else {}
    context |= {"weight": rng.choice((1, 2.5, 10))} if visitor % 5 == 0 else {}
    context |= {"time_zone": "Europe/Paris"} if visitor % 2 else {"country": "DE", "channel": "organic"}
    value = 0.0
    for _ in range(rng.randint(1, 7)):
        name = rng.choice(_METRICS)
        delta = round(rng.uniform(0, 900), 1) if name != "CLS" else round(rng.uniform(0, 0.2), 4)
        value = rng.choice((delta, round(value + delta, 4), -1))
        at += timedelta(hours=rng.choice((0.001, 0.001, 0.01, 3, 12, 25)))
        report = {"name": name, "value": value, "delta": delta, "id": f"v5-{clock + rng.randint(0, 8000)}-{number}"}
        line = json.dumps(report | context | {"ts": int(at.timestamp() * 1000)})
        for _ in range(rng.choice((1, 1, 1, 2))):
            export("beacons", at, line)
    if rng.random() < 0.3:
        error = {"message": f"broken {number % 3}", "ts": int(at.timestamp() * 1000), "url": page["url"]}
        error |= {key: context[key] for key in ("page_view_id", "session_id") if key in context and rng.random() < 0.8}
        export("errors", at, json.dumps(error))


def _order(rng, export, at, order, days) -> None:
    visitor = rng.randrange(25)
    for status in rng.sample(("completed", "cancelled", "refunded"), rng.randint(1, 3)):
        row = [f"o{order}", f"{at:%Y-%m-%d %H:%M:%S}", rng.randint(1, 99), rng.choice(("EUR", "USD"))]
        row += [rng.choice((f"s{visitor}", "")), rng.choice((f"u{visitor}", "")), status, ""]
        export("orders", at, ",".join(map(str, row)))
        at = min(
            at + timedelta(hours=rng.choice((0, 0, 20))),
            datetime.combine(FIRST_DAY + timedelta(days=days - 1), datetime.max.time(), UTC),
        )


def simulated_deliveries(folder: Path) -> list[Delivery]:
    """The plain files of a simulated site, for the feeds that awkward visitors lack."""
    import gzip

    found = []
    for path in sorted(folder.glob("*/*")):
        text = gzip.decompress(path.read_bytes()).decode() if path.suffix == ".gz" else path.read_text()
        found.append(Delivery(str(path.relative_to(folder)).removesuffix(".gz"), tuple(text.splitlines())))
    return found
