"""What somebody should look at now, worst first: the list of the first page and of status.json.

What is said, and how severe it is, is worked out in `reports.rpt_statements`; here it only gets the page to look at.
"""

from orchestration.reports.blocks import Item
from orchestration.reports.content import Context
from orchestration.reports.marts import Row

SEVERITIES = ("critical", "high", "medium", "low")


def statements(context: Context, *kinds: str) -> list[Row]:
    """Return the rows of `reports.rpt_statements`, worst first; with kinds, those only. `href` is the page for each."""
    rows = context.marts.rows("select * from reports.rpt_statements")
    for row in rows:
        row["href"] = _page(context, row)
    return [row for row in rows if not kinds or row["kind"] in kinds]


def attention(context: Context) -> list[Item]:
    """Return what somebody should look at, worst first."""
    return [Item(row["state"], row["sentence"], row["href"], row["severity"]) for row in statements(context)]


def _page(context: Context, row: Row) -> str:
    name = row["subject"]
    if row["kind"] == "health":
        kind, _, name = name.partition(" ")
        return context.link(kind, name) or row["page"]
    return context.link("error", name) or row["page"] if row["kind"] == "error" else row["page"]
