"""Charts of reliability that several pages share: burn-downs of budgets, bars of availability, bars of health.

Each function reads marts and returns charts; which page shows them is decided in `content/`. A chart has one id and is
the same wherever it stands.
"""

from datetime import date, timedelta

from orchestration.reports.charts import Chart, Role, Series, Threshold
from orchestration.reports.figures import sentence
from orchestration.reports.formats import Formats, day, duration, short_day
from orchestration.reports.marts import Marts, Row, aligned, grouped
from orchestration.reports.svg_rows import day_role

HEALTH_ROLES: dict[str, Role] = {"healthy": "good", "degraded": "middling", "critical": "bad", "unknown": "unknown"}
HEALTH_KEYS: tuple[tuple[Role, str], ...] = (
    ("good", "healthy all day"),
    ("middling", "degraded for a time"),
    ("bad", "critical for a time"),
    ("unknown", "unknown for a time"),
)
AVAILABILITY_KEYS: tuple[tuple[Role, str], ...] = (
    ("good", "at target"),
    ("middling", "below target"),
    ("bad", "ten times over budget"),
    ("unknown", "unknown"),
)


def burn_downs(marts: Marts, formats: Formats, slug: dict[str, str]) -> dict[str, Chart]:
    """Return the burn-down of each objective's budget over its window, by objective.

    Args:
        marts: the tables of the release.
        formats: how values are written.
        slug: a name that may stand in a file name, by objective.
    """
    rows = marts.rows("select * from reports.rpt_budget_burn_down order by objective, event_date")
    charts = {}
    for objective, group in grouped(rows, "objective").items():
        first, last = group[0]["window_starts_on"], group[0]["window_ends_on"]
        days = tuple(first + timedelta(days=i) for i in range((last - first).days + 1))
        left = aligned(group, days, "budget_left_share")
        even = tuple(1 - (i + 1) / len(days) for i in range(len(days)))
        newest = group[-1]["budget_left_share"]
        finding = f"{formats.value(newest, 'share')} left" if newest >= 0 else "overspent"
        charts[objective] = Chart(
            id=f"budget_{slug[objective]}",
            kind="line",
            title=f"{objective}: {finding}",
            subtitle=f"{short_day(first)} to {day(last)}.",
            summary=f"Error budget left of {objective}. {sentence(days, left, 'share', formats)}",
            unit="share",
            definition="burn_down",
            x=days,
            series=(Series("left", left, role="c1"), Series("even spending", even, role="c5", is_dashed=True)),
            thresholds=(Threshold(0.0, "spent"),),
            is_small=True,
        )
    return charts


def availability_bars(marts: Marts, formats: Formats, target: float, service: str = "", name: str = "") -> Chart | None:
    """Return a bar for each of the last days and each service (or the one named), or None without a check.

    Args:
        marts: the tables of the release.
        formats: how values are written.
        target: the availability that a day should keep.
        service: only this one; `name` is then the chart's id.
        name: the chart's id, if it is not the one of all services.
    """
    days = marts.days()
    rows = marts.rows(
        """
        select service, event_date, availability_share, coverage_share, down_s, maintenance_s, unknown_s
        from reliability.fct_availability
        where grain = 'day' and is_contractual and event_date between $first_day and $as_of
            and ($service = '' or service = $service)
        order by service, event_date
        """,
        service=service,
    )
    if not rows:
        return None
    whole = {
        row["service"]: row["availability_share"]
        for row in marts.rows(
            """
            select service, availability_share from reliability.fct_availability
            where grain = '90d' and is_contractual
            """
        )
    }
    series, notes = [], []
    for subject, group in grouped(rows, "service").items():
        by_day = {row["event_date"]: row for row in group}
        shares = aligned(group, days, "availability_share")
        roles = tuple(day_role(share, target) for share in shares)
        texts = tuple(_available(d, by_day.get(d), formats) for d in days)
        series.append(Series(str(subject), shares, roles=roles, texts=texts))
        notes.append(formats.value(whole.get(subject), "share") if whole.get(subject) is not None else "unknown")
    return Chart(
        id=name or "availability_days",
        kind="days",
        title=f"Availability{f' of {service}' if service else ''} by day, {len(days)} days to {day(days[-1])}",
        subtitle=(
            f"Green keeps {formats.goal(target, 'share')}; taller and darker bars had more down time; short grey ones "
            "are unknown."
        ),
        summary=" ".join(f"{s.name}: {sentence(days, s.values, 'share', formats)}" for s in series),
        unit="share",
        definition="availability",
        x=days,
        series=tuple(series),
        thresholds=(Threshold(target, "target"),),
        notes=tuple(notes),
        row_heading="Service",
        note_heading="90 days",
        keys=AVAILABILITY_KEYS,
    )


