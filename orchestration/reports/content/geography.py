"""Where visitors are, and how the site feels there: a map, and the same as a ranked table, by country and by region."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.charts import Role
from orchestration.reports.content import Context, sized
from orchestration.reports.content.vitals import VITAL_COLUMNS, cells
from orchestration.reports.formats import country_name
from orchestration.reports.marts import Row
from orchestration.reports.world import POSITIONS, Place, world_map

GOOD, FAIR = 90, 50


def page(context: Context) -> Page:
    """Return the page of countries and regions."""
    countries = _placed(context, "country")
    regions = _placed(context, "country, region")
    scored = [row for row in countries if row["opportunity"] is not None]
    worst = scored[0] if scored else None
    title = (
        f"{country_name(worst['country'])} lowers the UX score most: {worst['ux_score']:.1f} on "
        f"{context.formats.value(worst['traffic_share'], 'share')} of page views"
        if worst
        else "No page view of 28 days has a country"
    )
    return Page(
        "geography",
        "Geography",
        title,
        "28 days, ranked by share of page views × missing UX score points. Country: as the beacon names it, "
        "else that of the browser's time zone.",
        [
            _map(context, countries),
            Section(
                "countries",
                f"{len(countries)} countries, highest cost first",
                tables=[_table("vitals_by_country", "country", countries)],
            ),
            Section(
                "regions",
                f"{len(regions)} regions",
                "As named by the beacon.",
                tables=[_table("vitals_by_region", "region", regions)],
            ),
        ],
        parent="experience",
    )


def _placed(context: Context, roll_up: str) -> list[Row]:
    bounces = {
        (row["country"], row["region"]): row for row in context.marts.rows("select * from reports.rpt_bounces_by_place")
    }
    rows = cells(context, roll_up)
    for row in rows:
        row |= bounces.get((row["country"], row["region"]), {"session_count": None, "bounce_share": None})
        change = row["ux_score_change"]
        row["change"] = None if change is None else context.formats.value(change, "points")
        if row["change"] and not row["is_change_proven"]:
            row["change"] += ", not proven"
    return sorted(rows, key=lambda row: (-(row["opportunity"] or 0), row["country"], row["region"]))


def _map(context: Context, rows: list[Row]) -> Section:
    formats = context.formats
    places = {}
    for row in rows:
        score = row["ux_score"]
        role: Role = "unknown" if score is None else "good" if score >= GOOD else "middling" if score >= FAIR else "bad"
        words = "no score" if score is None else f"UX score {formats.value(score, 'score')}"
        lcp = formats.value(row.get("lcp_p75_value"), "ms")
        places[row["country"]] = Place(
            role, f"{country_name(row['country'])}: {words}, LCP p75 {lcp}, {sized(row, 'page_view_count')}"
        )
    off = sum(row["page_view_count"] for row in rows if row["country"] not in POSITIONS)
    note = f" {off:,} page views are from places not on the map." if off else ""
    return Section(
        "map",
        f"UX score by country: good from {GOOD}, middling from {FAIR}",
        f"Each square is a country; grey: no page view.{note}",
        prose=world_map(places, "UX score by country, 28 days"),
    )


def _table(table_id: str, name: str, rows: list[Row]) -> Table:
    places = [Column("country", "Country", "country")] + ([Column("region", "Region")] if name == "region" else [])
    columns = (
        *places,
        Column("opportunity", "Points lost", "score", "opportunity", "opportunity_lower", "opportunity_upper"),
        Column("change", "Score change", "text", "ux_score"),
        *VITAL_COLUMNS,
        Column("error_share", "Error rate", "share", "error_rate"),
        Column("bounce_share", "Bounces", "share", "bounce"),
    )
    return Table(table_id, "", columns, rows, "No page view has a country.", shown=25)
