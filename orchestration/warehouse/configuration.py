"""The user's configuration as tables, so that SQL reads it like any other input.

Only values that some table reads belong here; how they are written and checked is `orchestration.settings`.
"""

from typing import Any

import duckdb

from orchestration import lake
from orchestration.settings import Objective, Settings
from orchestration.settings.openslo.objectives import burn_rate_windows, can_fire
from orchestration.settings.roll_ups import effective
from orchestration.warehouse.services import interval_of, known_services

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
    services = known_services(settings)
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
            [(item.name, item.owner, item.probe_interval_s, item.is_critical) for item in services],
        ),
        "service_locations": (
            "service varchar, location varchar",
            [(item.name, location) for item in services for location in item.locations],
        ),
        **_objectives(settings),
        **_accounting(settings),
        **_alerting(settings),
        **_journeys(settings),
        **_rules(settings),
        **_errors(settings),
    }


def _objectives(settings: Settings) -> dict[str, Table]:
    config = settings.config
    services = known_services(settings)
    names = [o.name for o in settings.objectives]
    return {
        "objectives": (
            "objective varchar, slo varchar, service varchar, description varchar, indicator varchar, feed varchar,"
            " page_group varchar, location varchar, threshold_op varchar, budgeting_method varchar,"
            " window_kind varchar, window_unit varchar, window_timezone varchar, composite_slo varchar,"
            " threshold double, percentile integer, target_share decimal(9, 8), slice_target_share decimal(9, 8),"
            " slice_s integer, window_days integer, window_count integer, composite_weight double,"
            " is_composite boolean, window_starts_at timestamp",
            [_objective(o) for o in settings.objectives],
        ),
        "burn_rate_windows": (
            "objective varchar, severity varchar, policy varchar, long_window_s integer, short_window_s integer,"
            " budget_share double, factor double, alert_after_s integer, can_fire boolean",
            [
                (o.name, w.severity, w.policy, w.long_window_s, w.short_window_s,
                 w.budget_share, w.factor, w.alert_after_s, can_fire(o, w.factor))
                for o in settings.objectives
                for w in burn_rate_windows(o, interval_of(services, o.service))
            ],
        ),
        "error_budget_policies": (
            "policy varchar, objective varchar, consequence varchar, description varchar,"
            " remaining_share_below double",
            [
                (policy.name, objective, step.consequence, step.description, step.remaining_share_below)
                for policy in config.error_budget_policies
                for objective in policy.objectives or names
                for step in policy.thresholds
            ],
        ),
    }  # fmt: skip


def _objective(o: Objective) -> tuple[Any, ...]:
    measure, window = o.measure, o.window
    return (
        o.name, o.slo, o.service, o.description, measure.indicator, o.feed,
        measure.page_group, measure.location, measure.threshold_op, o.budgeting_method,
        "calendar" if window.unit else "rolling", window.unit, window.timezone, o.composite_slo,
        measure.threshold, measure.percentile, o.target, o.slice_target,
        o.slice_s, window.days, window.count, o.composite_weight,
        measure.indicator == "composite", window.starts_at,
    )  # fmt: skip


def _accounting(settings: Settings) -> dict[str, Table]:
    config = settings.config
    return {
        "accounting_methods": (
            "method varchar, unit varchar, location_rule varchar, pending_as varchar, maintenance_as varchar,"
            " no_data_as varchar, outage_counts_on varchar, failures_to_go_down integer,"
            " successes_to_come_back integer, speaks_for_intervals double, shortest_outage_s integer,"
            " degraded_weight double",
            [tuple(method.model_dump().values()) for method in config.accounting.methods],
        ),
        "corrections": (
            "correction_id varchar, service varchar, objective varchar, reason varchar,"
            " starts_at timestamp, ends_at timestamp",
            [
                (item.name, item.service, item.objective, item.reason, *item.period(config.site.timezone))
                for item in config.corrections
            ],
        ),
    }


def _alerting(settings: Settings) -> dict[str, Table]:
    return {
        "alert_rules": (
            "rule varchar, kind varchar, severity varchar, threshold double, window_s integer,"
            " minimum_event_count integer, resolve_after_s integer, is_enabled boolean",
            [
                (rule.name, rule.kind, rule.severity, rule.threshold, rule.window_s,
                 rule.minimum_event_count, rule.resolve_after_s, rule.enabled)
                for rule in settings.config.alerts.effective_rules()
            ],
        ),
    }  # fmt: skip


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
            "raw_table varchar, retention_days integer, is_occasional boolean",
            [
                (table, lake.retention_days(settings, table), feed.is_occasional)
                for table, feed in lake.RAW_TABLES.items()
            ],
        ),
        "baselines": (
            "baseline varchar, first_days integer, starts_on date, ends_on date",
            [("mttr", mttr.first_days, mttr.from_, mttr.to)] if mttr else [],
        ),
        "roll_ups": (
            "position integer, roll_up varchar, dimensions varchar[]",
            [
                (at, name, list(dimensions))
                for at, (name, dimensions) in enumerate(effective(config.experience.roll_ups).items(), 1)
            ],
        ),
        "settings": (
            "setting varchar, value varchar",
            [
                ("accounting_method", config.accounting.method),
                ("alert_cascade_window_s", str(config.alerts.cascade_window_s)),
                ("degradation_false_discovery_rate", str(degradation.false_discovery_rate)),
                ("degradation_smallest_change_share", str(degradation.smallest_change_share)),
            ],
        ),
    }


def _errors(settings: Settings) -> dict[str, Table]:
    errors = settings.config.errors
    size = errors.escalation
    return {
        "error_settings": (
            "resolved_after_days integer, escalation_false_discovery_rate double,"
            " escalation_smallest_change_share double, escalation_smallest_count integer",
            [(errors.resolved_after_days, size.false_discovery_rate, size.smallest_change_share, size.smallest_count)],
        ),
        "error_merges": (
            "name varchar, error_group_id varchar",
            [(merge.name, group) for merge in errors.merges for group in merge.groups],
        ),
        "error_ignores": (
            "error_group_id varchar, pattern varchar, reason varchar",
            [(ignore.group, ignore.message, ignore.reason) for ignore in errors.ignores],
        ),
    }
