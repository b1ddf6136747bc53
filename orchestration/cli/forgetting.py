"""The verb that takes back what was ingested: `forget`."""

import click


@click.command()
@click.argument("file", required=False)
@click.option("--undo", is_flag=True, help="Let the next run read the file again, if it is still in landing.")
@click.option("--list", "is_list", is_flag=True, help="List the files that are kept out.")
def forget(file: str | None, undo: bool, is_list: bool) -> None:
    """Take the rows of FILE out of the lake, and keep them out until its content changes.

    FILE is its path below landing, such as 2026-11-27/orders.csv, also of a file that is no longer there. Landing is
    not touched. The next `beaconmart run` rebuilds the days that it had rows of.
    """
    from orchestration import lake
    from orchestration.settings import load_settings

    if bool(file) == is_list or (undo and not file):
        raise click.UsageError("Name one FILE to forget or, with --undo, to read again; or ask with --list alone.")
    settings = load_settings()
    if file is None:
        for raw_table, path in lake.forgotten_files(settings):
            click.echo(f"{path}  ({raw_table})")
        return
    try:
        if undo:
            again = lake.remember(settings, file)
            said = f"The next run reads {file} again, if it is in landing." if again else f"{file} is not forgotten."
            click.echo(said)
            return
        forgotten = lake.forget(settings, file)
    except LookupError as error:
        raise click.ClickException(str(error.args[0])) from error
    for item in forgotten:
        click.echo(f"{item.rows} rows and {item.rejects} rejects of {item.path} left {item.raw_table}.")
        if item.sealed_rows:
            click.echo(f"{item.sealed_rows} rows stay: their days are closed, and their tables are not rebuilt.")
    click.echo("`beaconmart run` rebuilds their days." if forgotten else f"{file} is forgotten already.")
