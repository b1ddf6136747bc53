"""What is planted: every outage, release and burst of a simulated period, drawn before any row is.

A plan depends on the seed and the period only. How a planted event shows in the rows belongs to the feeds' modules.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import numpy as np

from orchestration.simulate import site

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True)
class Outage:
    """A service does not answer. `seen_by_probes` is False where only people noticed."""

    service: str
    started_ms: int
    ended_ms: int
    seen_by_probes: bool
    incident_id: str | None


@dataclass(frozen=True)
class Incident:
    """What people wrote down; None is a time that is not known (yet)."""

    incident_id: str
    services: tuple[str, ...]
    severity: str
    title: str
    cause: str
    started_ms: int
    detected_ms: int | None
    acknowledged_ms: int | None
    restored_ms: int | None
    resolved_ms: int | None
    flaw: str = ""


@dataclass(frozen=True)
class Window:
    """A period in which something holds: maintenance of a service, slowness of a country, silence of a location."""

    of: str
    started_ms: int
    ended_ms: int
    factor: float = 1.0


@dataclass(frozen=True)
class Release:
    """A deploy of the storefront; `slowdown` multiplies the LCP of `slow_page_group` while it runs."""

    release: str
    deployed_ms: int
    commit: str
    is_rollback: bool = False
    slow_page_group: str | None = None
    slowdown: float = 1.0


@dataclass(frozen=True)
class ErrorBurst:
    """A share of the page views of one group fails with one error."""

    kind: int
    page_group: str
    share: float
    started_ms: int
    ended_ms: int


@dataclass(frozen=True)
class Plan:
    """Everything that is planted in a period of whole UTC days."""

    start_ms: int
    end_ms: int
    outages: list[Outage]
    incidents: list[Incident]
    maintenance: list[Window]
    country_slowness: list[Window]
    silences: list[Window]
    late_hours: list[Window]
    releases: list[Release]
    error_bursts: list[ErrorBurst]


def make_plan(days: int, end: date, seed: int) -> Plan:
    """Draws what goes wrong in the `days` UTC days that end with `end`.

    Short periods get few events (one day: one outage with an incident), so that availability stays near 99.9 %.
    """
    rng = np.random.default_rng([seed, 0, 0])
    first = end - timedelta(days=days - 1)
    start = int(datetime(first.year, first.month, first.day, tzinfo=UTC).timestamp() * 1000)
    slots = _Slots(rng, start, days)
    outages, incidents = _outages(rng, slots, start, days)
    return Plan(
        start_ms=start,
        end_ms=start + days * DAY_MS,
        outages=outages,
        incidents=incidents + _flawed_incidents(slots, start, days),
        maintenance=_maintenance(slots, start, days),
        country_slowness=[
            Window(str(rng.choice(["FR", "US", "GB"])), day, min(day + 2 * DAY_MS, start + days * DAY_MS), 2.4)
            for day in _spread(rng, start, days, round(days / 18), room=2)
        ],
        silences=[
            Window(f"{site.SERVICES[i % 3].name}@frankfurt", day + 9 * HOUR_MS, day + 11 * HOUR_MS)
            for i, day in enumerate(_spread(rng, start, days, round(days / 12), room=1))
        ],
        late_hours=[
            Window("beacons", day + 14 * HOUR_MS, day + 15 * HOUR_MS)
            for day in _spread(rng, start, days, round(days / 10), room=3)
        ],
        releases=_releases(rng, start, days),
        error_bursts=[
            ErrorBurst(i % 4, ("product", "checkout", "category")[i % 3], 0.12, day + 10 * HOUR_MS, day + 14 * HOUR_MS)
            for i, day in enumerate(_spread(rng, start, days, round(days / 9), room=1))
        ],
    )


class _Slots:
    """Hands out (service, day) pairs, each once, so that planted events never overlap and stay recognisable."""

    def __init__(self, rng: np.random.Generator, start: int, days: int):
        pairs = [(service.name, day) for service in site.SERVICES for day in range(days)]
        self.free = [pairs[i] for i in rng.permutation(len(pairs))]
        self.rng, self.start = rng, start

    def take(self) -> tuple[str, int] | None:
        """Returns a service and an instant between 06:00 and 20:00 UTC, in whole seconds."""
        if not self.free:
            return None
        service, day = self.free.pop()
        return service, self.start + day * DAY_MS + int(self.rng.integers(6 * 3600, 20 * 3600)) * 1000


def _outages(rng: np.random.Generator, slots: _Slots, start: int, days: int) -> tuple[list[Outage], list[Incident]]:
    confirmed, probes_only, people_only = max(1, round(days / 7)), round(days / 15), round(days / 18)
    kinds = ["confirmed"] * confirmed + ["probes"] * probes_only + ["people"] * people_only
    drawn = sorted((slot[1], slot[0], kind) for kind in kinds if (slot := slots.take()))
    outages, incidents = [], []
    for number, (began, service, kind) in enumerate(drawn, 1):
        # Restoring takes half as long in the second half of the period: the claim that a report has to judge.
        median_s = 1500 if began < start + days * DAY_MS / 2 else 750
        shortest_s = 1200 if service == "search-api" else 480
        seconds = max(shortest_s, round(median_s * float(np.exp(rng.normal(0, 0.45)))))
        ended = began + seconds * 1000
        name = f"INC-{number:04d}" if kind != "probes" else None
        outages.append(Outage(service, began, ended, kind != "people", name))
        if name:
            incidents.append(_incident(rng, name, service, began, ended))
    return outages, incidents


def _incident(rng: np.random.Generator, name: str, service: str, began: int, ended: int) -> Incident:
    title, cause = (
        ("Errors while paying", "database"),
        ("Pages do not load", "deploy"),
        ("Slow or failing answers", "third party"),
        ("Certificate expired", "certificate"),
    )[int(rng.integers(4))]
    detected = began + int(rng.integers(60, 300)) * 1000
    return Incident(
        incident_id=name,
        services=(service,),
        severity=("critical", "major", "minor")[int(rng.choice(3, p=[0.4, 0.4, 0.2]))],
        title=f"{title} ({service})",
        cause=cause,
        started_ms=began,
        detected_ms=detected,
        acknowledged_ms=detected + int(rng.integers(30, 180)) * 1000,
        restored_ms=ended if rng.random() > 0.15 else None,
        resolved_ms=ended + int(rng.integers(15, 90)) * MINUTE_MS,
    )


def _flawed_incidents(slots: _Slots, start: int, days: int) -> list[Incident]:
    """Records as people leave them: of no length, out of order, of two services, never closed."""
    if days < 10:
        return []
    flawed: list[Incident] = []
    for flaw in ("zero_length", "unordered", "two_services", "open"):
        slot = slots.take()
        if slot is None:
            break
        service, began = slot
        if flaw == "open":
            began = start + (days - 2) * DAY_MS + 15 * HOUR_MS
        restored = {"zero_length": began, "unordered": began - HOUR_MS, "open": None}.get(flaw, began + 20 * MINUTE_MS)
        late = None if restored is None else max(began, restored)
        flawed.append(
            Incident(
                incident_id=f"INC-9{len(flawed):03d}",
                services=("storefront", "checkout-api") if flaw == "two_services" else (service,),
                severity="minor",
                title=f"Reported by a customer, {flaw.replace('_', ' ')}",
                cause="unknown",
                started_ms=began,
                detected_ms=began if flaw != "open" else began + 5 * MINUTE_MS,
                acknowledged_ms=None,
                restored_ms=restored,
                resolved_ms=late,
                flaw=flaw,
            )
        )
    return flawed


def _maintenance(slots: _Slots, start: int, days: int) -> list[Window]:
    windows = []
    for _ in range(round(days / 14)):
        if slot := slots.take():
            service, instant = slot
            night = start + (instant - start) // DAY_MS * DAY_MS + 2 * HOUR_MS
            windows.append(Window(service, night, night + 45 * MINUTE_MS))
    return sorted(windows, key=lambda w: w.started_ms)


def _releases(rng: np.random.Generator, start: int, days: int) -> list[Release]:
    """A deploy each Tuesday at 10:00 UTC; every fourth, from the second on, slows product pages and is rolled back."""
    releases = [_release(rng, start, 0)]
    number = 0
    for day in range(days):
        instant = start + day * DAY_MS + 10 * HOUR_MS
        if datetime.fromtimestamp(instant / 1000, UTC).weekday() != 1:
            continue
        number += 1
        if number % 4 == 2:
            releases.append(_release(rng, instant, 1, "product", 1.45))
            if day + 3 < days:
                releases.append(_release(rng, instant + 3 * DAY_MS, 2, is_rollback=True))
        else:
            releases.append(_release(rng, instant, 1))
    return releases


def _release(
    rng: np.random.Generator, instant: int, build: int, slow: str | None = None, by: float = 1.0, *,
    is_rollback: bool = False,
) -> Release:  # fmt: skip
    year, week, _ = datetime.fromtimestamp(instant / 1000, UTC).isocalendar()
    return Release(f"{year}.{week:02d}.{build}", instant, f"{rng.integers(2**40):010x}", is_rollback, slow, by)


def _spread(rng: np.random.Generator, start: int, days: int, count: int, room: int) -> list[int]:
    """Returns the starts of `count` different days, leaving `room` days at the end; none in too short a period."""
    usable = days - room
    if usable < 2 or not count:
        return []
    chosen = rng.choice(usable, size=min(count, usable), replace=False)
    return [start + int(day) * DAY_MS for day in sorted(chosen)]
