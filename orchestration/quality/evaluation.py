"""Judges every declared check in one pass of Great Expectations and writes its Data Docs.

The frames are small and made beforehand in DuckDB, so that the pass costs tenths of a second; importing the library
costs seconds, hence it is imported here only when checks run.
"""

from __future__ import annotations

import html
import os
import shutil
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pandas as pd

from orchestration import warehouse
from orchestration.quality.checks import CHECKS, Check
from orchestration.quality.data_docs import make_self_contained
from orchestration.quality.frames import frame
from orchestration.settings import Settings

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.data_context import EphemeralDataContext

TABLE = "operations.fct_quality_results"
NAMED_AT_MOST = 20


@dataclass(frozen=True)
class Result:
    """A check as it came out: `missing` names the rows that break it, `observed` and `expected` are for people."""

    suite: str
    check_name: str
    asset: str
    is_passed: bool
    is_blocking: bool
    observed: str
    expected: str
    missing: str | None


def evaluate(settings: Settings, as_of: date) -> list[Result]:
    """Judge every check as of a day, keep the results in `operations.fct_quality_results` and write the Data Docs.

    A check whose frame holds no value is not judged: it is about something that the site does not deliver.
    """
    with warehouse.connect(settings) as connection:
        previous = _previous_as_of(connection)
        frames = {name: frame(connection, name, as_of, previous) for name in {check.frame for check in CHECKS}}
    results = _judge(frames, as_of, data_docs_dir(settings))
    table = pd.DataFrame([asdict(result) for result in results]).assign(event_date=as_of)
    warehouse.write_predictions(settings, TABLE, table, {"event_date": as_of})
    return results


def last_results(settings: Settings) -> list[Result]:
    """The results of the newest evaluation."""
    with warehouse.connect(settings) as connection:
        names = list(Result.__dataclass_fields__)
        newest = f"select {', '.join(names)} from {TABLE} where event_date = (select max(event_date) from {TABLE})"  # noqa: S608 - names are ours
        return [Result(*row) for row in connection.execute(newest).fetchall()]


def blocking_failures(results: list[Result]) -> list[str]:
    """Why nothing may be published, in words; empty if it may."""
    return [
        f"{result.check_name.replace('_', ' ')}: observed {result.observed}, expected {result.expected}"
        + (f" ({result.missing})" if result.missing else "")
        for result in results
        if result.is_blocking and not result.is_passed
    ]


def data_docs_dir(settings: Settings) -> Path:
    """Where the Data Docs of the last evaluation lie."""
    return settings.home / "quality" / "data-docs"


def _previous_as_of(connection: duckdb.DuckDBPyConnection) -> date | None:
    row = connection.execute(f"select max(event_date) from {TABLE}").fetchone()  # noqa: S608 - the name is ours
    return row[0] if row else None


def _judge(frames: dict[str, pd.DataFrame], as_of: date, docs_dir: Path) -> list[Result]:
    os.environ["GX_ANALYTICS_ENABLED"] = "False"
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier

    context = _context(docs_dir)
    source = context.data_sources.add_pandas("warehouse")
    # The time of a run is the end of its day: the same data give the same pages.
    run_id = RunIdentifier(run_name=str(as_of), run_time=datetime.combine(as_of, time.max, UTC))
    results: list[Result] = []
    judged = (check for check in CHECKS if frames[check.frame][check.column].notna().any())
    for name, checks in groupby(sorted(judged, key=lambda check: check.frame), key=lambda check: check.frame):
        declared = list(checks)
        suite = context.suites.add(gx.ExpectationSuite(name, expectations=[_expectation(check) for check in declared]))
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("all")
        definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
        outcome = definition.run(
            # The library writes cells into its pages as they are, and names in them are strangers' text.
            batch_parameters={"dataframe": frames[name].assign(cell=frames[name]["cell"].astype(str).map(html.escape))},
            result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["cell"]},
            run_id=run_id,
        )
        by_name = {_check_name(result): result for result in outcome.results}
        results += [_result(check, by_name[check.name], frames[name]) for check in declared]
    shutil.rmtree(docs_dir, ignore_errors=True)
    context.build_data_docs()
    make_self_contained(docs_dir)
    order = [check.name for check in CHECKS]
    return sorted(results, key=lambda result: order.index(result.check_name))


def _context(docs_dir: Path) -> EphemeralDataContext:
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        data_docs_sites={"data_docs": site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


def _expectation(check: Check) -> Any:
    import great_expectations as gx
    from great_expectations.expectations.metadata_types import FailureSeverity

    return gx.expectations.ExpectColumnValuesToBeBetween(
        column=check.column,
        min_value=check.least,
        max_value=check.most,
        description=check.name.replace("_", " "),
        severity=FailureSeverity.CRITICAL if check.is_blocking else FailureSeverity.WARNING,
        meta={"check": check.name},
    )


def _check_name(outcome: ExpectationValidationResult) -> str:
    config = outcome.expectation_config
    return str((config.meta or {})["check"]) if config else ""


def _result(check: Check, outcome: ExpectationValidationResult, rows: pd.DataFrame) -> Result:
    if outcome.exception_info and outcome.exception_info.get("raised_exception"):
        raise RuntimeError(f"The check {check.name} could not be made: {outcome.exception_info}")
    cells = [html.unescape(str(row["cell"])) for row in outcome.result.get("unexpected_index_list") or []]
    more = f", and {len(cells) - NAMED_AT_MOST} more" if len(cells) > NAMED_AT_MOST else ""
    return Result(
        suite=check.suite,
        check_name=check.name,
        asset=check.asset,
        is_passed=bool(outcome.success),
        is_blocking=check.is_blocking,
        observed=_observed(check, rows, len(cells)),
        expected=f"{check.column.replace('_', ' ')} {_bounds(check)}",
        missing="; ".join(cells[:NAMED_AT_MOST]) + more if cells else None,
    )


def _observed(check: Check, rows: pd.DataFrame, failed: int) -> str:
    """The value of a single row; else how many rows break the rule, and the value farthest off."""
    values = rows[check.column].dropna()
    if not failed:
        return f"{values.iloc[0]:g}" if len(values) == 1 else f"all {len(values)} as expected"
    middle = ((check.least or 0) + (check.most if check.most is not None else check.least or 0)) / 2
    worst = max(values, key=lambda value: abs(value - middle))
    return f"{worst:g}" if len(values) == 1 else f"{failed} of {len(values)} not as expected, the worst {worst:g}"


def _bounds(check: Check) -> str:
    if check.least is None or check.most is None:
        return f"at most {check.most:g}" if check.least is None else f"at least {check.least:g}"
    return f"exactly {check.least:g}" if check.least == check.most else f"from {check.least:g} to {check.most:g}"
