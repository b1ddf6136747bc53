"""What pages about web vitals share: cells of a roll-up with their columns, tiles, trends and distributions.

Each function turns rows into a table or a chart; which page shows it is decided beside it in `content/`.
"""

from bisect import bisect_left
from typing import Any

from orchestration.reports.blocks import Column, Table, Tile
from orchestration.reports.charts import Chart, Role, Series
from orchestration.reports.content import Context, sized, sure
from orchestration.reports.figures import KPIS, breaks, expected_line, how_expected, sentence
from orchestration.reports.formats import day
from orchestration.reports.marts import Row, aligned, grouped

VITALS = {"LCP": "ms", "INP": "ms", "CLS": "", "FCP": "ms", "TTFB": "ms"}
LIMITS = {"LCP": (2500, 4000), "INP": (200, 500), "CLS": (0.1, 0.25), "FCP": (1800, 3000), "TTFB": (800, 1800)}
KPI_OF = {metric: f"{metric.lower()}_p75{'' if metric == 'CLS' else '_ms'}" for metric in VITALS}
DIMENSIONS = {
    "page_group": "Page group",
    "device": "Device",
    "country": "Country",
    "region": "Region",
    "browser": "Browser",
    "browser_version": "Version",
    "connection": "Connection",
    "navigation_type": "Navigation",
    "release": "Release",
    "visitor_kind": "Visitors",
}


def cells(context: Context, roll_up: str, **where: str) -> list[Row]:
    """Return the cells of a roll-up over 28 days, the largest first: vitals by metric, score, losses, lost beacons.

    Args:
        context: what the page is made from.
        roll_up: its name, such as `page_group, device`.
        where: values of dimensions that the cells must have.
    """
    chosen = "".join(f" and {name} = ${name}" for name in where)
    cell = ", ".join(DIMENSIONS)
    scores = context.marts.rows(
        f"select * from reports.rpt_experience_by_cell where roll_up = $roll_up{chosen} "  # noqa: S608 - names are ours
        f"order by page_view_count desc, {cell}",
        roll_up=roll_up,
        **where,
    )
    vitals = context.marts.rows(
        "select * exclude (histogram) from reports.rpt_vitals_by_cell "  # noqa: S608 - names are ours
        f"where roll_up = $roll_up{chosen}",
        roll_up=roll_up,
        **where,
    )
    of_cell: dict[tuple[Any, ...], list[Row]] = {}
    for row in vitals:
        of_cell.setdefault(tuple(row[name] for name in DIMENSIONS), []).append(row)
    return [_with_vitals(row, of_cell.get(tuple(row[name] for name in DIMENSIONS), [])) for row in scores]


def _with_vitals(row: Row, vitals: list[Row]) -> Row:
    row["passes"] = None
    for vital in vitals:
        metric = vital["metric"].lower()
        for key in ("p75_value", "p75_lower", "p75_upper", "p50_value", "p90_value", "p99_value", "rating"):
            row[f"{metric}_{key}"] = vital[key]
        for key in ("change_share", "is_change_proven", "good_share", "page_view_count"):
            row[f"{metric}_{key}"] = vital[key]
        if vital["passes_core_web_vitals"] is not None:
            row["passes"] = "passes" if vital["passes_core_web_vitals"] else "fails"
    return row


def cell_table(context: Context, table_id: str, title: str, roll_up: str, shown: int = 15, **where: str) -> Table:
    """Return the table of a roll-up's cells; the dimensions in `where` are not repeated."""
    names = [name for name in roll_up.split(", ") if name in DIMENSIONS and name not in where]
    columns = [Column(name, DIMENSIONS[name], "country" if name == "country" else "text") for name in names] or [
        Column("roll_up", "Of")
    ]
    return Table(table_id, title, (*columns, *VITAL_COLUMNS), cells(context, roll_up, **where), shown=shown)


VITAL_COLUMNS = (
    Column("page_view_count", "Page views", "count", "page_view"),
    Column("ux_score", "UX score", "score", "ux_score", "ux_score_lower", "ux_score_upper"),
    *(
        Column(
            f"{metric.lower()}_p75_value", f"{metric} p75", unit, metric.lower(),
            f"{metric.lower()}_p75_lower", f"{metric.lower()}_p75_upper",
        )
        for metric, unit in VITALS.items()
    ),
    Column("passes", "Core Web Vitals", "state", "core_web_vitals"),
    Column("lost_share", "Beacons lost", "share", "lost_beacons", "lost_share_lower", "lost_share_upper"),
)  # fmt: skip


