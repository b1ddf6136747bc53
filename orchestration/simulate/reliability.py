"""The exports of those who keep the shop running: probes, request counts, maintenance, incidents, releases.

A planted outage shows in all probes of its service (unless only people noticed), in its requests, and in an incident
(unless nobody wrote one). Chance adds what really happens: a lone failed check, a slow one, a location that is silent.
"""

import json
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from orchestration.simulate import site
from orchestration.simulate.plan import DAY_MS, MINUTE_MS, Incident, Plan
from orchestration.simulate.truth import Truth, iso
from orchestration.simulate.writers import csv_lines, iso_times, strings

_STATUSES = ("up", "degraded", "down", "maintenance")
_BLIP_SHARE = 0.0003
_DEGRADED_SHARE = 0.0015


def probes(day_ms: int, plan: Plan, truth: Truth, rng: np.random.Generator) -> tuple[bytes, pa.Array]:
    """Returns header and lines of a day's checks (UTC with Z), in the order of their times."""
    parts = [
        _checks(day_ms, service, location, plan, rng) for service in site.SERVICES for location in service.locations
    ]
    at, who, where, state, ms = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((where, who, at))
    at, who, where, state, ms = at[order], who[order], where[order], state[order], ms[order]
    truth.add(day_ms, checks=len(at), down_checks=int((state == 2).sum()))
    names = [s.name for s in site.SERVICES]
    answered = state < 2
    header, lines = csv_lines(
        {
            "checked_at": iso_times(at),
            "service": strings(names).take(pa.array(who)),
            "status": strings(list(_STATUSES)).take(pa.array(state)),
            "location": strings(list(site.LOCATION_MS)).take(pa.array(where)),
            "status_code": strings(["200", "200", "503", "503"]).take(pa.array(state)),
            "response_ms": pa.array(np.round(ms, 1), mask=~answered),
            "message": strings(["", "slow answer", "HTTP 503, no answer in time", "planned"]).take(pa.array(state)),
            "interval_s": np.array([s.interval_s for s in site.SERVICES])[who],
        },
        quoted=("message",),
    )
    return header, lines


def requests(day_ms: int, views_by_hour: np.ndarray, plan: Plan, truth: Truth, rng: np.random.Generator) -> tuple[
    bytes, pa.Array
]:  # fmt: skip
    """Returns header and lines of a day's requests by minute and service; `views_by_hour` holds 24 counts."""
    minutes = day_ms + np.arange(1440) * MINUTE_MS
    columns: dict[str, list[np.ndarray]] = {k: [] for k in ("at", "who", "n", "bad", "p50", "p95", "p99")}
    for index, service in enumerate(site.SERVICES):
        expected = np.repeat(views_by_hour / 60, 60) * service.requests_per_view
        n = rng.poisson(np.maximum(expected, 0.2))
        out = _in_outage(minutes, service.name, plan, probes_only=False)
        bad = rng.binomial(n, np.where(out, 0.85, 0.0006))
        p50 = service.response_ms * np.exp(rng.normal(0, 0.06, 1440)) * np.where(out, 6, 1)
        tail = np.exp(rng.normal(0, 0.08, (2, 1440)))
        columns["at"].append(minutes)
        columns["who"].append(np.full(1440, index))
        columns["n"].append(n)
        columns["bad"].append(bad)
        columns["p50"].append(p50)
        columns["p95"].append(p50 * 2.1 * tail[0])
        columns["p99"].append(p50 * 3.6 * tail[0] * np.maximum(1, tail[1]))
    flat = {name: np.stack(values, axis=1).ravel() for name, values in columns.items()}
    truth.add(day_ms, requests=int(flat["n"].sum()), request_errors=int(flat["bad"].sum()))
    return csv_lines(
        {
            "minute": iso_times(flat["at"]),
            "service": strings([s.name for s in site.SERVICES]).take(pa.array(flat["who"])),
            "requests": flat["n"],
            "errors": flat["bad"],
            **{f"{p}_ms": np.round(flat[p], 1) for p in ("p50", "p95", "p99")},
        }
    )


def maintenance(day_ms: int, plan: Plan) -> tuple[bytes, pa.Array]:
    """Returns header and lines of the windows announced on a day (one day ahead where there is one; local time)."""
    announced = [w for w in plan.maintenance if max(plan.start_ms, _day(w.started_ms) - DAY_MS) == day_ms]
    return csv_lines(
        {
            "service": pa.array([w.of for w in announced], pa.string()),
            "starts_at": pa.array([_local(w.started_ms) for w in announced], pa.string()),
            "ends_at": pa.array([_local(w.ended_ms) for w in announced], pa.string()),
            "note": pa.array(['Database upgrade, "planned"'] * len(announced), pa.string()),
        },
        quoted=("note",),
    )


