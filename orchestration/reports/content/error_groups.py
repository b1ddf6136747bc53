"""The page of each error group that touched most: its days, where it happened, and what it cost."""

from functools import partial
from typing import Any

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, errors, plural
from orchestration.reports.delivered import defines
from orchestration.reports.digest import cost
from orchestration.reports.figures import sentence
from orchestration.reports.formats import WORDS, day
from orchestration.reports.marts import Row, aligned

PLACES = (
    ("page_group", "Page group"), ("browser", "Browser"), ("country", "Country"), ("release", "Release"),
)  # fmt: skip


def pages(context: Context) -> list[Page]:
    """Return a page for each group with one, those with the most errors first."""
    rows = [row for row in errors.group_rows(context) if row["page"]]
    daily = context.marts.rows(
        """
        select * from errors.fct_error_groups_daily
        where event_date between $first_day and $as_of order by event_date
        """
    )
    places = context.marts.rows(
        f"""
        select error_group_id, {", ".join(key for key, _ in PLACES)}, sum(error_count)::bigint as error_count,
            sum(page_view_count)::bigint as page_view_count, sum(session_count)::bigint as session_count
        from errors.fct_errors_daily where event_date between $as_of - 27 and $as_of group by all
        """  # noqa: S608 - names are ours
    )
    return [
        _page(
            context,
            row,
            [one for one in daily if one["error_group_id"] == row["error_group_id"]],
            [one for one in places if one["error_group_id"] == row["error_group_id"]],
        )
        for row in rows
    ]


def _page(context: Context, row: Row, daily: list[Row], places: list[Row]) -> Page:
    name = row["page"].removesuffix(".html")
    state = WORDS.get(row["state"], row["state"])
    return Page(
        name,
        str(row["title"])[:60],
        f"{row['type']}: {row['title']}",
        f"{str(state).capitalize()}; first seen {day(row['first_seen_date'])}, last {day(row['last_seen_date'])}.",
        [_facts(context, row), _trend(context, row, daily, name), _places(context, places, name)],
        parent="errors",
    )


def _facts(context: Context, row: Row) -> Section:
    share = context.formats.value(row["session_share_28d"], "share")
    tiles = [
        Tile(
            "Errors in 28 days",
            f"{row['error_count_28d']:,}",
            "error_group",
            change="" if row["is_young"] else row["change_text"],
        ),
        Tile("Sessions", f"{row['session_count_28d']:,}", "session", detail=f"{share} of all"),
        Tile("Known users", f"{row['user_count_28d']:,}", "error_impact"),
        Tile("Page views", f"{row['page_view_count_28d']:,}", "page_view"),
    ]
    facts = (
        ("Message, masked", row["message"]),
        ("Code location", row["culprit"] or "no frame of the application"),
        ("Category", row["category"]),
        ("First release, last release", f"{row['first_release'] or 'unknown'}, {row['last_release'] or 'unknown'}"),
        ("Id", row["error_group_id"]),
        *((("Cost", cost(row, context.formats)),) if defines("error_cost", context.feeds) else ()),
    )
    columns = (Column("what", "Property"), Column("value", "Value", "long"))
    table = Table(f"facts_{row['error_group_id']}", "", columns, [{"what": k, "value": v} for k, v in facts])
    return Section("facts", "Who was affected", tiles=tiles, tables=[table, *_cost(context, row)])


def _cost(context: Context, row: Row) -> list[Table]:
    rows = context.marts.rows_if(
        "predictions.error_costs",
        "select * from predictions.error_costs where event_date = $as_of and error_group_id = $id",
        id=row["error_group_id"],
    )
    if not rows:
        return []
    columns = (
        Column("verdict", "Verdict", "verdict", "error_cost"),
        Column("matched_session_count", "Matched sessions", "count", "error_cost"),
        Column("conversion_share", "Conversion", "share", "conversion_rate"),
        Column("matched_conversion_share", "Similar sessions", "share", "error_cost"),
        Column("effect_text", "Difference, points", "text", "error_cost"),
        Column("lost_order_count", "Orders lost", "count", "error_cost", "lost_order_lower", "lost_order_upper"),
        Column("q_value", "q", "p"),
    )
    (found,) = rows
    point = partial(context.formats.value, unit="points")
    effect, low, high = (100 * found[key] for key in ("effect", "effect_lower", "effect_upper"))
    found["effect_text"] = f"{point(effect)} (95 %: {point(low)} to {point(high)})"
    title = "Conversion of affected sessions vs. similar ones without an error"
    return [Table(f"cost_{row['error_group_id']}", title, columns, [found])]


def _trend(context: Context, row: Row, daily: list[Row], name: str) -> Section:
    days = context.marts.days()
    seen = {one["event_date"]: one for one in daily}
    first = row["first_seen_date"]
    values = tuple(seen[d]["error_count"] if d in seen else 0 if d >= first else None for d in days)
    expected, upper = (aligned(daily, days, key) for key in ("expected_count", "expected_upper"))
    worse = [one for one in daily if one["state"] == "escalating"]
    title = f"More than expected on {plural(len(worse), 'day')}" if worse else "Never above expectation beyond chance"
    if not any(value is not None for value in upper):
        title = "Too few errors a day to judge"
    series = [Series("errors", values)]
    if any(value is not None for value in upper):
        lower = tuple(None if value is None else 0.0 for value in upper)
        series.append(Series("expected", expected, lower, upper, role="c2", is_dashed=True))
    chart = Chart(
        id=f"errors_{name.replace('-', '_')}",
        kind="line",
        title=title,
        subtitle=f"Errors by day, {day(days[0])} to {day(days[-1])}.",
        summary=f"Errors of the group by day. {sentence(days, values, 'count', context.formats)}",
        unit="count",
        definition="error_expected",
        x=days,
        series=tuple(series),
    )
    return Section("days", "Day by day", charts=[chart])


def _places(context: Context, places: list[Row], name: str) -> Section:
    tables = []
    total = sum(one["error_count"] for one in places)
    for key, label in PLACES:
        sums: dict[Any, list[int]] = {}
        for one in places:
            mine = sums.setdefault(one[key], [0, 0, 0])
            for at, count in enumerate(("error_count", "session_count", "page_view_count")):
                mine[at] += one[count]
        rows = [
            {"what": what, "error_count": n, "error_share": n / total, "session_count": s, "page_view_count": v}
            for what, (n, s, v) in sorted(sums.items(), key=lambda item: (-item[1][0], str(item[0])))
        ]
        columns = (
            Column("what", label, "country" if key == "country" else "text"),
            Column("error_count", "Errors", "count", "error_group"),
            Column("error_share", "Of all", "share"),
            Column("session_count", "Sessions by day", "count", "session"),
            Column("page_view_count", "Page views by day", "count", "page_view"),
        )
        tables.append(Table(f"{key}_{name.replace('-', '_')}", f"By {label.lower()}", columns, rows, shown=10))
    note = "Counted by day: a session may count in several rows." if defines("session", context.feeds) else ""
    return Section("places", "Where it happened, 28 days", note, tables=tables)
