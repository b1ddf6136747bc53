"""What every definition shares: the configured site, the export days, and how a step fails.

The logic of a step does not belong here, nor anything that only one of the folders beside it needs.
"""

import errno
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

import dagster as dg
import duckdb
from pydantic import PrivateAttr

from orchestration import access, lake, progress, runs, shortage, warehouse
from orchestration.dbt import DbtError
from orchestration.releases import PublishError
from orchestration.settings import ConfigError, Settings, load_settings


class _ExportDays(dg.DailyPartitionsDefinition):
    """One partition for each export day, listed once a day.

    Dagster lists all of them for each raw table that a step reads: thirteen thousand days, 2.5 of a run's 40 CPU-s.
    """

    def get_partition_keys(self, current_time: datetime | None = None, *others: Any, **more: Any) -> Sequence[str]:
        """Every export day up to today; as of a time that is given, as Dagster lists them."""
        if current_time or any(others) or any(more.values()):
            return super().get_partition_keys(current_time, *others, **more)
        return list(_listed(self, self._get_current_timestamp() // 86400))


@lru_cache(maxsize=1)
def _listed(days: _ExportDays, today: float) -> Sequence[str]:
    return dg.DailyPartitionsDefinition.get_partition_keys(days)


EXPORT_DAYS = _ExportDays(start_date=runs.FIRST_DAY.isoformat(), end_offset=1)

# What may pass by itself: a slow disk, a file or socket in use. A missing file does not.
TRANSIENT = {errno.EAGAIN, errno.EBUSY, errno.EINTR, errno.EIO, errno.EMFILE, errno.ETIMEDOUT}


class Site(dg.ConfigurableResource):
    """The site as configured when the run starts. It holds the warehouse from then on: one run at a time."""

    _settings: Settings = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Site"]:
        """Waits for a run in another process, and says so; buries runs whose process died."""
        self._settings = load_settings()
        access.keep_private(self._settings)
        alive = runs.alive(self._settings, context.run_id or "none")
        waited = warehouse.writing(self._settings, say=progress.notice, reads_lake=False)
        with alive, waited, warehouse.kept_open(self._settings):
            yield self

    @property
    def settings(self) -> Settings:
        """Where things live, and what is configured."""
        return self._settings

    def export_days(self, context: dg.AssetExecutionContext) -> list[date]:
        """The export days that this run ingests: its partitions, or whatever has landed and is not in yet."""
        if context.run_tags.get(runs.DAYS) == runs.PENDING:
            return self._pending_days
        return [date.fromisoformat(key) for key in context.partition_keys]

    @cached_property
    def _pending_days(self) -> list[date]:
        return lake.pending_days(self._settings)

    def as_of(self, context: dg.AssetExecutionContext) -> date:
        """The day that this run looks back from.

        Raises:
            dg.Failure: Nothing has been delivered yet.
        """
        if runs.AS_OF in context.run_tags:
            return date.fromisoformat(context.run_tags[runs.AS_OF])
        delivered = lake.delivered_days(self._settings)
        if not delivered:
            raise dg.Failure(runs.nothing_landed(self._settings), allow_retries=False)
        return max(delivered)

    def as_of_marts(self) -> date:
        """The day that the marts look back from: set when they were built last.

        Raises:
            dg.Failure: They have not been built yet.
        """
        with warehouse.connect(self._settings) as connection:
            known = connection.execute(
                "select count(*) from duckdb_tables() where schema_name = 'pipeline' and table_name = 'run'"
            )
            row = (
                connection.execute("select as_of_date from pipeline.run").fetchone() if known.fetchall()[0][0] else None
            )
        if row is None:
            raise dg.Failure("The marts have not been built yet: run the daily job first.", allow_retries=False)
        return date(row[0].year, row[0].month, row[0].day)


@contextmanager
def readable_failures(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Try again, twice and later each time, what may pass by itself; say what a person must mend in words, and stop."""
    try:
        yield
    except (OSError, duckdb.Error, DbtError) as error:
        if words := shortage.explain(error, load_settings()):
            raise dg.Failure(words, allow_retries=False) from error
        if not isinstance(error, OSError | duckdb.IOException):
            raise
        if isinstance(error, OSError) and error.errno not in TRANSIENT:
            raise
        raise dg.RetryRequested(max_retries=2, seconds_to_wait=5 * 2**context.retry_number) from error
    except (ConfigError, PublishError) as error:
        raise dg.Failure(str(error), allow_retries=False) from error


@dg.definitions
def resources() -> dg.Definitions:
    """One process for all steps: the warehouse has one writer, and a process costs seconds to start."""
    return dg.Definitions(resources={"site": Site()}, executor=dg.in_process_executor)
