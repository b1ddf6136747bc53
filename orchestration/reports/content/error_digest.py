"""The digest of errors as a page: what is new, worse, back and gone, and what it cost."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.content import Context, listed, plural
from orchestration.reports.delivered import known
from orchestration.reports.digest import FEWEST_MET, KINDS, headline, news

COLUMNS = (
    Column("title", "Error", "code", "error_group", href="page"),
    Column("type", "Type"),
    Column("error_count_28d", "Errors", "count", "error_group"),
    Column("met_count", "Affected", "count", "error_impact"),
    Column("session_count_28d", "Sessions", "count", "session"),
    Column("verdict", "Cost", "verdict", "error_cost"),
    Column("lost_order_count", "Orders lost", "count", "error_cost", "lost_order_lower", "lost_order_upper"),
    Column("most_hit_page_group", "Top page group"),
    Column("most_hit_browser", "Browser"),
    Column("last_release", "Newest release"),
    Column("first_seen_date", "First seen", "date"),
    Column("last_seen_date", "Last seen", "date"),
)


def page(context: Context) -> Page:
    """Return the digest; its Markdown is `digest.md`."""
    rows = [row | {"page": context.link("error", row["error_group_id"])} for row in news(context.marts)]
    sections = []
    for kind, (label, meaning) in KINDS.items():
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            title = f"{label}: {plural(len(mine), 'group')} {meaning}"
            sections.append(Section(kind, title, tables=[Table(f"errors_{kind}", "", COLUMNS, mine)]))
    if not sections:
        empty = "No error is new, worse, back or gone."
        sections = [Section("nothing", "No news this week", empty=empty)]
    return Page(
        "errors-digest",
        "Digest",
        f"Errors: {headline(rows)}" if rows else headline(rows),
        f"Groups seen in at least {FEWEST_MET} {_met(context)}.",
        sections,
        parent="errors",
    )


def _met(context: Context) -> str:
    """Say whom errors meet, as far as the site knows them: page views, sessions or users."""
    counted = {"page view": "page_views", "session": "sessions", "user": "errors"}
    words = [f"{word}s" for word, feed in counted.items() if known(feed, context.feeds)]
    return listed(words, "or")