def health_bars(marts: Marts, kinds: tuple[str, ...], subject: str = "", name: str = "health_days") -> Chart | None:
    """Return a bar for each of the last days and each subject: the worst health of the day, and how long it lasted.

    Args:
        marts: the tables of the release.
        kinds: service, journey, application.
        subject: only this one.
        name: the chart's id.
    """
    days = marts.days()
    rows = marts.rows(
        """
        with days as (select unnest(range($first, $as_of::date + 1, interval 1 day)) as day),
        lengths as (
            select
                subject_kind, subject, health, day::date as event_date,
                date_diff('second', greatest(started_at, day), least(coalesce(ended_at, day + interval 1 day), day +
                    interval 1 day)) as health_s
            from reliability.fct_health_changes
            inner join days on started_at < day + interval 1 day and (ended_at is null or ended_at > day)
            where list_contains($kinds, subject_kind) and ($subject = '' or subject = $subject)
        )
        select subject_kind, subject, event_date, health, sum(health_s)::double as health_s from lengths
        group by all having sum(health_s) > 0 order by subject_kind, subject, event_date, health
        """,
        first=days[0],
        kinds=list(kinds),
        subject=subject,
    )
    series = []
    for (kind, named), group in _by(rows, ("subject_kind", "subject")).items():
        by_day = grouped(group, "event_date")
        told = [_health_of(d, by_day.get(d, [])) for d in days]
        shares = tuple(share for share, _, _ in told)
        label = str(named) if len(kinds) == 1 or kind != "application" else f"{named} (application)"
        series.append(Series(label, shares, roles=tuple(r for _, r, _ in told), texts=tuple(t for _, _, t in told)))
    if not series:
        return None
    well = [sum(role == "good" for role in s.roles or ()) for s in series]
    return Chart(
        id=name,
        kind="days",
        title=f"Health of {subject or _WHOSE[kinds[-1]]} by day, {len(days)} days to {day(days[-1])}",
        subtitle="The worst health of each day; the words say how long it lasted.",
        summary=" ".join(
            f"{s.name}: healthy all day on {n} of {len(days)} days." for s, n in zip(series, well, strict=True)
        ),
        unit="share",
        definition="health",
        x=days,
        series=tuple(series),
        notes=tuple(f"{n} of {len(days)}" for n in well),
        row_heading="Service or application" if len(kinds) > 1 else kinds[0].capitalize(),
        note_heading="Healthy days",
        keys=HEALTH_KEYS,
    )


def _available(d: date, row: Row | None, formats: Formats) -> str:
    if row is None:
        return f"{day(d)}: unknown, no check"
    parts = [f"{duration(row[key])} {word}" for key, word in _LOST if row[key]]
    share = row["availability_share"]
    head = "unknown" if share is None else formats.value(share, "share")
    return f"{day(d)}: {head}" + (f" ({', '.join(parts)})" if parts else "")


_LOST = (("down_s", "down"), ("maintenance_s", "maintenance"), ("unknown_s", "unknown"))


_WHOSE = {"service": "services", "journey": "journeys", "application": "the application"}


def _health_of(d: date, rows: list[Row]) -> tuple[float | None, Role, str]:
    if not rows:
        return None, "unknown", f"{day(d)}: unknown"
    lasted = {row["health"]: row["health_s"] for row in rows}
    worst = next(name for name in ("critical", "degraded", "unknown", "healthy") if name in lasted)
    known = sum(seconds for name, seconds in lasted.items() if name != "unknown")
    words = ", ".join(f"{name} {duration(lasted[name])}" for name in HEALTH_ROLES if name in lasted)
    if worst == "healthy":
        words = "healthy"
    return (lasted.get("healthy", 0) / known if known else None), HEALTH_ROLES[worst], f"{day(d)}: {words}"


def _by(rows: list[Row], keys: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[key] for key in keys), []).append(row)
    return groups
