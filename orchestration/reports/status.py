"""Health of the application and the machine-readable `status.json` of a release.

Facts come from the reports' tables; the rules of a service's health are in `rpt_service_health.sql`. Only the
roll-up to
the application, and the shape of the document (`schemas/status.schema.json`), belong here.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from orchestration.reports.marts import Marts, Row

SCHEMA_VERSION = 1
WORST_FIRST = ("critical", "degraded", "unknown", "healthy")
CHECK_KEYS = ("suite", "check_name", "asset", "observed", "expected", "missing", "is_blocking")
WINDOW_DAYS = 28


def health(marts: Marts) -> dict[str, Any]:
    """Return the application's status, its reason and the services, as of the end of the day `marts.as_of`.

    The application is as well as the worst of its critical services; without one, of all services; without any,
    unknown.
    """
    rows = marts.rows("select * from reports.rpt_service_health order by is_critical desc, service")
    services = [
        {
            "name": row["service"],
            "status": row["status"],
            "reason": row["reason"],
            "is_critical": row["is_critical"],
            "availability_share": row["availability_share_28d"],
            "coverage_share": row["coverage_share_28d"],
        }
        for row in rows
    ]
    decisive = [service for service in services if service["is_critical"]] or services
    if not decisive:
        return {"status": "unknown", "reason": "No service is declared, so nothing is being checked", "services": []}
    worst = min(decisive, key=lambda service: WORST_FIRST.index(service["status"]))
    count = len(decisive)
    reason = f"{worst['name']}: {worst['reason']}"
    if worst["status"] == "healthy":
        kind = "critical service" if worst["is_critical"] else "service"
        reason = f"The one {kind} is well" if count == 1 else f"All {count} {kind}s are well"
    return {"status": worst["status"], "reason": reason, "services": services}


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
        "as_of": marts.as_of.isoformat(),
        "generated_at": generated_at.isoformat(),
        "release": release,
        "uptime": _uptime(marts, metrics),
        "services": current["services"],
        "metrics": metrics,
        "targets": _targets(marts),
        "alerts": alerts,
        "failing_checks": failing(quality),
        "blocked": None,
    }


def nothing_yet(site_name: str, as_of: date, generated_at: datetime, release: str) -> dict[str, Any]:
    """Return the content of `status.json` of a site whose first release was blocked."""
    return {
        "schema_version": SCHEMA_VERSION,
        "application": site_name,
        "status": "unknown",
        "reason": "Nothing has been published yet",
        "as_of": as_of.isoformat(),
        "generated_at": generated_at.isoformat(),
        "release": release,
        "uptime": {"availability_share": None, "coverage_share": None, "down_s": None, "window_days": WINDOW_DAYS},
        "services": [],
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
