"""The verbs that read what was published: status, queries, exports."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click

ROWS_SHOWN = 1000
NARROWEST = 11  # characters of a column that can be read, with its border


@click.command()
@click.argument("sql")
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@click.option(
    "--timeout", type=click.FloatRange(0), default=60, show_default=True, help="Seconds; 0 is no limit.", metavar="S"
)
def query(sql: str, format_: str, timeout: float) -> None:
    """Ask the published marts with SQL: read-only, and without reach to any other file.

    \b
    beaconmart query "select kpi, value from executive.fct_kpi_daily order by event_date desc limit 5"
    beaconmart query "show all tables"
    """
    from orchestration import tables
    from orchestration.settings import load_settings

    try:
        with tables.ask(load_settings(), sql, timeout) as (columns, rows):
            if format_ == "csv":
                tables.write_csv(columns, rows, sys.stdout)
            elif format_ == "json":
                tables.write_json(columns, rows, sys.stdout)
            else:
                print_table(columns, rows)
    except tables.TableError as error:
        raise click.ClickException(str(error)) from error


@click.command()
@click.argument("table", required=False, default="")
@click.option("--columns", metavar="A,B,…", help="Only these columns.  [default: all]")
@click.option("--where", metavar="SQL", default="", help="Only rows of this condition, such as \"device = 'mobile'\".")
@click.option("--sql", metavar="QUERY", default="", help="Rows of a query in place of a table.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["csv", "parquet", "json", "xlsx"]),
    help="[default: what the end of --out says, else csv]",
)
@click.option(
    "--out", default="", help="A file, s3://…, gs://… or az://…; - is the terminal.  [default: TABLE.FORMAT here]"
)
def export(table: str, columns: str | None, where: str, sql: str, format_: str | None, out: str) -> None:
    """Write a published table, or the rows of it that you want, to a file. It is streamed, however large.

    Text that a spreadsheet would run is made harmless. The file is there whole or not at all.

    \b
    beaconmart export fct_kpi_daily --where "event_date >= date '2026-11-01'" --out kpis.xlsx
    beaconmart export experience.fct_page_views --columns event_date,page_group --out s3://bucket/views.parquet
    """
    from orchestration import exports, tables
    from orchestration.lake import StorageError
    from orchestration.settings import load_settings

    if bool(table) == bool(sql):
        raise click.UsageError("Name a table, or give --sql: one of both.")
    names = tuple(name.strip() for name in (columns or "").split(",") if name.strip())
    wanted = exports.Wanted(table, names, where, sql)
    try:
        with _spinning("exporting"):
            target = exports.export(load_settings(), wanted, format_, out)  # type: ignore[arg-type]  # click checks it
    except (tables.TableError, StorageError) as error:
        raise click.ClickException(str(error)) from error
    if target:
        path = Path(target)
        click.echo(f"{target} ({path.stat().st_size:,} bytes)" if path.exists() else target, err=True)


@click.command(context_settings={"ignore_unknown_options": True}, add_help_option=False)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="MF-ARGUMENTS…")
def metrics(arguments: tuple[str, ...]) -> None:
    """Ask for metrics by any dimension and grain of time; what follows is handed to MetricFlow's `mf`.

    \b
    beaconmart metrics list metrics
    beaconmart metrics query --metrics conversion_share,lcp_p75_ms --group-by metric_time__week,device
    """
    from orchestration import metrics
    from orchestration.settings import load_settings

    if not arguments or arguments[0] in ("-h", "--help"):
        click.echo(click.get_current_context().get_help())
        return
    try:
        metrics.ask(load_settings(), list(arguments))
    except metrics.MetricsError as error:
        raise click.ClickException(str(error)) from error


@click.command()
def digest() -> None:
    """Print the digest of errors as Markdown: what is new, worse, back and gone, and what it cost."""
    from orchestration.settings import load_settings

    path = load_settings().published / "digest.md"
    if not path.exists():
        raise click.ClickException(
            f"Nothing has been published yet: {path} does not exist. Run `beaconmart run` first."
        )
    click.echo(path.read_text(encoding="utf-8"), nl=False)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--at", metavar="INSTANT", help="Health as of then, such as 2026-11-05T13:20 in the site's time zone, or …Z."
)
def status(as_json: bool, at: str | None) -> None:
    """Show freshness, last run, failing checks, and the health of the application, its services and journeys.

    Exits with 0 if all is well, 1 if something is degraded, late or failing without blocking, 2 if it is critical,
    blocked or unknown.
    """
    from orchestration.settings import load_settings
    from orchestration.status import read_status, read_status_at

    settings = load_settings()
    found = read_status_at(settings, _instant(at, settings.config.site.timezone)) if at else read_status(settings)
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=2, default=str, ensure_ascii=False))
    else:
        for line in found.lines():
            click.echo(line)
    sys.exit(found.exit_code)


@contextmanager
def _spinning(what: str) -> Iterator[None]:
    """A sign of life on a terminal while something takes long."""
    from rich.console import Console

    with Console(stderr=True).status(f"{what} …"):
        yield


def print_table(columns: list[str], rows: object) -> None:
    """Shows rows as a table, the first thousand of them; control characters of strangers are taken out."""
    from itertools import islice

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table
    from rich.text import Text

    shown = list(islice(rows, ROWS_SHOWN + 1))  # type: ignore[call-overload]
    cells = [["" if cell is None else _printable(str(cell)) for cell in row] for row in shown[:ROWS_SHOWN]]
    console = Console()
    if len(columns) * NARROWEST > console.width:
        _print_records(columns, cells)
    else:
        table = Table(*[Column(escape(column), overflow="fold") for column in columns])
        for row in cells:
            table.add_row(*[Text(cell) for cell in row])
        console.print(table)
    if len(shown) > ROWS_SHOWN:
        console.print(f"… the first {ROWS_SHOWN} rows; --format csv or json gives all of them.")


def _print_records(columns: list[str], rows: list[list[str]]) -> None:
    """Shows each row as lines of column and value: side by side they would be cut to a few letters each."""
    width = max(len(column) for column in columns)
    for number, row in enumerate(rows, 1):
        click.echo(f"── row {number} ──")
        for column, cell in zip(columns, row, strict=True):
            click.echo(f"{_printable(column):<{width}}  {cell}")


def _printable(text: str) -> str:
    """Without control characters: text of strangers must not steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "�" for letter in text)


def _instant(text: str, timezone: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(
            f"'{text}' is no instant; write 2026-11-05T13:20 (in {timezone}) or 2026-11-05T13:20Z.", param_hint="--at"
        ) from error
    return instant if instant.tzinfo else instant.replace(tzinfo=ZoneInfo(timezone))
