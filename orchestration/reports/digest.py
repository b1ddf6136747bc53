"""The digest of errors: what is new, worse, back and gone, and what it cost; as rows, and as Markdown.

The page is `content/error_digest.py`; who is sent one, and when, belongs to `orchestration.alerts.digest`.
"""

import re
from collections.abc import Sequence

from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import Marts, Row

FEWEST_MET = 10  # page views, sessions or users, as `rpt_error_news` has it
KINDS = {
    "new": ("New", "first seen in the last seven days"),
    "worse": ("Worse", "in the last seven days more errors than the weeks before predict"),
    "back": ("Back", "seen again in a later release, in the last seven days"),
    "gone": ("Gone", "in the last seven days silent for long enough to be resolved"),
}
_LONGEST = 200


def news(marts: Marts) -> list[Row]:
    """Return the error groups that are news as of the day of the marts, by kind, those that most sessions met first.

    Each row has the columns of `reports.rpt_error_news`, and verdict, lost_order_count, lost_order_lower and
    lost_order_upper of `predictions.error_costs`, where it has them.
    """
    rows = marts.rows(
        """
        select * from reports.rpt_error_news
        order by list_position($kinds, kind), met_count desc, error_count desc, error_group_id
        """,
        kinds=list(KINDS),
    )
    return with_costs(marts, rows)


def with_costs(marts: Marts, rows: Sequence[Row]) -> list[Row]:
    """Return rows of error groups with verdict and lost orders of `predictions.error_costs`; empty where unknown."""
    keys = ("verdict", "lost_order_count", "lost_order_lower", "lost_order_upper")
    table = "predictions.error_costs"
    costs = {
        row["error_group_id"]: {key: row[key] for key in keys}
        for row in marts.rows_if(table, f"select * from {table} where event_date = $as_of")  # noqa: S608 - ours
    }
    unknown = dict.fromkeys(keys)
    return [row | costs.get(row["error_group_id"], unknown) for row in rows]


def markdown(rows: Sequence[Row], marts: Marts, formats: Formats, site: str) -> str:
    """Return the digest as Markdown; what strangers wrote stands in code spans, in which nothing is markup."""
    lines = [f"# Errors of {_code(site)}, to {day(marts.as_of)}", "", f"{headline(rows)}."]
    for kind, (label, meaning) in KINDS.items():
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            lines += ["", f"## {label}: {meaning}", ""]
            lines += [f"- {_code(row['title'])} ({row['type_code']}): {told(row, formats)}" for row in _coded(mine)]
    return "\n".join(lines) + "\n"


def not_delivered(marts: Marts, site: str) -> str:
    """Return the digest of a site that delivers no errors: nothing new is not what is known of them."""
    return f"# Errors of {_code(site)}, to {day(marts.as_of)}\n\nErrors are not delivered.\n"


def headline(rows: Sequence[Row]) -> str:
    """Say how many groups are new, worse, back and gone."""
    counts = {kind: sum(row["kind"] == kind for row in rows) for kind in KINDS}
    parts = [f"{count} {KINDS[kind][0].lower()}" for kind, count in counts.items() if count]
    return ", ".join(parts) if parts else "Nothing new, worse, back or gone"


def told(row: Row, formats: Formats) -> str:
    """Say what a group came to: how many errors and whom they met, since when, and what they cost."""
    parts = [f"{row['error_count_28d']:,} errors in 28 days affected {row['met_count']:,} visits or users"]
    if row["kind"] == "gone":
        parts = [f"{row['error_count']:,} errors from {day(row['first_seen_date'])} to {day(row['last_seen_date'])}"]
    return "; ".join([*parts, cost(row, formats)])


def cost(row: Row, formats: Formats) -> str:
    """Say what conversion lost, or that no loss is proven."""
    if row.get("verdict") != "costs_orders":
        return "no lost orders proven"
    interval = formats.bounds(row["lost_order_lower"], row["lost_order_upper"], "count")
    return f"about {formats.value(row['lost_order_count'], 'count')} orders lost (95 %: {interval})"


def _coded(rows: Sequence[Row]) -> list[Row]:
    return [row | {"type_code": _code(row["type"])} for row in rows]


def _code(text: object) -> str:
    line = re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in str(text))).strip().replace("`", "'")
    return f"`{line[:_LONGEST] or '-'}`"
