"""The verbs about alerts: list them, send what waits, try a target."""

from __future__ import annotations

import sys

import click


@click.group()
def alerts() -> None:
    """See what is wrong, and who was told."""


@alerts.command("list")
@click.option("--all", "everything", is_flag=True, help="Also those that have resolved, newest first.")
@click.option("--limit", type=click.IntRange(1), default=50, show_default=True)
@click.option("--format", "format_", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def list_(everything: bool, limit: int, format_: str) -> None:
    """List open alerts from the ledger, as it is at this moment."""
    from orchestration import tables
    from orchestration.alerts import listing
    from orchestration.cli.reading import print_table
    from orchestration.settings import load_settings

    columns, rows = listing.alerts(load_settings(), everything, limit)
    if format_ == "csv":
        tables.write_csv(columns, iter(rows), sys.stdout)
    elif format_ == "json":
        tables.write_json(columns, iter(rows), sys.stdout)
    elif rows:
        print_table(columns, rows)
    else:
        click.echo("No alert has been raised yet." if everything else "No alert is open.")


@alerts.command()
@click.option("--dry-run", is_flag=True, help="Show what would be sent; send nothing.")
def deliver(dry_run: bool) -> None:
    """Send the notifications that wait, as the daily run and the daemon do by themselves."""
    from orchestration.alerts import delivery
    from orchestration.settings import load_settings

    done = delivery.deliver(load_settings(), dry_run)
    for one in done.shown:
        click.echo(f"→ {one.target}\n{one.title}\n{one.body}\n")
    for name in done.without_url:
        click.echo(f"Target {name}: its environment variable is not set, so nothing is sent there.", err=True)
    if dry_run:
        click.echo(f"{len(done.shown)} notifications wait.")
        return
    for attempt in done.failed:
        click.echo(f"Target {attempt.notification.target} did not take it: {attempt.error}", err=True)
    click.echo(f"{done.sent} notifications sent, {len(done.failed)} failed.")
    sys.exit(1 if done.failed else 0)


@alerts.command()
@click.option("--target", metavar="NAME", help="Only this target; without it, every one.")
def test(target: str | None) -> None:
    """Send a test message, to see that a target is reached."""
    from orchestration.alerts import delivery
    from orchestration.settings import load_settings

    try:
        results = delivery.send_test(load_settings(), target)
    except ValueError as error:
        raise click.ClickException(str(error)) from error
    for name, error_text in results.items():
        click.echo(f"{name}: {error_text or 'taken'}", err=bool(error_text))
    sys.exit(1 if any(results.values()) else 0)
