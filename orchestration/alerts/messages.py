"""What a notification says, in plain words: what, since when, the value against its threshold, how many events.

Names and values may come from strangers (a service in a probe, a check of a file): they are made harmless for chats,
mails and terminals alike. To whom it is sent, and when, is not decided here.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import duckdb

from orchestration.settings import Settings

LONGEST_NAME = 120
MOST_ALERTS = 10  # of a cascade; the page has the others
_PAGE = "alerts.html"

# What a chat takes for a mention, a link, code or markup becomes a look-alike that it does not.
_HARMLESS = str.maketrans({"<": "‹", ">": "›", "@": "＠", "`": "'", "[": "(", "]": ")"})
_HEADS = {
    "opened": "[{}]",
    "escalated": "[{}, escalated]",
    "reopened": "[{}, again]",
    "past": "[{}, over]",
    "resolved": "[resolved]",
}
# Inputs of a judgement that people are told.
_FOUND = ("reason", "observed", "expected", "missing", "exhaustion_date", "breach_date", "release")
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


@dataclass(frozen=True)
class Message:
    """One line, and the lines below it."""

    title: str
    body: str


def worded(
    connection: duckdb.DuckDBPyConnection, settings: Settings, cascade_id: str, notice: str, severity: str
) -> Message:
    """The message about a cascade in the ledger as it is now."""
    answer = connection.execute(
        "select * from alerts where cascade_id = ? and not is_silenced"
        " order by resolution is not distinct from 'withdrawn', state, severity, kind <> 'outage', opened_at, alert_id",
        [cascade_id],
    )
    columns = [column[0] for column in answer.description or []]
    alerts = [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]
    head = _HEADS[notice].format(severity)
    if not alerts:
        return Message(f"{head} An alert", "It lies in announced maintenance now.")
    more = f" (and {len(alerts) - 1} more)" if len(alerts) > 1 else ""
    lines = [line for alert in alerts[:MOST_ALERTS] for line in _told(alert, settings)]
    if len(alerts) > MOST_ALERTS:
        lines.append(f"… and {len(alerts) - MOST_ALERTS} more.")
    return Message(f"{head} {_what(alerts[0])}{more}", "\n".join([*lines, "", where(settings)]))


def digest(settings: Settings, titles: Sequence[str]) -> Message:
    """One message in place of many that would come in a storm."""
    lines = [f"- {title}" for title in titles[: 5 * MOST_ALERTS]]
    if len(titles) > len(lines):
        lines.append(f"… and {len(titles) - len(lines)} more.")
    return Message(f"{len(titles)} alert notifications in one", "\n".join([*lines, "", where(settings)]))


def test(settings: Settings, target: str) -> Message:
    """What `beaconmart alerts test` sends."""
    site = harmless(settings.config.site.name)
    return Message(
        f"[test] Beaconmart of {site} reaches this target",
        f"Target {harmless(target)}. Alerts will come here; nothing is wrong.",
    )


def harmless(text: Any) -> str:
    """Text of strangers on one line, of bounded length, without characters that a channel would act on."""
    line = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in str(text))).strip()
    line = line.translate(_HARMLESS).replace("://", ":⁄⁄").replace("www.", "www․")
    return line if len(line) <= LONGEST_NAME else line[: LONGEST_NAME - 1] + "…"


def where(settings: Settings, page: str = _PAGE) -> str:
    """Where there is more: a page, as it is served, else as a file."""
    served = settings.config.alerts.pages_url
    return f"More: {served.rstrip('/')}/{page}" if served else f"More: {settings.published / page}"


def _what(alert: dict[str, Any]) -> str:
    subject, service = harmless(alert["subject"]), harmless(alert["service"] or alert["subject"])
    return {
        "outage": f"{service} is down",
        "burn_rate": f"{subject} burns its error budget too fast",
        "health_critical": f"{subject} is in critical health",
        "request_error_rate": f"requests to {service} fail",
        "vitals_degradation": f"{subject} got worse for visitors",
        "missing_data": f"no data from {subject}",
        "data_quality": f"data check failed: {subject.replace('_', ' ')}",
        "predicted_exhaustion": f"{subject} is about to run out of error budget",
        "predicted_breach": f"{subject.replace('_', ' ')} is about to miss its target",
        "error_group_new": f"new error: {_error(alert)}",
        "error_escalation": f"more of an error than expected: {_error(alert)}",
        "error_regression": f"an error is back in a later release: {_error(alert)}",
    }.get(alert["kind"], f"{harmless(alert['rule'])}: {subject}")


def _error(alert: dict[str, Any]) -> str:
    """What an error says; its group where the judgement has not kept that."""
    return harmless(json.loads(alert["inputs"] or "{}").get("error") or alert["subject"])


def _told(alert: dict[str, Any], settings: Settings) -> list[str]:
    inputs = json.loads(alert["inputs"] or "{}")
    since = _instant(inputs.get("since"), settings) or _shown(alert["opened_at"], settings)
    state = "since " + since
    if alert["resolution"] == "withdrawn":
        state = f"withdrawn: data that came later show that it was not so ({since})"
    elif alert["state"] == "resolved":
        state = f"from {since} to {_shown(alert['resolved_at'], settings)}, {_duration(alert)}"
    lines = [f"{_what(alert)} ({alert['severity']}), {state}."]
    found = [f"{name.replace('_', ' ')} {harmless(inputs[name])}" for name in _FOUND if inputs.get(name)]
    return [*lines, *(f"  {part}" for part in (_measured(alert), ", ".join(found)) if part)]


def _measured(alert: dict[str, Any]) -> str:
    value, threshold, kind = alert["value"], alert["threshold"], alert["kind"]
    count = f"{alert['event_count']:,} events" if alert["event_count"] is not None else ""
    window = f"over {_long(alert['window_s'])}" if alert["window_s"] else ""
    parts: list[str] = []
    if value is not None and kind == "burn_rate":
        parts.append(f"burn rate {value:,.1f}" + (f", limit {threshold:,.1f}" if threshold is not None else ""))
    elif value is not None and kind == "request_error_rate":
        parts.append(f"{value:.2%} failed" + (f", limit {threshold:.2%}" if threshold is not None else ""))
    elif value is not None and kind.startswith("error_"):
        limit = f", expected at most {threshold:,.0f}" if threshold is not None else ""
        parts.append(f"{value:,.0f} errors on the day{limit}")
        count = f"{alert['event_count']:,} page views, sessions or users met it"
    elif value is not None and kind == "outage":
        parts.append(f"down for {_long(value)} so far")
    elif value is not None:
        parts.append(f"value {value:,.4g}" + (f", limit {threshold:,.4g}" if threshold is not None else ""))
    return ", ".join(part for part in (*parts, window, count) if part)


def _duration(alert: dict[str, Any]) -> str:
    return _long((alert["resolved_at"] - alert["opened_at"]).total_seconds())


def _long(seconds: float) -> str:
    """A length of time in its two largest units."""
    rest = round(seconds)
    parts: list[str] = []
    for size, unit in _UNITS:
        if rest >= size or (unit == "s" and not parts):
            parts.append(f"{rest // size} {unit}")
            rest %= size
    return " ".join(parts[:2])


def _instant(text: Any, settings: Settings) -> str | None:
    try:
        return _shown(datetime.fromisoformat(text), settings)
    except (TypeError, ValueError):
        return None


def _shown(moment: datetime, settings: Settings) -> str:
    zone = settings.config.site.timezone
    return f"{moment.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M} {zone}"
