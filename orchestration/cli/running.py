"""The verbs that run something: the daily job, its housekeeping alone, the demo, and the Dagster UI."""

from __future__ import annotations

import os
import sys
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import click

from orchestration.cli.configuring import DAY
from orchestration.cli.terminal import Bars

if TYPE_CHECKING:
    from orchestration.runs import Selection
    from orchestration.settings import Settings

DEMO = {"days": 92, "seed": 7, "page_views_per_day": 600}


@click.command()
@click.option("--date", "day", type=DAY, metavar="DATE", help="Only what was delivered on this day.")
@click.option("--from", "first", type=DAY, metavar="DATE", help="Only what was delivered from this day on …")
@click.option("--to", "last", type=DAY, metavar="DATE", help="… up to this day.")
@click.option("--full-refresh", is_flag=True, help="Rebuild every mart from the lake and the kept history.")
def run(day: datetime | None, first: datetime | None, last: datetime | None, full_refresh: bool) -> None:
    """Ingest what has landed, build the marts, infer, check and publish.

    Without a date: every file in landing that is new or has changed. Running again is harmless.

    Exits with 0 if it has published, also if that shows a site in trouble (`beaconmart status` tells); 1 if a step or
    a blocking check failed; 2 if the configuration or an option is wrong.
    """
    from orchestration import runs
    from orchestration.settings import load_settings

    if day and (first or last):
        raise click.UsageError("--date names one day; --from and --to a range. Give one or the other.")
    settings = load_settings()
    begin, end = day or first, day or last or (datetime.now(UTC) if first else None)
    what = _selection(settings, begin.date() if begin else None, end.date() if end else None, full_refresh)
    _execute(settings, runs.DAILY, what)
    _say_where(settings)


@click.command()
def expire() -> None:
    """Take raw rows out of the lake that are past their retention; their days' aggregates are kept first."""
    from orchestration import runs
    from orchestration.settings import load_settings

    settings = load_settings()
    _execute(settings, runs.EXPIRE, runs.Selection())


@click.command()
def compact() -> None:
    """Put the many small files of finished days together."""
    from orchestration import runs
    from orchestration.settings import load_settings

    settings = load_settings()
    _execute(settings, runs.COMPACT, runs.Selection())


@click.command()
def demo() -> None:
    """Simulate a shop's exports, run the daily job on them, and say where the report is."""
    from orchestration import runs
    from orchestration.settings import load_settings
    from orchestration.simulate import simulate

    settings = load_settings()
    truth, folder = settings.landing / "truth.json", settings.landing
    if folder.exists() and any(folder.iterdir()) and not truth.exists():
        raise click.ClickException(
            f"{folder} holds exports of yours, and the demo does not write among them."
            " Name another home: BEACONMART_HOME=/tmp/demo beaconmart demo"
        )
    if not truth.exists():
        yesterday: date = datetime.now(UTC).date() - timedelta(days=1)
        with Bars() as bars:
            simulate(folder, end=yesterday, progress=bars.step("simulate"), **DEMO)
            bars.end("simulate")
    _execute(settings, runs.DAILY, _selection(settings))
    _headlines(settings)
    _say_where(settings)


@click.command()
@click.option(
    "--host",
    default="127.0.0.1",
    show_default=True,
    help="Where the UI listens; only this machine unless told otherwise.",
)
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def dev(host: str, port: int) -> None:
    """Open the Dagster UI, with the daily schedule and the sensor on, until Ctrl-C or a signal ends all of it."""
    from orchestration import processes, runs
    from orchestration.settings import load_settings

    settings = load_settings()
    runs.write_instance_config(settings)
    os.environ["BEACONMART_HOME"], os.environ["BEACONMART_CONFIG"] = str(settings.home), str(settings.config_dir)
    os.chdir(runs.PROJECT_ROOT)
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "--host", host, "--port", str(port)]
    sys.exit(processes.run_until_told(command))


def _selection(
    settings: Settings, first: date | None = None, last: date | None = None, full_refresh: bool = False
) -> Selection:
    from orchestration import runs

    try:
        return runs.selection(settings, first, last, full_refresh)
    except ValueError as error:
        raise click.ClickException(str(error)) from error


def _execute(settings: Settings, job: str, what: Selection) -> None:
    from orchestration import lake, runs, shortage

    with Bars() as bars:
        outcome = runs.execute(settings, job, what, bars.on_event)
        if job == runs.DAILY:
            for source in lake.unmatched_sources(settings):
                bars.say(f"note: {lake.unmatched_message(settings, source)}")
    if not outcome.success:
        for short in filter(None, (shortage.explain(words, settings) for _, words in outcome.failures)):
            raise click.ClickException(short)
        for step, words in outcome.failures:
            click.echo(f"\n{step.replace('__', '.') or 'The run'} failed: {words}", err=True)
        left = "its release is published all the same" if outcome.published else "what was published before stays"
        raise click.ClickException(f"The run failed; {left}. Its log: `beaconmart dev`, run {outcome.run_id}")


def _headlines(settings: Settings) -> None:
    from orchestration.status import headlines

    for name, value in headlines(settings):
        click.echo(f"  {name:<28} {value}")


def _say_where(settings: Settings) -> None:
    click.echo(f"The report: {settings.published / 'index.html'}")
