"""The verbs about alerts: list and review them, send what waits, try a target, replay other rules."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from orchestration.alerts.replay import Replayed

_ALERTS_SHOWN = 20


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
@click.argument("alert_id", metavar="ID")
@click.argument("verdict", metavar="VERDICT", type=click.Choice(["true", "false", "noise"], case_sensitive=False))
@click.option("--by", default="", metavar="NAME", help="Who says so; e-mail addresses are not kept.")
@click.option("--note", default="", metavar="TEXT", help="Why.")
def review(alert_id: str, verdict: str, by: str, note: str) -> None:
    """Say whether an alert was right; its accuracy counts it from the next run on.

    VERDICT is true (something was wrong), false (nothing was) or noise (something was, and nobody needed to know). The
    newest review of an alert counts.
    """
    from orchestration.alerts import reviews
    from orchestration.settings import load_settings

    try:
        about = reviews.review(load_settings(), alert_id, verdict.lower(), by, note)
    except reviews.UnknownAlertError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{about}: {verdict.lower()}. The next run counts it.")


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


@alerts.command()
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), required=True, help="First UTC day.")
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), required=True, help="Last UTC day.")
@click.option(
    "--rules",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Proposed rules: a YAML file with `rules: [...]`, as under alerts in beaconmart.yml.",
)
@click.option("--format", "format_", type=click.Choice(["table", "json"]), default="table", show_default=True)
def replay(first: datetime, last: datetime, file: Path | None, format_: str) -> None:
    """Show what rules would have done on published history, beside those of now. Writes nothing, tells nobody."""
    from orchestration.alerts import replay as replaying
    from orchestration.settings import load_settings

    if first > last:
        raise click.BadParameter(f"--from {first:%Y-%m-%d} is after --to {last:%Y-%m-%d}")
    try:
        proposed = replaying.read_rules(file) if file else None
        found = replaying.replay(load_settings(), first.date(), last.date(), proposed)
    except replaying.ReplayError as error:
        raise click.ClickException(str(error)) from error
    if format_ == "json":
        click.echo(json.dumps(asdict(found), indent=2, default=str, ensure_ascii=False))
    else:
        _print_replayed(found, bool(file))


def _print_replayed(found: Replayed, is_compared: bool) -> None:
    from orchestration.cli.reading import print_table

    now = {row["rule"]: row for row in found.current.rules}
    then = {row["rule"]: row for row in found.proposed.rules}
    columns = ["rule", "alerts", "true", "false", "unreviewed", "at most false", "incidents found", "delay, min"]

    def said(row: dict[str, Any] | None) -> list[str]:
        if row is None:
            return ["–"] * 7
        upper, delay = row["false_positive_upper"], row["delay_median_s"]
        return [
            str(row["alerts_raised"]),
            *(
                "–" if row[name] is None else str(row[name])
                for name in ("true_count", "false_count", "unreviewed_count")
            ),
            "–" if upper is None else f"{upper:.1%}",
            "–" if not row["incident_count"] else f"{row['found_count']} of {row['incident_count']}",
            "–" if delay is None else f"{delay / 60:.0f}",
        ]

    names = [*(name for name in dict.fromkeys([*now, *then]) if name != "all"), "all"]
    rows = [
        [name, *(f"{a} → {b}" if is_compared and a != b else a
                 for a, b in zip(said(now.get(name)), said(then.get(name)), strict=True))]
        for name in names
    ]  # fmt: skip
    print_table(columns, rows)
    for word, alerts_ in (("No longer raised", found.gone), ("New", found.added)):
        if alerts_:
            click.echo(f"{word}: {len(alerts_)}")
            for alert in alerts_[:_ALERTS_SHOWN]:
                about = ", ".join(alert["incidents"] or []) or "no incident"
                click.echo(f"  {alert['opened_at']:%Y-%m-%d %H:%M}  {alert['rule']}  {alert['subject']}  ({about})")
            if len(alerts_) > _ALERTS_SHOWN:
                click.echo(f"  … and {len(alerts_) - _ALERTS_SHOWN} more; --format json has all")
