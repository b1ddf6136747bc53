"""Health of the application and the machine-readable `status.json` of a release.

What is healthy is decided by `fct_health_changes` alone, for services, journeys and the application. Only the shape of
the document (`schemas/status.schema.json`) belongs here.
"""

import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from orchestration.reports.intake import newest_intake
from orchestration.reports.marts import Marts, Row

SCHEMA_VERSION = 1
CHECK_KEYS = ("suite", "check_name", "asset", "observed", "expected", "missing", "is_blocking")
WINDOW_DAYS = 28
UNJUDGED = {
    "status": "not_judged",
    "reason": "Nothing that the site delivers says whether it is healthy",
    "since": None,
}


def health(marts: Marts) -> dict[str, Any]:
    """Return `health_at` the end of as_of, with what the services were worth over 28 days."""
    told = health_at(marts.connection, datetime.combine(marts.as_of, time.max))
    shares = {row["service"]: row for row in marts.rows("select * from reports.rpt_service_health")}
    for service in told["services"]:
        row = shares[service["name"]]
        service["is_critical"] = row["is_critical"]
        service["availability_share"] = row["availability_share_28d"]
        service["coverage_share"] = row["coverage_share_28d"]
    told["services"].sort(key=lambda service: (not service["is_critical"], service["name"]))
    return told


def health_at(connection: duckdb.DuckDBPyConnection, instant: datetime) -> dict[str, Any]:
    """Return status, reason and since when, of the application, its services and its journeys at an instant.

    Args:
        connection: to the marts of a release.
        instant: naive, UTC.

    Returns:
        status, reason and since of the application; services and journeys as lists of name, status, reason and since.
        `since` is an aware instant, None where nothing is known of that time.
    """
    rows = connection.execute(
        """
        select subject_kind, subject, health, reason, since_at from reliability.fct_health_changes
        where started_at <= $instant and coalesce(ended_at > $instant, true) order by subject_kind, subject
        """,
        {"instant": instant},
    ).fetchall()
    told: dict[str, list[dict[str, Any]]] = {"application": [], "service": [], "journey": []}
    for kind, name, status, reason, since in rows:
        told[kind].append({"name": name, "status": status, "reason": reason, "since": since.replace(tzinfo=UTC)})
    if not rows and _is_unjudged(connection):
        return {**UNJUDGED, "services": [], "journeys": []}
    application = {"status": "unknown", "reason": "Nothing is known of the services at that time", "since": None}
    if told["application"]:
        application = {key: told["application"][0][key] for key in application}
    return {**application, "services": told["service"], "journeys": told["journey"]}


def _is_unjudged(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether data are there, and none that health could be judged by."""
    ((judged, delivered),) = connection.execute(
        """
        select (select count(*) from reliability.fct_health_changes),
            (select count(*) from dimensions.dim_feeds where is_delivered)
        """
    ).fetchall()
    return not judged and bool(delivered)


def document(
    marts: Marts,
    current: dict[str, Any],
    quality: list[Row],
    alerts: list[dict[str, str]],
    generated_at: datetime,
    site_name: str,
    release: str,
) -> dict[str, Any]:
    """Return the content of `status.json`.

    Args:
        marts: the tables of the release.
        current: what `health` returned.
        quality: all check results; the failing ones are listed.
        alerts: what needs attention: severity, text and page.
        generated_at: when the release was made; aware.
        site_name: the application's name.
        release: the release's id.
    """
    metrics = _metrics(marts)
    return {
        "schema_version": SCHEMA_VERSION,
        "application": site_name,
        "status": current["status"],
        "reason": current["reason"],
        "since": current["since"],
        "as_of": marts.as_of.isoformat(),
        "generated_at": generated_at.isoformat(),
        "release": release,
        "uptime": _uptime(marts, metrics),
        "services": current["services"],
        "journeys": current["journeys"],
        "metrics": metrics,
        "targets": _targets(marts),
        "alerts": alerts,
        "failing_checks": failing(quality),
        "failing_reports": [],
        "intake": [found.as_dict() for found in newest_intake(marts)],
        "unmatched_sources": [],
        "blocked": None,
    }


def nothing_yet(site_name: str, as_of: date, generated_at: datetime, release: str) -> dict[str, Any]:
    """Return the content of `status.json` of a site whose first release was blocked."""
    return {
        "schema_version": SCHEMA_VERSION,
        "application": site_name,
        "status": "unknown",
        "reason": "Nothing has been published yet",
        "since": None,
        "as_of": as_of.isoformat(),
        "generated_at": generated_at.isoformat(),
        "release": release,
        "uptime": {"availability_share": None, "coverage_share": None, "down_s": None, "window_days": WINDOW_DAYS},
        "services": [],
        "journeys": [],
        "metrics": {},
        "targets": [],
        "alerts": [],
        "failing_checks": [],
        "blocked": None,
    }


def failing(quality: list[Row]) -> list[dict[str, Any]]:
    """Return the failing checks as status.json lists them; observations are text."""
    return [
        {
            key: check[key] if isinstance(check[key], bool) or check[key] is None else str(check[key])
            for key in CHECK_KEYS
        }
        for check in sorted(quality, key=lambda c: (c["suite"], c["check_name"], c["asset"]))
        if not check["is_passed"]
    ]


def write(path: Path, content: dict[str, Any]) -> None:
    """Write the document as JSON with plain numbers."""
    path.write_text(
        json.dumps(content, indent=2, default=_plain, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8"
    )


def _uptime(marts: Marts, metrics: dict[str, Any]) -> dict[str, Any]:
    rows = marts.rows(
        """
        select avg(coverage_share) as coverage, sum(down_s) as down_s
        from reliability.fct_availability_daily
        inner join reports.rpt_service_health using (service)
        where is_critical and fct_availability_daily.event_date between $as_of::date - 27 and $as_of
            and is_contractual
        """
    )
    (row,) = rows
    return {
        "availability_share": metrics.get("availability_share", {}).get("value"),
        "coverage_share": row["coverage"],
        "down_s": row["down_s"],
        "window_days": WINDOW_DAYS,
    }


def _metrics(marts: Marts) -> dict[str, Any]:
    rows = marts.rows("select * from reports.rpt_kpi_scorecard order by kpi")
    keys = ("value", "value_lower", "value_upper", "sample_count", "unit")
    return {row["kpi"]: {**{key: row[key] for key in keys}, "window_days": WINDOW_DAYS} for row in rows}


def _targets(marts: Marts) -> list[dict[str, Any]]:
    rows = marts.rows(
        """
        select target, value, value_lower, value_upper, goal, comparison, unit, verdict, reason
        from reports.rpt_mission_targets where event_date <= $as_of order by target
        """
    )
    return [dict(row) for row in rows]


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"no JSON for {type(value).__name__}")
