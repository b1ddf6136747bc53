"""How far the sessions of a journey come: on the page of the journey itself, and all journeys beside each other."""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, plural
from orchestration.reports.formats import NOTHING
from orchestration.reports.marts import Row, grouped

LEAD = "Sessions of 28 days that reached each step through all steps before it."
STEPS = (
    Column("step", "Step"),
    Column("session_count", "Sessions", "count", "session"),
    Column("of_first", "Share of first step", "share", "journey_funnel"),
    Column("left", "Dropped out", "count", "journey_funnel"),
    Column("lost_share", "Drop-out rate", "share", "journey_funnel"),
    Column("conversion_share", "Conversion rate", "share", "conversion_rate"),
)


def section(context: Context) -> Section:
    """Return the funnels of all journeys of two steps or more that somebody began."""
    steps = context.marts.rows("select * from reports.rpt_journey_steps order by journey, position")
    journeys = {str(journey): _walked(own) for journey, own in grouped(steps, "journey").items() if len(own) > 1}
    journeys = {journey: rows for journey, rows in journeys.items() if rows}
    if not journeys:
        empty = "No journey of two steps was begun in 28 days."
        return Section("funnels", "No journey funnel yet", empty=empty, needs="journeys")
    charts = [
        _chart(context, rows, f"funnel_of_{context.subjects['journey', journey]}", f"{journey}: ")
        for journey, rows in journeys.items()
    ]
    rows = [row | {"page": context.link("journey", journey)} for journey, walked in journeys.items() for row in walked]
    worst = max((row for row in rows if row["lost_share"] is not None), key=lambda row: row["lost_share"])
    share = context.formats.value(worst["lost_share"], "share")
    title = f"{worst['journey']}: {share} drop out before {worst['step']}"
    columns = (Column("journey", "Journey", href="page"), *_known(rows))
    return Section("funnels", title, LEAD, charts=charts, tables=[Table("journey_funnels", "", columns, rows)])


def section_of(context: Context, steps: list[Row], name: str) -> Section:
    """Return the funnel of one journey, by the rows of its steps in order."""
    rows = _walked(steps)
    if not rows:
        empty = "No session of the last 28 days saw the pages of its first step."
        return Section(f"{name}-funnel", "No funnel yet", empty=empty)
    first, last = rows[0], rows[-1]
    return Section(
        f"{name}-funnel",
        f"{last['session_count']:,} of {plural(first['session_count'], 'session')} reached {last['step']}",
        LEAD,
        charts=[_chart(context, rows, f"funnel_{name}")] if len(rows) > 1 else [],
        tables=[Table(f"funnel_{name}_steps", "", _known(rows), rows)],
    )


def _known(rows: list[Row]) -> tuple[Column, ...]:
    """The columns of steps; without a feed of orders no step has a conversion rate."""
    has_orders = any(row["conversion_share"] is not None for row in rows)
    return tuple(column for column in STEPS if has_orders or column.key != "conversion_share")


def _walked(steps: list[Row]) -> list[Row]:
    """The steps with what was left at each; none where nobody began."""
    first = before = steps[0]["session_count"]
    rows: list[Row] = []
    for row in steps if first else []:
        count = row["session_count"]
        lost_share = 1 - count / before if before else None
        rows.append(row | {"of_first": count / first, "left": before - count, "lost_share": lost_share})
        before = count
    return rows


def _chart(context: Context, rows: list[Row], chart_id: str, journey: str = "") -> Chart:
    formats = context.formats
    shares = [formats.value(row["of_first"], "share") for row in rows]
    return Chart(
        id=chart_id,
        kind="shares",
        title=f"{journey}{shares[-1]} of sessions complete it",
        subtitle="Share of the sessions of the first step.",
        summary=" ".join(f"{row['step']}: {share}." for row, share in zip(rows, shares, strict=True)),
        unit="share",
        definition="journey_funnel",
        x=tuple(str(row["step"]) for row in rows),
        series=(
            Series("reached", tuple(row["of_first"] for row in rows), role="c1"),
            Series("dropped out", tuple(1 - row["of_first"] for row in rows), role="unknown"),
        ),
        notes=tuple(f"−{formats.value(row['left'], 'count')}" if row["left"] else NOTHING for row in rows),
        row_heading="Step",
        note_heading="Lost",
    )
