"""The services of a site whose configuration names none: those that probes, requests and incidents speak of.

They are noted beside the lake, so that whoever writes the configuration as tables knows them without reading raw rows;
a full refresh finds them anew. What a configuration declares is never changed here.
"""

import json
from dataclasses import dataclass

import duckdb

from orchestration.lake.layout import replace_file
from orchestration.settings import Settings
from orchestration.settings.model import Service
from orchestration.settings.openslo.objectives import USUAL_INTERVAL_S

# Intervals that people set; the gaps between checks are near one of them.
_USUAL_S = (10, 15, 20, 30, 60, 120, 180, 300, 600, 900, 1200, 1800, 3600, 7200, 21600, 43200, 86400)


@dataclass(frozen=True)
class Known:
    """A service, whether the application depends on it, and how it is probed: no interval if it is not."""

    name: str
    owner: str
    is_critical: bool
    probe_interval_s: int | None
    locations: list[str]


def known_services(settings: Settings) -> list[Known]:
    """Return the declared services; where none is declared, those that have landed."""
    declared = settings.config.services
    if declared:
        return [_declared(service) for service in declared]
    path = settings.lake / "services.json"
    return [Known(**item) for item in json.loads(path.read_text())] if path.exists() else []


def note_landed_services(connection: duckdb.DuckDBPyConnection, settings: Settings, anew: bool) -> bool:
    """Note the services of the raw rows that are visible, besides those known; says whether probes have a new one.

    Critical are those whose health can be known, by checks or by requests. `anew` forgets what was known before.
    """
    if settings.config.services:
        return False
    before = [] if anew else known_services(settings)
    merged = {service.name: service for service in before}
    for found in _landed(connection):
        was = merged.get(found.name, found)
        merged[found.name] = Known(
            found.name,
            "",
            was.is_critical or found.is_critical,
            was.probe_interval_s or found.probe_interval_s,
            sorted({*was.locations, *found.locations}),
        )
    after = [merged[name] for name in sorted(merged)]
    if anew or after != before:
        settings.lake.mkdir(parents=True, exist_ok=True)
        replace_file(settings.lake / "services.json", json.dumps([vars(service) for service in after]))
    return [vars(s) for s in after if s.locations] != [vars(s) for s in before if s.locations]


def interval_of(services: list[Known], name: str) -> int:
    """Return the seconds between two checks of a service; the usual ones where nobody knows."""
    return next((s.probe_interval_s for s in services if s.name == name and s.probe_interval_s), USUAL_INTERVAL_S)


def _declared(service: Service) -> Known:
    return Known(
        service.name, service.owner, service.critical, service.probe_interval_s, [str(p) for p in service.locations]
    )


def _landed(connection: duckdb.DuckDBPyConnection) -> list[Known]:
    # As staging names them (dbt_project/macros/own_name.sql).
    connection.execute("create or replace temp macro own_name(name) as if(name = 'all', '\"all\"', name)")
    rows = connection.execute(
        """
        with checks as (
            select
                own_name(service) as service,
                coalesce(nullif(own_name(location), ''), 'default') as location,
                interval_s,
                epoch(checked_at) - lag(epoch(checked_at)) over (
                    partition by raw_probes.checks.service, raw_probes.checks.location order by checked_at
                ) as gap
            from raw_probes.checks
        ),
        requested as (select distinct own_name(service) as service from raw_requests.requests),
        troubled as (select distinct own_name(unnest(services)) as service from raw_incidents.incidents),
        probed as (
            select service, coalesce(median(interval_s), median(gap) filter (gap > 0)) as interval_s,
                list(distinct location) as locations
            from checks group by service
        )
        select service, true, interval_s, locations from probed
        union all
        select service, true, null, [] from requested anti join probed using (service)
        union all
        select service, false, null, []
        from troubled anti join probed using (service) anti join requested using (service)
        order by 1
        """
    ).fetchall()
    return [
        Known(name, "", is_critical, _usual(interval) if places else None, sorted(places))
        for name, is_critical, interval, places in rows
    ]


def _usual(interval_s: float | None) -> int:
    return min(_USUAL_S, key=lambda usual: abs(usual - (interval_s or USUAL_INTERVAL_S)))
