"""The verbs before the first run: check the configuration, simulate a site."""

from datetime import datetime
from pathlib import Path

import click

from orchestration.cli.terminal import Bars

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def config() -> None:
    """Check what you configured."""


@config.command()
def check() -> None:
    """List every mistake in the configuration: file, line, and what would be right.

    What is allowed but may not be meant (an alert that can never fire) is said too, and does not fail.
    """
    from orchestration.reports.custom.document import check as check_reports
    from orchestration.settings import ConfigError, config_folder, load_settings

    wrong = check_reports(config_folder())
    try:
        settings = load_settings()
        if wrong:
            raise ConfigError(wrong)
    except ConfigError as error:
        told = error if error.mistakes == wrong else ConfigError([*error.mistakes, *wrong])
        click.echo(told, err=True)
        raise SystemExit(1) from error
    parts = settings.config
    click.echo(
        f"{settings.config_dir} is right: {len(parts.sources)} sources, {len(parts.page_groups)} page groups,"
        f" {len(parts.services)} services, {len(parts.journeys)} journeys, {len(settings.objectives)} objectives."
    )
    for note in settings.notes:
        click.echo(f"note: {note}", err=True)
    from orchestration import lake
    from orchestration.lake.trial import doubtful_rows

    for source in lake.unmatched_sources(settings):
        click.echo(f"note: {lake.unmatched_message(settings, source)}", err=True)
    for line in doubtful_rows(settings):
        click.echo(f"landed: {line}", err=True)


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write to.")
@click.option("--days", type=click.IntRange(1, 3660), default=30, show_default=True, help="Days of exports.")
@click.option("--end", type=DAY, required=True, metavar="DATE", help="The last of these days.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same arguments give the same bytes.")
@click.option("--page-views-per-day", type=click.IntRange(1), default=1000, show_default=True)
def simulate(out: Path, days: int, end: datetime, seed: int, page_views_per_day: int) -> None:
    """Write the exports of a made-up shop, with what was planted in truth.json."""
    from orchestration.settings import load_settings
    from orchestration.simulate import simulate as write_exports

    load_settings()  # what is written would not fit a configuration that is wrong
    with Bars() as bars:
        write_exports(out, days, end.date(), seed, page_views_per_day, progress=bars.step("simulate"))
    click.echo(f"{days} days up to {end.date()} are in {out}; what was planted is in {out / 'truth.json'}.")