def score_tiles(context: Context, row: Row) -> list[Tile]:
    """Return the tiles of one cell: its score, its vitals, and how many of its beacons are lost."""
    formats = context.formats
    bounds = formats.bounds(row["ux_score_lower"], row["ux_score_upper"], "score")
    score = formats.value(row["ux_score"], "score")
    tiles = [Tile("UX score", score, "ux_score", sure(bounds, row, "page_view_count"))]
    for metric, unit in VITALS.items():
        m = metric.lower()
        if row.get(f"{m}_p75_value") is None:
            continue
        others = [f"{p} {formats.value(row[f'{m}_{p}_value'], unit)}" for p in ("p50", "p90", "p99")]
        tiles.append(
            Tile(
                f"{metric}, p75",
                formats.value(row[f"{m}_p75_value"], unit),
                m,
                sure(formats.bounds(row[f"{m}_p75_lower"], row[f"{m}_p75_upper"], unit), row, f"{m}_page_view_count"),
                verdict=row[f"{m}_rating"],
                detail=", ".join(others),
            )
        )
    if row["lost_share"] is not None:
        bounds = formats.bounds(row["lost_share_lower"], row["lost_share_upper"], "share")
        lost = formats.value(row["lost_share"], "share")
        tiles.append(Tile("Beacons lost", lost, "lost_beacons", sure(bounds, row, "follow_up_count")))
    return tiles


def trends(context: Context, roll_up: str, prefix: str, **where: str) -> list[Chart]:
    """Return a small chart for each metric: the cell's p75 by day, its interval, limits, and changes of definition."""
    chosen = "".join(f" and {name} = ${name}" for name in where)
    days = context.marts.days()
    rows = context.marts.rows(
        "select metric, event_date, p75_value, p75_lower, p75_upper from experience.fct_vitals_roll_ups_daily "  # noqa: S608 - names are ours
        f"where roll_up = $roll_up{chosen} and event_date between $before_day and $as_of",
        roll_up=roll_up,
        **where,
    )
    by_metric = grouped(rows, "metric")
    charts = []
    for metric, unit in VITALS.items():
        if metric not in by_metric:
            continue
        values = aligned(by_metric[metric], days, "p75_value")
        lower, upper = (aligned(by_metric[metric], days, f"p75_{end}") for end in ("lower", "upper"))
        known = [value for value in values if value is not None]
        if not known:
            continue
        good = sum(value <= LIMITS[metric][0] for value in known)
        expected = expected_line(by_metric[metric], context.marts, "p75_value")
        charts.append(
            Chart(
                id=f"{prefix}_{metric.lower()}",
                kind="line",
                title=f"{metric} p75 was good on {good} of {len(known)} days",
                subtitle=f"By day, {day(days[0])} to {day(days[-1])}. Band: 95 % interval.{how_expected(expected)}",
                summary=f"{metric} p75 by day. {sentence(days, values, unit, context.formats)}",
                unit=unit,
                definition=metric.lower(),
                x=days,
                series=(Series(f"{metric} p75", values, lower, upper), *expected),
                thresholds=KPIS[KPI_OF[metric]].thresholds,
                marks=breaks(context.marts, metric),
                is_small=True,
            )
        )
    return charts


def distributions(context: Context) -> list[Chart]:
    """Return how page views are spread over the values of each metric, 28 days, in columns that the limits part."""
    rows = context.marts.rows(
        "select metric, histogram, p75_value, good_share from reports.rpt_vitals_by_cell where roll_up = 'site'"
    )
    found = {row["metric"]: row for row in rows}
    return [_distribution(context, found[metric], unit) for metric, unit in VITALS.items() if metric in found]


def _distribution(context: Context, row: Row, unit: str) -> Chart:
    metric, formats = row["metric"], context.formats
    good, poor = LIMITS[metric]
    good_share = formats.value(row["good_share"], "share")
    edges = [good * (i + 1) / 10 for i in range(round(12.5 * poor / good))]
    weights = [0.0] * (len(edges) + 1)
    for entry in row["histogram"]:
        weights[bisect_left(edges, bucket_value(metric, entry["bucket"]))] += float(entry["weight"])
    shares = [weight / sum(weights) for weight in weights]
    labels = [f"to {formats.goal(edge, unit)}" for edge in edges] + [f"over {formats.goal(edges[-1], unit)}"]

    def of(role: Role, name: str, low: float, high: float) -> Series:
        chosen = [low < edge <= high * 1.000001 for edge in (*edges, float("inf"))]
        return Series(name, tuple(s if c else None for s, c in zip(shares, chosen, strict=True)), role=role)

    return Chart(
        id=f"distribution_{metric.lower()}",
        kind="bar",
        title=f"{metric}: {good_share} good, p75 {formats.value(row['p75_value'], unit)}",
        subtitle="Share of page views by value, 28 days.",
        summary=f"Distribution of {metric}: {good_share} of page views are good.",
        unit="share",
        definition=metric.lower(),
        x=tuple(labels),
        series=(
            of("good", "good", 0, good),
            of("middling", "needs improvement", good * 1.000001, poor),
            of("bad", "poor", poor * 1.000001, float("inf")),
        ),
        is_small=True,
    )


def bucket_value(metric: str, bucket: int) -> float:
    """Return the value that stands for a bucket of a histogram: its middle, as in the marts."""
    if bucket == 0:
        return 0.0
    if metric == "CLS":
        return (bucket - 0.5) * 0.002
    return 0.5 if bucket == 1 else 1.02 ** (bucket - 1.5)


def lost_text(row: Row, context: Context) -> str:
    """Say how many beacons of a cell are lost, with the size behind it."""
    if row["lost_share"] is None:
        return "too few reports to estimate"
    return f"{context.formats.value(row['lost_share'], 'share')} of beacons lost ({sized(row, 'follow_up_count')})"
