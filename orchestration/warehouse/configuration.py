"""The user's configuration as tables, so that SQL reads it like any other input.

Only values that some table reads belong here; how they are written and checked is `orchestration.settings`.
"""

from typing import Any

import duckdb

from orchestration import lake
from orchestration.settings import Settings

Table = tuple[str, list[tuple[Any, ...]]]


def write_configuration(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Replace every table of schema `config`."""
    connection.execute("create schema if not exists config")
    for name, (columns, rows) in _tables(settings).items():
        connection.execute(f"create or replace table config.{name} ({columns})")
        if rows:
            marks = ", ".join("?" * len(rows[0]))
            connection.executemany(f"insert into config.{name} values ({marks})", rows)  # noqa: S608 - names are ours


def _tables(settings: Settings) -> dict[str, Table]:
    config = settings.config
    site = config.site
    rates = {**site.exchange_rates, site.currency: 1}
    return {
        "site": ("name varchar, currency varchar, timezone varchar", [(site.name, site.currency, site.timezone)]),
        "exchange_rates": ("currency varchar, rate decimal(18, 8)", [(key, str(rate)) for key, rate in rates.items()]),
        "page_groups": (
            "position integer, page_group varchar, pattern varchar",
            [(at, group.name, group.pattern) for at, group in enumerate(config.page_groups, 1)],
        ),
        "services": (
            "service varchar, owner varchar, probe_interval_s integer, is_critical boolean",
            [(item.name, item.owner, item.probe_interval_s, item.critical) for item in config.services],
        ),
        "service_locations": (
            "service varchar, location varchar",
            [(item.name, location) for item in config.services for location in item.locations],
        ),
        "slos": (
            "slo varchar, service varchar, indicator varchar, page_group varchar, description varchar,"
            " target_share decimal(9, 8), window_days integer",
            [
                (o.name, o.service, o.indicator, o.page_group, o.description, str(o.target), o.window_days)
                for o in settings.slos
            ],
        ),
        **_journeys(settings),
        **_rules(settings),
    }


def _journeys(settings: Settings) -> dict[str, Table]:
    journeys = settings.config.journeys
    return {
        "journeys": ("journey varchar, is_critical boolean", [(item.name, item.critical) for item in journeys]),
        "journey_steps": (
            "journey varchar, position integer, step varchar, page_group varchar, service varchar, objective varchar",
            [
                (item.name, at, step.name, step.page_group, step.service, step.objective)
                for item in journeys
                for at, step in enumerate(item.steps, 1)
            ],
        ),
    }


def _rules(settings: Settings) -> dict[str, Table]:
    config = settings.config
    degradation = config.experience.degradation
    mttr = config.baselines.mttr
    return {
        "targets": ("target varchar, value double", list(config.targets.model_dump().items())),
        "retention": (
            "raw_table varchar, retention_days integer",
            [(table, settings.retention_days(feed.name)) for table, feed in lake.RAW_TABLES.items()],
        ),
        "baselines": (
            "baseline varchar, first_days integer, starts_on date, ends_on date",
            [("mttr", mttr.first_days, mttr.from_, mttr.to)] if mttr else [],
        ),
        "settings": (
            "setting varchar, value varchar",
            [
                ("accounting_method", config.accounting.method),
                ("degradation_false_discovery_rate", str(degradation.false_discovery_rate)),
                ("degradation_smallest_change_share", str(degradation.smallest_change_share)),
            ],
        ),
    }