def incidents(day_ms: int, plan: Plan) -> tuple[bytes, pa.Array]:
    """Returns header and lines of the incidents that began or changed on a day, as known at its end (UTC with Z).

    The same incident stands in the export of the day of its start and, if it went on or was understood later, again.
    """
    known = day_ms + DAY_MS
    rows = [i for i in plan.incidents if day_ms in _told_on(i)]

    def at(instant: int | None) -> str | None:
        return iso(instant) if instant is not None and instant < known else None

    def column(values: list[str | None]) -> pa.Array:
        return pa.array(values, pa.string())

    return csv_lines(
        {
            "incident_id": column([i.incident_id for i in rows]),
            "service": column([i.services[0] if len(i.services) == 1 else json.dumps(i.services) for i in rows]),
            "started_at": column([at(i.started_ms) for i in rows]),
            "detected_at": column([at(i.detected_ms) for i in rows]),
            "acknowledged_at": column([at(i.acknowledged_ms) for i in rows]),
            "restored_at": column([at(i.restored_ms) for i in rows]),
            "resolved_at": column([at(i.resolved_ms) for i in rows]),
            "severity": column([i.severity for i in rows]),
            "title": column([i.title for i in rows]),
            "url": column([f"https://status.lighthouse-goods.example/{i.incident_id}" for i in rows]),
            "cause": column([i.cause if _day(i.started_ms) < day_ms else None for i in rows]),
        },
        quoted=("service", "title", "url"),
    )


def alert_reviews(day_ms: int, plan: Plan) -> tuple[bytes, pa.Array]:
    """Returns header and lines of what people said on a day of the alerts of the day before.

    They look at what no incident was recorded for: an outage that probes saw was one, a silent place was none.
    """
    before = day_ms - DAY_MS
    said = [
        (outage.service, outage.started_ms, "true", "Over before anybody opened an incident")
        for outage in plan.outages
        if outage.incident_id is None and _day(outage.started_ms) == before
    ]
    said += [
        (silence.of.partition("@")[0], silence.started_ms, "noise", "The probe was being moved")
        for silence in plan.silences
        if _day(silence.started_ms) == before
    ]
    services, moments, verdicts, notes = zip(*said, strict=True) if said else ((), (), (), ())
    return csv_lines(
        {
            "service": pa.array(services, pa.string()),
            "at": pa.array([iso(moment) for moment in moments], pa.string()),
            "verdict": pa.array(verdicts, pa.string()),
            "by": pa.array(["operations"] * len(said), pa.string()),
            "note": pa.array(notes, pa.string()),
            "reviewed_at": pa.array([iso(day_ms + 9 * 3_600_000)] * len(said), pa.string()),
        },
        quoted=("note",),
    )


def releases(day_ms: int, plan: Plan) -> tuple[bytes, pa.Array]:
    """Returns header and lines of the day's deploys (naive UTC)."""
    rows = [r for r in plan.releases if _day(r.deployed_ms) == day_ms]
    return csv_lines(
        {
            "release": pa.array([r.release for r in rows], pa.string()),
            "deployed_at": pa.array([iso(r.deployed_ms)[:19].replace("T", " ") for r in rows], pa.string()),
            "service": pa.array(["storefront"] * len(rows), pa.string()),
            "commit": pa.array([r.commit for r in rows], pa.string()),
            "is_rollback": pa.array([str(r.is_rollback).lower() for r in rows], pa.string()),
        }
    )


def _checks(
    day_ms: int, service: site.Service, location: str, plan: Plan, rng: np.random.Generator
) -> tuple[np.ndarray, ...]:
    places = list(site.LOCATION_MS)
    step = service.interval_s * 1000
    n = DAY_MS // step
    offset = places.index(location) * step // len(places)
    at = day_ms + np.arange(n) * step + offset + rng.integers(0, min(2000, step // 10), n)
    slow = rng.random(n) < _DEGRADED_SHARE
    down = _in_outage(at, service.name, plan, probes_only=True) | (rng.random(n) < _BLIP_SHARE)
    state = np.where(down, 2, np.where(slow, 1, 0))
    kept = np.ones(n, bool)
    for window in plan.maintenance:
        if window.of == service.name:
            state = np.where((at >= window.started_ms) & (at < window.ended_ms), 3, state)
    for window in plan.silences:
        if window.of == f"{service.name}@{location}":
            kept &= ~((at >= window.started_ms) & (at < window.ended_ms))
    ms = (service.response_ms + site.LOCATION_MS[location]) * np.exp(rng.normal(0, 0.18, n)) * np.where(slow, 12, 1)
    who = [s.name for s in site.SERVICES].index(service.name)
    return tuple(column[kept] for column in (at, np.full(n, who), np.full(n, places.index(location)), state, ms))


def _in_outage(at: np.ndarray, service: str, plan: Plan, *, probes_only: bool) -> np.ndarray:
    hit = np.zeros(len(at), bool)
    for outage in plan.outages:
        if outage.service == service and (outage.seen_by_probes or not probes_only):
            hit |= (at >= outage.started_ms) & (at < outage.ended_ms)
    return hit


def _told_on(incident: Incident) -> set[int]:
    """The days whose export tells of an incident: its start, its end, and the day after, when the cause is known."""
    days = {_day(incident.started_ms), _day(incident.started_ms) + DAY_MS}
    return days | ({_day(incident.resolved_ms)} if incident.resolved_ms else set())


def _day(ms: int) -> int:
    return ms // DAY_MS * DAY_MS


def _local(ms: int) -> str:
    instant = np.datetime64(ms, "ms").item().replace(tzinfo=ZoneInfo("UTC"))
    return instant.astimezone(ZoneInfo(site.LOCAL_ZONE)).strftime("%Y-%m-%d %H:%M:%S")
