"""A site with targets, and judgements as the rules would make them: a mark for each five minutes from ten on."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pyarrow as pa
import pytest

from orchestration.alerts import ledger
from orchestration.settings import load_settings
from orchestration.settings.alerting import Alerts

START = datetime.fromisoformat("2026-11-20T10:00:00")  # UTC, as the ledger keeps it
STEP = timedelta(minutes=5)
RULES = [{"kind": "outage", "resolve_after_s": 600}, {"kind": "burn_rate", "resolve_after_s": 900}]
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("rule", "kind", "subject", "service", "feed", "severity")),
        ("window_s", pa.int32()),
        ("short_window_s", pa.int32()),
        ("value", pa.float64()),
        ("short_value", pa.float64()),
        ("threshold", pa.float64()),
        ("event_count", pa.int64()),
        ("is_met", pa.bool_()),
        ("is_silenced", pa.bool_()),
        ("outcome", pa.string()),
        ("inputs", pa.string()),
        ("event_date", pa.date32()),
        ("event_at", pa.timestamp("us")),
        ("evaluated_at", pa.timestamp("us")),
    ]
)


def at(mark):
    """The instant of a mark: 0 is ten o'clock, each further one five minutes later."""
    return START + mark * STEP


def judged(marks, subject="shop", first=0, **other):
    """Judgements of an outage of `subject`: `x` is met, `s` met in maintenance, `.` not met, a blank is none."""
    rows = []
    for number, mark in enumerate(marks, first):
        if mark != " ":
            met = mark in "xs"
            row = {"rule": "outage", "kind": "outage", "subject": subject, "service": "shop", "feed": "probes"}
            row |= {"severity": "critical", "value": 60.0 * number, "event_count": 3, "is_met": met}
            row |= {"is_silenced": mark == "s", "outcome": "met" if met else "not_met", "inputs": "{}"}
            row |= {"event_date": at(number).date(), "event_at": at(number) - timedelta(seconds=30)}
            rows.append(row | {"evaluated_at": at(number)} | other)
    return rows


def burning(marks, severity, window_s, subject="shop-availability", **other):
    """Judgements of a burn rate."""
    kind = {"rule": "burn_rate", "kind": "burn_rate", "severity": severity, "window_s": window_s, "threshold": 14.4}
    return judged(marks, subject, **kind | other)


@dataclass
class Book:
    """A ledger to write judgements into and to read."""

    settings: object
    runs: int = 0

    def merge(self, *rows, path="batch", known_at=None, feeds=None, dates=None):
        """What merging the judgements came to."""
        self.runs += 1
        rows = [row for part in rows for row in part]
        dates = dates or sorted({row["event_date"] for row in rows} | {START.date()})
        table = pa.Table.from_pylist(rows, SCHEMA)
        judgements = ledger.Judgements(table, dates, known_at or ledger.utc_now(), feeds)
        return ledger.merge(self.settings, judgements, f"run {self.runs}", path)

    def rows(self, sql):
        """The answer of the ledger."""
        with ledger.opened(self.settings) as connection:
            return connection.execute(sql).fetchall()

    def alerts(self):
        """Subject, severity, state and the marks at which each alert opened and resolved, the first one first."""
        found = self.rows(
            "select subject, severity, coalesce(nullif(resolution, 'recovered'), state), opened_at, resolved_at"
            " from alerts order by opened_at, subject, rule"
        )
        return [(*row[:3], mark(row[3]), mark(row[4])) for row in found]

    def events(self):
        """What happened, in the order in which it was written."""
        return [row[0] for row in self.rows("select event from alert_events order by sequence")]

    def notices(self, target="all"):
        """What was planned to be told to a target, in order."""
        sql = f"select notice from notifications where status = 'planned' and target = '{target}' order by sequence"
        return [row[0] for row in self.rows(sql)]

    def configured(self, **alerts):
        """The same ledger under another configuration of alerts."""
        return Book(configured(self.settings, **alerts))


def mark(moment):
    return None if moment is None else round((moment - START) / STEP)


def configured(settings, **alerts):
    return replace(settings, config=settings.config.model_copy(update={"alerts": Alerts(**{"rules": RULES} | alerts)}))


@pytest.fixture(scope="session")
def default_settings():
    return load_settings()


@pytest.fixture
def book(default_settings, tmp_path):
    settings = replace(default_settings, home=tmp_path / "home")
    targets = [
        {"name": "all", "url_env": "TEST_ALERT_URL"},
        {"name": "pager", "url_env": "TEST_PAGER_URL", "severities": ["critical"]},
    ]
    return Book(configured(settings, targets=targets))
