"""When web vitals became worse than the days before predicted: since when, how much, for whom, and what came before."""

from datetime import timedelta

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, listed, plural
from orchestration.reports.figures import sentence
from orchestration.reports.formats import Formats, country_name, day
from orchestration.reports.marts import Row, aligned

SHOWN = 12
DAYS_BEFORE = 35
DAYS_AFTER = 7


def page(context: Context) -> Page:
    """Return the degradations page: the list, and the evidence for each of the newest."""
    rows = [
        _told(context, row)
        for row in context.marts.rows(
            """
            select * from reports.rpt_degradations
            where last_on between $first_day and $as_of
            order by is_going_on desc, found_on desc, change_share desc, degradation_id
            """
        )
    ]
    going_on = [row for row in rows if row["is_going_on"]]
    title = f"{plural(len(going_on), 'degradation')} running".capitalize()
    if rows and not going_on:
        title = f"No degradation is running; {len(rows)} in {context.marts.span} days"
    return Page(
        "degradations",
        "Degradations",
        title,
        "Each day against its baseline, with the false discovery rate controlled. A mix change alone does not count.",
        [_list(context, rows), *[_evidence(context, row) for row in rows[:SHOWN]]],
        parent="experience",
    )


def where(row: Row) -> str:
    """Return the scope of a degradation in words: its page group, device, country and browser."""
    names = ("page_group", "device", "country", "browser")
    parts = [country_name(row[name]) if name == "country" else str(row[name]) for name in names if row[name] != "all"]
    return ", ".join(parts) or "the whole site"


def _told(context: Context, row: Row) -> Row:
    formats = context.formats
    unit = "" if row["metric"] == "CLS" else "ms"
    return row | {
        "where": where(row),
        "unit": unit,
        "name": f"{row['metric']} on {where(row)}",
        "href": f"#d-{row['degradation_id']}",
        "was": formats.value(row["value"], unit),
        "expected": formats.value(row["baseline_forecast"], unit),
        "state": "open" if row["is_going_on"] else "closed",
    }


def _list(context: Context, rows: list[Row]) -> Section:
    tested = context.marts.rows_if(
        "predictions.vitals_degradations",
        """
        select count(*)::bigint as n, min(event_date) as first_day from predictions.vitals_degradations
        where event_date between $first_day and $as_of
        """,
    )
    count = tested[0]["n"] if tested else 0
    columns = (
        Column("name", "What and where", "link", "degradation", href="href"),
        Column("state", "State", "state"),
        Column("kind", "Kind"),
        Column("change_share", "Change", "share", "degradation", "change_lower", "change_upper"),
        Column("was", "p75", "text", "p75"),
        Column("expected", "Expected", "text", "baseline"),
        Column("within_change_share", "Within segments", "share", "mix"),
        Column("mix_change_share", "Mix", "share", "mix"),
        Column("q_value", "q", "p", "false_discovery_rate"),
        Column("started_on", "Since", "date"),
        Column("found_on", "Found", "date"),
        Column("last_on", "Last", "date"),
        Column("release", "Release before"),
        Column("incidents", "Incidents at the time", "long", "incident"),
    )
    empty = "No series has been tested yet: a baseline needs a few weeks of history."
    if count:
        empty = (
            f"{count:,} tests of a day against its baseline found no significant change that is large enough to matter."
        )
    lead = f"{count:,} tests of a day, from {day(tested[0]['first_day'])} on." if rows and count else ""
    return Section(
        "list",
        f"{plural(len(rows), 'degradation')} in {context.marts.span} days".capitalize(),
        lead,
        tables=[Table("degradations", "", columns, rows, empty, shown=30)],
    )


def _evidence(context: Context, row: Row) -> Section:
    formats = context.formats
    found = [
        f"{'Slow drift' if row['kind'] == 'drift' else 'Step'}, first on {day(row['started_on'])}, proven on "
        f"{day(row['found_on'])}, last on {day(row['last_on'])}.",
        _parts(formats, row),
        f"Release {row['release']} was deployed just before ({formats.moment(row['released_at'])})."
        if row["release"]
        else "No release in the two days before.",
        f"Meanwhile: {row['incidents']}." if row["incidents"] else "No incident at the time.",
    ]
    worse = formats.value(row["change_share"], "share")
    bounds = formats.bounds(row["change_lower"], row["change_upper"], "share")
    return Section(
        f"d-{row['degradation_id']}",
        f"{row['name']}: {row['was']} instead of {row['expected']}, {worse} worse (95 %: {bounds})",
        " ".join(part for part in found if part),
        charts=[_chart(context, row)],
        tables=[_segments(row)] if row["segments"] else [],
    )


def _parts(formats: Formats, row: Row) -> str:
    if row["total_change_share"] is None:
        return "Too few page views are kept to attribute it to segments."
    total, within, mix = (formats.value(row[f"{name}_change_share"], "share") for name in ("total", "within", "mix"))
    carriers = [f"{_segment(part)} ({formats.value(part['carried_share'], 'share')})" for part in row["segments"] or []]
    text = f"p75 changed by {total} vs. the four weeks before: {within} within segments, {mix} from a change of mix."
    return f"{text} Most of it comes from {listed(carriers)}." if carriers else text


def _segment(part: Row) -> str:
    names = [str(part["device"]), country_name(part["country"]), str(part["browser"])]
    return "all other segments" if set(names) == {"other"} else " ".join(names)


def _segments(row: Row) -> Table:
    columns = (
        Column("segment", "Segment"),
        Column("carried_share", "Carries", "share", "mix"),
        Column("before_p75", "p75 before", row["unit"], "p75"),
        Column("since_p75", "p75 since", row["unit"], "p75"),
    )
    rows = [part | {"segment": _segment(part)} for part in row["segments"]]
    title = f"Segments behind {row['name']}, since {day(row['started_on'])}"
    return Table(f"segments_{row['degradation_id']}", title, columns, rows)


def _chart(context: Context, row: Row) -> Chart:
    last = min(row["last_on"] + timedelta(days=DAYS_AFTER), context.marts.as_of)
    first = row["started_on"] - timedelta(days=DAYS_BEFORE)
    days = tuple(first + timedelta(days=n) for n in range((last - first).days + 1))
    rows = context.marts.rows_if(
        "predictions.vitals_degradations",
        """
        select event_date, value, baseline_forecast, baseline_lower, baseline_upper
        from predictions.vitals_degradations
        where metric = $metric and page_group = $page_group and device = $device and country = $country
            and browser = $browser and event_date between $first and $last
        order by event_date
        """,
        **{name: row[name] for name in ("metric", "page_group", "device", "country", "browser")},
        first=first,
        last=last,
    )
    values = aligned(rows, days, "value")
    return Chart(
        id=f"degradation_{row['degradation_id']}",
        kind="line",
        title=f"{row['metric']} p75 by day, and what was expected",
        subtitle=f"{where(row)}. Band: 95 % prediction interval of the baseline.",
        summary=f"{row['metric']} p75 by day. {sentence(days, values, row['unit'], context.formats)}",
        unit=row["unit"],
        definition="baseline",
        x=days,
        series=(
            Series("p75", values),
            Series(
                "expected",
                aligned(rows, days, "baseline_forecast"),
                aligned(rows, days, "baseline_lower"),
                aligned(rows, days, "baseline_upper"),
                role="c2",
                is_dashed=True,
            ),
        ),
    )
