"""How the site and the pipeline are now: what the newest release says, how the last run ended, what waits outside.

Health itself is decided where the release is made; here it is read, and put beside what only the clock and the
instance know.
"""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

from orchestration import database, lake, runs
from orchestration.settings import Settings

# Exports of a day land during the next one: data of yesterday are fresh.
FRESH_DAYS = 1
HEADLINES = {
    "ux_score": "UX score (0 to 100)",
    "lcp_p75_ms": "LCP, p75",
    "availability_share": "Availability",
    "conversion_share": "Conversion",
    "mttr_restore_s": "Time to restore, mean",
}


@dataclass(frozen=True)
class LastRun:
    """The run of the daily job that was begun last."""

    run_id: str
    status: str
    started_at: str | None
    seconds: float | None


@dataclass(frozen=True)
class Status:
    """`health` is that of status.json: healthy, degraded, critical, unknown or not_judged; so are `failing_checks`.

    Services and journeys have name, status, reason and since; `since` is an instant in ISO 8601.
    """

    health: str
    reason: str
    since: str | None = None
    at: str | None = None
    as_of: str | None = None
    days_behind: int | None = None
    published_at: str | None = None
    blocked: dict[str, Any] | None = None
    failing_checks: list[dict[str, Any]] = field(default_factory=list)
    failing_reports: list[dict[str, str]] = field(default_factory=list)
    services: list[dict[str, Any]] = field(default_factory=list)
    journeys: list[dict[str, Any]] = field(default_factory=list)
    last_run: LastRun | None = None
    waiting_files: int = 0
    landing_problem: str | None = None
    intake: list[lake.Intake] = field(default_factory=list)
    unmatched_sources: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        """0 if all is well, 2 if critical, blocked or unknown, 1 for all that is between."""
        if self.health in {"critical", "unknown"} or self.blocked:
            return 2
        late = (self.days_behind or 0) > FRESH_DAYS
        failed = self.last_run is not None and self.last_run.status in {"FAILURE", "CANCELED"}
        return int(
            self.health not in {"healthy", "not_judged"}
            or late
            or failed
            or bool(self.failing_checks or self.failing_reports or self.landing_problem)
            or any(found.alarm for found in self.intake)
        )

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return asdict(self) | {"exit_code": self.exit_code, "intake": [found.as_dict() for found in self.intake]}

    def lines(self) -> list[str]:
        """For people."""
        # The instant is that of the health, not of the reason: what makes a service critical may change meanwhile.
        said = [f"{self.health.replace('_', ' '):<10} {_since(self.since)}{self.reason}"]
        if self.at:
            said.append(f"at         {_minute(self.at)}")
        if self.blocked:
            said += [
                "blocked    a newer run was not published:",
                *(f"             {why}" for why in self.blocked["reasons"]),
            ]
        if self.as_of:
            late = f", {self.days_behind} days behind" if (self.days_behind or 0) > FRESH_DAYS else ""
            published = _minute(self.published_at) if self.published_at else "at an unknown time"
            said.append(f"data       up to {self.as_of}{late}; published {published}")
        if self.last_run:
            took = f", {self.last_run.seconds:.0f} s" if self.last_run.seconds is not None else ""
            started = f"started {_minute(self.last_run.started_at)}" if self.last_run.started_at else "not started"
            said.append(f"last run   {self.last_run.status.lower()}, {started}{took}")
        if self.as_of:
            said.append(f"checks     {len(self.failing_checks) or 'none'} failing")
        for check in self.failing_checks:
            name = str(check["check_name"]).replace("_", " ")
            said.append(
                f"             {name}: {check['observed']}" + (f" ({check['missing']})" if check["missing"] else "")
            )
        said += [f"report     {wrong['message']}" for wrong in self.failing_reports]
        said += [f"intake     {'⚠ ' if found.alarm else ''}{found.alarm or found.message}" for found in self.intake]
        said += [f"note       {message}" for message in self.unmatched_sources]
        for kind, parts in (("service", self.services), ("journey", self.journeys)):
            said += [f"{kind:<10} {part['name']}: {_standing(part)}" for part in parts]
        if self.waiting_files:
            said.append(
                f"landing    {self.waiting_files} files are new or have changed: `beaconmart run` takes them in"
            )
        if self.landing_problem:
            said.append(f"landing    {self.landing_problem}")
        return said


