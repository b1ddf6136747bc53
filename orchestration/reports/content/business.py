"""What visits are worth: sessions, conversion, revenue, and how speed and availability go along with them."""

from orchestration.reports.charts import Chart, Column, Page, Section, Series, Table, Tile
from orchestration.reports.content import Context, change_text, listed, plural, sure
from orchestration.reports.figures import KPIS, kpi_chart
from orchestration.reports.formats import NBSP, NOTHING, Formats, day
from orchestration.reports.marts import Row, grouped

TILES = ["session_count", "conversion_share", "bounce_share", "order_count", "revenue_net"]
# Outcome → name, and what an effect on it is counted in.
OUTCOMES = {
    "conversion_share": ("Conversion rate", "percentage points"),
    "bounce_share": ("Bounce rate", "percentage points"),
    "duration_s": ("Session duration", "seconds"),
    "pages_per_session": ("Pages per session", "pages"),
}
CONTROLS = ("shuffled_", "next_day_")
ASSOCIATIONS = (
    Column("label", "Outcome"),
    Column("per", "Per"),
    Column("effect_text", "Effect", "text", "effect"),
    Column("bounds_text", "95 %", "text", "interval"),
    Column("verdict", "Verdict", "verdict", "association"),
    Column("q_value", "q", "p", "false_discovery_rate"),
    Column("session_count", "Sessions", "count", "session"),
    Column("stratum_count", "Strata", "count", "stratum"),
    Column("day_count", "Days", "count"),
)
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
            Section("trends", f"Day by day, {context.marts.span} days", charts=[chart for chart in charts if chart]),
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
                    sure(bounds, row) if bounds else "",
                    change=change_text(row, formats, about.is_better_high),
                )
            )
    return tiles


def _associations(context: Context) -> Section:
    rows = context.marts.rows_if(
        "predictions.business_correlations",
        """
        select *, split_part(effect_unit, ' per ', 2) as per from predictions.business_correlations
        where event_date = (select max(event_date) from predictions.business_correlations where event_date <= $as_of)
        order by outcome, q_value nulls last, exposure
        """,
    )
    if not rows:
        empty = "Comparing like with like needs several weeks of sessions that have a web vital."
        return Section("associations", "How speed goes along with business is not known yet", empty=empty)
    for row in rows:
        row["label"] = OUTCOMES.get(row["outcome"], (row["outcome"].replace("_", " "), ""))[0]
        row["effect_text"] = _effect(row["effect"], row)
        low, high = _effect(row["effect_lower"], row), _effect(row["effect_upper"], row)
        row["bounds_text"] = f"{low} to {high}" if row["effect_lower"] is not None else None
        row["verdict"] = row["verdict"].replace(" ", "_")
    controls = [row for row in rows if row["exposure"].startswith(CONTROLS)]
    pairs = [row for row in rows if row not in controls]
    proven = sum(row["verdict"] == "associated" for row in pairs)
    false = sum(row["verdict"] == "associated" for row in controls)
    verb = "is" if proven == 1 else "are"
    title = (
        f"{proven or 'None'} of {plural(len(pairs), 'pair')} of speed or availability with business {verb} associated"
    )
    caveats = "; ".join(
        dict.fromkeys(row["caveat"] for row in pairs if row["verdict"] == "associated" and row["caveat"])
    )
    lead = (
        f"Sessions of the same device, country and time are compared by their first page view. {caveats.capitalize()}"
    )
    tables = [Table("business_correlations", "All pairs", ASSOCIATIONS, pairs, shown=40)]
    if controls:
        note = (
            f"Exposures that cannot matter, such as another session's speed: {false or 'none'} of "
            f"{len(controls)} looks associated."
        )
        tables.append(Table("negative_controls", "Negative controls", ASSOCIATIONS, controls, note=note, shown=8))
    charts = [_effects(context, outcome, group) for outcome, group in grouped(pairs, "outcome").items()]
    return Section("associations", title, lead.rstrip(". ") + ".", charts=charts, tables=tables)


def _effects(context: Context, outcome: str, rows: list[Row]) -> Chart:
    label, unit = OUTCOMES.get(outcome, (outcome.replace("_", " "), ""))
    known = [row for row in rows if row["effect_lower"] is not None]
    up = [row["per"] for row in known if row["verdict"] == "associated" and row["effect"] > 0]
    down = [row["per"] for row in known if row["verdict"] == "associated" and row["effect"] < 0]
    parts = [f"rises with {listed(up)}" if up else "", f"falls with {listed(down)}" if down else ""]
    finding = " and ".join(part for part in parts if part) or "no association is proven"

    def column(key: str) -> tuple[float | None, ...]:
        return tuple(row[key] for row in known)

    return Chart(
        id=f"effects_on_{outcome}",
        kind="forest",
        title=f"{label}: {finding}",
        subtitle=(
            f"Difference in {unit or 'the outcome'}, with 95 % interval; one that crosses the dotted line "
            "proves nothing."
        ),
        summary=f"{label}: {finding}.",
        unit="effect",
        definition="effect",
        x=tuple(f"per {row['per']}" for row in known),
        series=(Series("effect", column("effect"), column("effect_lower"), column("effect_upper")),),
        notes=tuple(row["effect_text"] for row in known),
        row_heading="Exposure",
        note_heading="Effect",
    )


def _effect(value: float | None, row: Row) -> str:
    if value is None:
        return NOTHING
    unit = OUTCOMES.get(row["outcome"], ("", ""))[1]
    scaled = value * 100 if unit == "percentage points" else value
    short = {"percentage points": f"{NBSP}pp", "seconds": f"{NBSP}s", "pages": ""}.get(unit, "")
    return f"{scaled:+.2f}{short}".replace("-", "−")


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
