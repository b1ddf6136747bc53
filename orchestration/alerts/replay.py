"""What other rules would have done: the same SQL over the published marts, in memory, beside what the rules of now do.

Nothing is written and nobody is told. What a rule means is decided in `dbt_project/models/marts/alerts`, what alerts
follow in the ledger's SQL, and which of them were right in `alerts.fct_alert_accuracy`.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from pydantic import Field, ValidationError

from orchestration.alerts import ledger, program
from orchestration.alerts.ledger import Judgements
from orchestration.alerts.program import Program
from orchestration.alerts.sql import run
from orchestration.settings import Settings
from orchestration.settings.alerting import AlertRule, Alerts
from orchestration.settings.documents import read_documents
from orchestration.settings.parts import Part
from orchestration.settings.wording import worded
from orchestration.warehouse.configuration import write_configuration

TAG = "replay"
_RULES = "alerts.fct_rule_evaluations"
_ACCURACY = "alerts.fct_alert_accuracy"
# The longest window of a rule, and a day on either side: rows of marts that are read before the first day.
_LOOK_BACK = timedelta(days=32)
_OF_A_RULE = ("alert_count", "true_count", "false_count", "unreviewed_count", "false_positive_upper", "incident_count",
              "found_count", "delay_median_s")  # fmt: skip


class ReplayError(RuntimeError):
    """It cannot be replayed; the message says what to do."""


@dataclass(frozen=True)
class Outcome:
    """What one set of rules did: a row for each rule and for all, and every alert (rule, subject, from, to, …)."""

    rules: list[dict[str, Any]]
    alerts: list[dict[str, Any]]


@dataclass(frozen=True)
class Replayed:
    """Both sets of rules over the same days; `gone` are alerts of the current rules only, `added` of the proposed."""

    first: date
    last: date
    current: Outcome
    proposed: Outcome
    gone: list[dict[str, Any]]
    added: list[dict[str, Any]]


class _Rules(Part):
    rules: list[AlertRule] = Field(min_length=1)


class _Section(Part):
    alerts: Alerts


def read_rules(file: Path) -> Alerts:
    """The rules that a YAML file proposes: `rules: […]`, or the whole section `alerts` as in beaconmart.yml.

    Raises:
        ReplayError: It holds something else; the message names every mistake with its line.
    """
    documents, mistakes = read_documents(file)
    if not mistakes and (len(documents) != 1 or not isinstance(documents[0].values, dict)):
        raise ReplayError(f"{file}: one YAML document with the key rules, as under alerts in beaconmart.yml")
    if not mistakes:
        document = documents[0]
        root: type[_Section] | type[_Rules] = _Section if "alerts" in document.values else _Rules
        try:
            found = root.model_validate(document.values)
            rules = found.alerts if isinstance(found, _Section) else Alerts(rules=found.rules)
            names = [rule.name for rule in rules.effective_rules()]
            twice = sorted({str(name) for name in names if names.count(name) > 1})
            if twice:
                raise ReplayError(f"{file}: two rules are called {', '.join(twice)}; give each a name of its own")
            return rules
        except ValidationError as error:
            mistakes = [worded(document, root, details) for details in error.errors()]
    raise ReplayError("\n".join(str(mistake) for mistake in mistakes))


def replay(settings: Settings, first: date, last: date, proposed: Alerts | None = None) -> Replayed:
    """Judge the days from `first` to `last` (UTC) by the rules of the configuration and by the proposed ones.

    Raises:
        ReplayError: Nothing was published, or nothing about these days.
    """
    marts = settings.published / "marts.duckdb"
    if not marts.exists():
        raise ReplayError(f"Nothing has been published yet under {settings.published}; run: beaconmart run")
    compiled = program.load(settings)
    with program.memory() as connection:
        _show_marts(connection, settings, compiled, marts, first, last)
        current = _outcome(connection, settings, compiled, first, last)
        if proposed is None:
            return Replayed(first, last, current, current, [], [])
        other = replace(settings, config=settings.config.model_copy(update={"alerts": proposed}))
        outcome = _outcome(connection, other, compiled, first, last)
    return Replayed(
        first,
        last,
        current,
        outcome,
        gone=[alert for alert in current.alerts if not _has_like(outcome, alert)],
        added=[alert for alert in outcome.alerts if not _has_like(current, alert)],
    )


def _show_marts(
    connection: duckdb.DuckDBPyConnection, settings: Settings, compiled: Program, marts: Path, first: date, last: date
) -> None:
    """Show the days of every published table that the rules read under its name; what is not published is empty."""
    program.prepare(connection, settings, {})
    connection.execute(f"attach {_quoted(str(marts))} as published (read_only)")
    columns = connection.execute(
        "select schema_name || '.' || table_name, list(column_name) from duckdb_columns()"
        " where database_name = 'published' group by all"
    ).fetchall()
    published: dict[str, list[str]] = dict(columns)
    known = _days(connection, published)
    if known is None or first > known[1] or last < known[0]:
        span = f"; the published marts hold {known[0]} to {known[1]}" if known else ""
        raise ReplayError(f"Nothing was published about {first} to {last}{span}")
    connection.execute("insert into pipeline.run values ($last, $last, $first, false)", {"first": first, "last": last})
    read = {table.relation for table in compiled.tables if TAG not in table.tags}
    for table, names in published.items():
        if table not in read and table.split(".")[0] not in ("predictions", "operations"):
            continue
        connection.execute(f"create schema if not exists {table.split('.')[0]}; drop table if exists {table}")
        # Whatever began before the days and lasts into them, and what rules look back at, is read too; no incident is.
        since = first if table == "reliability.fct_incidents" else first - _LOOK_BACK
        whole = "event_date" not in names or table == "reliability.fct_health_changes"
        days = "" if whole else f" where event_date between date '{since}' and date '{last}'"
        connection.execute(f"create view {table} as select * from published.{table}{days}")  # noqa: S608 - names are ours


def _outcome(
    connection: duckdb.DuckDBPyConnection, settings: Settings, compiled: Program, first: date, last: date
) -> Outcome:
    """Judge by the rules of `settings`, derive the alerts, hold them against the incidents."""
    write_configuration(connection, settings)
    connection.execute(f"drop table if exists {_RULES}; drop table if exists {_ACCURACY}")
    compiled.create(connection, {TAG}, wanted=[_RULES])
    days = {"first": first, "last": last}
    rows = connection.sql(
        f"select * from {_RULES} semi join (select distinct rule, subject from {_RULES} where is_met) as met"  # noqa: S608
        " using (rule, subject) where event_date between $first and $last",
        params=days,
    ).to_arrow_table()
    connection.execute("create schema if not exists replayed; use warehouse.replayed")
    run(connection, "tables")
    connection.execute("delete from evaluations; delete from alerts")
    dates = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    now = ledger.utc_now()
    clock = {"run_id": "replay", "path": "batch", "now": now}
    ledger.derive(connection, settings, Judgements(rows, dates, now), clock)
    connection.execute("use warehouse.main; delete from alerts.alerts")
    connection.execute("insert into alerts.alerts by name select * from replayed.alerts")
    compiled.create(connection, {TAG}, wanted=[_ACCURACY])
    return Outcome(_rules(connection), _alerts(connection))


def _rules(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """A row for each enabled rule, and for all; what only incidents can tell is missing where they tell nothing."""
    return _dicts(
        connection,
        f"""
        with counted as (
            select rule, count(*) as alerts_raised from alerts.alerts group by rule
            union all
            select 'all', count(*) from alerts.alerts
        ),
        enabled as (
            select rule from config.alert_rules where is_enabled
            union all
            select 'all'
        )
        select rule, coalesce(alerts_raised, 0) as alerts_raised, {", ".join(_OF_A_RULE)}
        from enabled
        left join counted using (rule)
        left join {_ACCURACY} using (rule)
        order by rule = 'all', rule
        """,  # noqa: S608 - names are ours
    )


def _alerts(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    return _dicts(
        connection,
        """
        select
            rule, kind, subject, service, severity, opened_at, last_met_at, resolved_at, is_silenced,
            list_sort(list(distinct incident_id) filter (incident_id is not null)) as incidents
        from alerts.alerts
        left join (select alert_id, incident_id from intermediate.int_alerts_matched) as matched using (alert_id)
        group by all
        order by opened_at, rule, subject
        """,
    )


def _has_like(outcome: Outcome, alert: dict[str, Any]) -> bool:
    """Whether the outcome has an alert of the same kind about the same that overlaps."""
    return any(
        (other["kind"], other["subject"]) == (alert["kind"], alert["subject"])
        and other["opened_at"] <= alert["last_met_at"]
        and other["last_met_at"] >= alert["opened_at"]
        for other in outcome.alerts
    )


def _days(connection: duckdb.DuckDBPyConnection, published: dict[str, list[str]]) -> tuple[date, date] | None:
    if _RULES not in published:
        return None
    row = connection.execute(f"select min(event_date), max(event_date) from published.{_RULES}").fetchall()[0]  # noqa: S608
    return (row[0], row[1]) if row[0] else None


def _dicts(connection: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    answer = connection.execute(sql)
    names = [column[0] for column in answer.description or []]
    return [dict(zip(names, row, strict=True)) for row in answer.fetchall()]


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