def read_status(settings: Settings) -> Status:
    """What is known now; the wall clock counts here, unlike in any mart."""
    outside = _outside(settings)
    path = settings.published / "status.json"
    if not path.exists():
        unknown = Status("unknown", "Nothing has been published yet.")
        return replace(unknown, **outside)
    told = json.loads(path.read_text(encoding="utf-8"))
    return Status(
        health=told["status"],
        reason=told["reason"],
        since=told.get("since"),
        as_of=told["as_of"],
        days_behind=(datetime.now(UTC).date() - date.fromisoformat(told["as_of"])).days,
        published_at=told["generated_at"],
        blocked=told["blocked"],
        failing_checks=told["failing_checks"],
        failing_reports=told.get("failing_reports", []),
        services=told["services"],
        journeys=told.get("journeys", []),
        **outside,
    )


def read_status_at(settings: Settings, instant: datetime) -> Status:
    """Health at an instant (aware), as the newest release knows it; nothing else of a status has a history."""
    from orchestration.reports.status import health_at

    at = instant.astimezone(UTC)
    if not (settings.published / "marts.duckdb").exists():
        return Status("unknown", "Nothing has been published yet.", at=at.isoformat())
    as_of = date.fromisoformat(json.loads((settings.published / "status.json").read_text(encoding="utf-8"))["as_of"])
    if at.date() > as_of:
        return Status(
            "unknown", f"Nothing is known of that time: the data published end with {as_of}", at=at.isoformat()
        )
    with database.connect(settings.published / "marts.duckdb", read_only=True) as connection:
        told = health_at(connection, at.replace(tzinfo=None))
    for part in (told, *told["services"], *told["journeys"]):
        part["since"] = part["since"].isoformat() if part["since"] else None
    parts = {"services": told["services"], "journeys": told["journeys"]}
    return Status(told["status"], told["reason"], told["since"], at.isoformat(), **parts)


def headlines(settings: Settings) -> list[tuple[str, str]]:
    """The numbers that a newcomer asks for first, as far as the site delivers them, with interval and sample size."""
    metrics = json.loads((settings.published / "status.json").read_text(encoding="utf-8"))["metrics"]
    return [(title, _worded(metrics[kpi])) for kpi, title in HEADLINES.items() if kpi in metrics]


def _standing(part: dict[str, Any]) -> str:
    since = _since(part.get("since"))
    return f"{part['status']} {since}{part['reason']}" if since else f"{part['status']}, {part['reason']}"


def _since(instant: str | None) -> str:
    return f"since {_minute(instant)}: " if instant else ""


def _minute(instant: str) -> str:
    return f"{datetime.fromisoformat(instant):%Y-%m-%d %H:%M} UTC"


def _worded(metric: dict[str, Any] | None) -> str:
    if metric is None or metric["value"] is None:
        return "not known yet"
    shown = [_with_unit(metric[part], metric["unit"]) for part in ("value", "value_lower", "value_upper")]
    interval = f" ({shown[1]} to {shown[2]})" if metric["value_lower"] is not None else ""
    return f"{shown[0]}{interval}, n = {metric['sample_count'] or 0:,}, last {metric['window_days']} days"


def _with_unit(value: float | None, unit: str | None) -> str:
    if value is None:
        return "?"
    if unit == "share":
        return f"{value:.2%}"
    if unit == "s" and value >= 60:
        return f"{value / 60:,.0f} min"
    return f"{value:,.1f} {'' if unit == 'score' else unit or ''}".strip()


def _outside(settings: Settings) -> dict[str, Any]:
    """The part of a status that no release knows."""
    waiting, problem, unmatched = _landing(settings)
    return {
        "last_run": _last_run(settings),
        "waiting_files": waiting,
        "landing_problem": problem,
        "intake": lake.newest_intake(settings),
        "unmatched_sources": unmatched,
    }


def _landing(settings: Settings) -> tuple[int, str | None, list[str]]:
    """The number of files that wait, what is wrong, and which sources have none: known without object storage too."""
    try:
        waiting = len(lake.pending_files(settings))
        problems = lake.unreadable_files(settings) if waiting else []
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        unmatched = [lake.unmatched_message(settings, source) for source in lake.unmatched_sources(settings)]
        return waiting, problems[0] + more if problems else None, unmatched
    except lake.StorageError as error:
        return 0, str(error), []


def _last_run(settings: Settings) -> LastRun | None:
    if not (settings.dagster_home / "dagster.yaml").exists():
        return None
    import dagster as dg

    with runs.open_instance(settings) as instance:
        runs.bury_orphans(instance, settings)
        found = instance.get_run_records(dg.RunsFilter(job_name=runs.DAILY), limit=1)
    if not found:
        return None
    run, start, end = found[0].dagster_run, found[0].start_time, found[0].end_time
    started = datetime.fromtimestamp(start, UTC).isoformat(timespec="seconds") if start else None
    return LastRun(run.run_id, run.status.value, started, end - start if start and end else None)
