"""What visits are worth: sessions, conversion, revenue, and how speed and availability go along with them."""

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table, Tile
from orchestration.reports.content import Context, change_text, plural, sized
from orchestration.reports.figures import KPIS, kpi_chart
from orchestration.reports.formats import Formats, day
from orchestration.reports.marts import Row

TILES = ["session_count", "conversion_share", "bounce_share", "order_count", "revenue_net"]
TRENDS = ["conversion_share", "revenue_net", "session_count", "bounce_share"]


def page(context: Context) -> Page:
    """Return the business page."""
    segments = context.marts.rows("select * from reports.rpt_business_by_segment order by session_count desc, segment")
    charts = [kpi_chart(context.marts, context.formats, kpi) for kpi in TRENDS]
    return Page(
        "business",
        "Business",
        _title(context, segments),
        "Cancelled orders do not convert, and revenue is net of refunds.",
        [
            Section("headlines", f"The 28 days to {day(context.marts.as_of)}", tiles=_tiles(context)),
            _associations(context),
            Section("trends", "Day by day, 90 days", charts=[chart for chart in charts if chart]),
            _segments(context, segments),
        ],
    )


def _title(context: Context, segments: list[Row]) -> str:
    overall = next((row for row in segments if row["segment_kind"] == "all"), None)
    if overall is None:
        return "No session was seen in 28 days"
    formats = context.formats
    share = formats.value(overall["conversion_share"], "share")
    return (
        f"{share} of {formats.value(overall['session_count'], 'count')} sessions ended in an order, worth "
        f"{formats.value(overall['revenue_net'], 'money')}"
    )


def _tiles(context: Context) -> list[Tile]:
    formats = context.formats
    scores = {row["kpi"]: row for row in context.marts.rows("select * from reports.rpt_kpi_scorecard")}
    tiles = []
    for kpi in TILES:
        if kpi in scores:
            row, about = scores[kpi], KPIS[kpi]
            bounds = formats.bounds(row["value_lower"], row["value_upper"], about.unit)
            tiles.append(
                Tile(
                    about.label,
                    formats.value(row["value"], about.unit),
                    about.definition,
                    f"{bounds} · {sized(row)}" if bounds else "",
                    change=change_text(row, formats, about.is_better_high),
                )
            )
    return tiles


def _associations(context: Context) -> Section:
    rows = context.marts.rows_if(
        "predictions.business_correlations",
        """
        select * from predictions.business_correlations
        where event_date = (select max(event_date) from predictions.business_correlations where event_date <= $as_of)
        order by q_value nulls last, exposure, outcome
        """,
    )
    if not rows:
        empty = (
            "Not enough days or sessions yet to compare like with like; needed are sessions with a web "
            "vital, over several weeks."
        )
        return Section("associations", "How speed goes along with business is not known yet", empty=empty)
    for row in rows:
        row["pair"] = f"{_words(row['exposure'])} and {_words(row['outcome'])}"
        row["verdict_text"] = "associated" if row["verdict"] in ("associated", "proven") else row["verdict"]
        row["effect_text"] = f"{context.formats.value(row['effect'], 'effect')} {row['effect_unit'] or ''}".strip()
        row["bounds_text"] = context.formats.bounds(row["effect_lower"], row["effect_upper"], "effect")
    proven = [row for row in rows if row["verdict"] not in ("not_proven", "insufficient_data")]
    charts = _effect_charts(rows)
    columns = (
        Column("pair", "Pair", "long"),
        Column("effect_text", "Effect", "text", "effect"),
        Column("bounds_text", "95 %", "text", "interval"),
        Column("verdict_text", "Verdict", "verdict", "association"),
        Column("q_value", "q", "p", "false_discovery_rate"),
        Column("session_count", "Sessions", "count", "session"),
        Column("stratum_count", "Strata", "count", "stratum"),
        Column("day_count", "Days", "count"),
        Column("caveat", "What would overturn it", "long"),
    )
    title = (
        f"{len(proven)} of {plural(len(rows), 'pair')} of speed or availability with business "
        f"{'is' if len(proven) == 1 else 'are'} associated"
    )
    lead = (
        "Compared among sessions of the same device and country, by their first page view. An "
        "association is not proof of a cause."
    )
    return Section(
        "associations",
        title if proven else f"None of {plural(len(rows), 'pair')} is proven to be associated",
        lead,
        charts=charts,
        tables=[Table("business_correlations", "", columns, rows)],
    )


def _effect_charts(rows: list[Row]) -> list[Chart]:
    """Draw effects relative to the largest bound of their own unit: units differ from pair to pair."""
    scales: dict[str, float] = {}
    for row in rows:
        ends = [abs(row[key]) for key in ("effect", "effect_lower", "effect_upper") if row[key] is not None]
        unit = _family(row)
        scales[unit] = max([scales.get(unit, 0.0), *ends])
    drawn = [row for row in rows if row["effect"] is not None and scales[_family(row)]]
    if not drawn:
        return []

    def scaled(key: str) -> tuple[float | None, ...]:
        return tuple(None if row[key] is None else row[key] / scales[_family(row)] for row in drawn)

    return [
        Chart(
            id="association_effects",
            kind="forest",
            title="Effects with their 95 % intervals",
            subtitle=(
                "Each relative to the largest of its own kind. An interval that crosses the dotted line (no "
                "effect) proves nothing."
            ),
            summary="Effects with their intervals.",
            unit="ratio",
            definition="effect",
            x=tuple(row["pair"] for row in drawn),
            series=(Series("effect", scaled("effect"), scaled("effect_lower"), scaled("effect_upper")),),
            notes=tuple(row["effect_text"] for row in drawn),
            row_heading="Pair",
            note_heading="Effect",
        )
    ]


def _family(row: Row) -> str:
    return f"{row['outcome']}|{row['effect_unit']}"


def _segments(context: Context, segments: list[Row]) -> Section:
    tables = []
    for kind, label in (("device", "Device"), ("country", "Country")):
        columns = (
            Column("segment", label),
            Column("session_count", "Sessions", "count", "session"),
            Column(
                "conversion_share",
                "Conversion rate",
                "share",
                "conversion_rate",
                "conversion_lower",
                "conversion_upper",
            ),
            Column("previous_conversion_share", "28 days before", "share", "conversion_rate"),
            Column("change", "Change"),
            Column("bounce_share", "Bounce rate", "share", "bounce"),
            Column("order_count", "Orders", "count", "order"),
            Column("revenue_net", "Revenue, net", "money", "revenue_net"),
            Column("revenue_per_session", "Revenue per session", "money", "revenue_net"),
        )
        rows = [row | {"change": _moved(row, context.formats)} for row in segments if row["segment_kind"] == kind]
        tables.append(
            Table(f"business_by_{kind}", f"By {label.lower()}", columns, rows, "No session in 28 days.", shown=15)
        )
    return Section("segments", "Who visits and who buys", tables=tables)


def _moved(row: Row, formats: Formats) -> str:
    before = row["previous_conversion_share"]
    if not before:
        return "nothing before"
    change = formats.change(row["conversion_share"] / before - 1)
    return change if row["is_change_proven"] else f"{change}, not proven"


def _words(name: str) -> str:
    return str(name).replace("_", " ")
