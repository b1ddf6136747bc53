"""The verb for those who write reports of their own: build one, or build it while it is edited."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--watch", is_flag=True, help="Build it again whenever the file changes, until Ctrl-C.")
def report(file: Path, watch: bool) -> None:
    """Build one report of yours on the published marts, and say where the page is.

    Mistakes are listed with file and line; exits with 1 if there is one. The daily run builds all of
    config/reports/*.md.
    """
    from orchestration import preview, tables
    from orchestration.settings import load_settings

    settings = load_settings()
    try:
        built = preview.preview(settings, file) if not watch else None
        for made in [built] if built else preview.watch(settings, file):
            for mistake in made.mistakes:
                click.echo(str(mistake), err=True)
            click.echo(f"{made.files[0]}" + (f" and {len(made.files) - 1} more" if len(made.files) > 1 else ""))
    except tables.TableError as error:
        raise click.ClickException(str(error)) from error
    if built and built.mistakes:
        raise SystemExit(1)
