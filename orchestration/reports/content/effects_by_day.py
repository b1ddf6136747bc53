"""Sections of the effects page that rest on days: releases before and after, and KPIs that move together.

Also the words that both parts of that page share.
"""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Role, Series
from orchestration.reports.content import Context, plural
from orchestration.reports.figures import KPIS
from orchestration.reports.formats import NBSP, NOTHING, Formats
from orchestration.reports.marts import Row

RELEASE_OUTCOMES = {"good_lcp": "Good LCP", "conversion": "Conversion rate", "bounce": "Bounce rate"}
RELEASES = (
    Column("release", "Release"),
    Column("released_on", "Released", "date"),
    Column("page_group", "Pages"),
    Column("outcome_name", "Outcome"),
    Column("verdict", "Verdict", "verdict", "release_effect"),
    Column("effect_text", "Change", "text", "release_effect"),
    Column("bounds_text", "95 %", "text", "interval"),
    Column("before_share", "Before", "share"),
    Column("after_share", "After", "share"),
)
RELEASE_DETAILS = (
    Column("control_before_share", "Untouched pages before", "share"),
    Column("control_after_share", "Untouched pages after", "share"),
    Column("comparison", "Compared"),
    Column("q_value", "q", "p", "false_discovery_rate"),
    Column("day_count", "Days", "count"),
)
MOVES = (
    Column("kpi_name", "KPI"),
    Column("other_name", "Correlates with"),
    Column("when", "Lag"),
    Column("correlation", "Correlation", "ratio", "kpi_correlation"),
    Column("p_value", "p", "p"),
    Column("q_value", "q", "p", "false_discovery_rate"),
    Column("source", "From"),
)


def releases(context: Context) -> Section:
    """Return what releases did, against pages that they did not touch."""
    rows = newest(context, "release_effects", "released_on desc, release, q_value, page_group")
    for row in rows:
        row["outcome_name"] = RELEASE_OUTCOMES.get(row["outcome"], row["outcome"])
        row["effect_text"] = change(row["effect"], "share", context.formats)
        low, high = (change(row[key], "share", context.formats) for key in ("effect_lower", "effect_upper"))
        row["bounds_text"] = f"{low} to {high}"
        row["verdict"] = row["verdict"].replace(" ", "_")
    if not rows:
        empty = "A release is judged three days after it, given three weeks of history and enough sessions."
        return Section("releases", "No release of the last five weeks can be judged yet", empty=empty)
    moved = [row for row in rows if row["verdict"] != "not_proven"]
    said = [f"{row['outcome_name']} of {row['page_group']} {row['verdict']} since {row['release']}" for row in moved]
    title = "; ".join(said[:3]) if said else "No release of the last five weeks had a proven effect"
    lead = "Up to six days after a release against the same weekdays before, less the change of pages it did not touch."
    held = [*moved, *(row for row in rows if row["verdict"] == "not_proven")]
    table = Table("release_effects", "Releases", RELEASES, held, shown=12, details=RELEASE_DETAILS, is_folded=True)
    return Section("releases", title, lead, tables=[table])


def matrix(context: Context) -> Section:
    """Return which KPIs move together from day to day."""
    rows = newest(context, "kpi_correlations", "q_value, abs(correlation) desc, kpi, other_kpi")
    if not rows:
        return Section("kpis", "Correlations of KPIs: not enough data yet", empty="Six weeks of history are needed.")
    names = sorted({row["kpi"] for row in rows} | {row["other_kpi"] for row in rows}, key=_kpi_order)
    numbered = tuple(f"{number} {_kpi_name(name)}" for number, name in enumerate(names, start=1))
    found = {(row[a], row[b]): row for row in rows for a, b in (("kpi", "other_kpi"), ("other_kpi", "kpi"))}
    moving = [row for row in rows if row["verdict"] == "associated"]
    other = [row for row in moving if not row["is_same_source"]]
    for row in moving:
        row |= {"kpi_name": _kpi_name(row["kpi"]), "other_name": _kpi_name(row["other_kpi"])}
        row["when"] = _when(row["lag_days"])
        row["source"] = "the same data" if row["is_same_source"] else "different data"
    chart = Chart(
        id="kpi_matrix",
        kind="matrix",
        title=f"{len(moving)} of {plural(len(rows), 'pair')} correlate, {len(other)} of them from different data",
        subtitle=f"Columns are numbered as rows. Full bar: correlation of 1 or −1. {rows[0]['day_count']} days.",
        summary=" ".join(f"{row['kpi_name']} and {row['other_name']}: {row['correlation']:+.2f}." for row in moving),
        unit="ratio",
        definition="kpi_correlation",
        x=numbered,
        series=tuple(
            Series(
                label,
                tuple(found[one, name]["correlation"] if name != one else None for name in names),
                roles=tuple(_cell_role(found.get((one, name))) for name in names),
                texts=tuple(_cell_text(found.get((one, name)), one, name) for name in names),
            )
            for one, label in zip(names, numbered, strict=True)
        ),
        keys=(("c1", "rise and fall together"), ("c2", "move against each other"), ("unknown", "not proven")),
        plain="unknown",
        row_heading="KPI",
    )
    title = (
        "; ".join(f"{r['kpi_name']} correlates with {r['other_name'].lower()}" for r in other[:2])
        if other
        else "No two KPIs from different data are correlated beyond chance"
    )
    lead = "Weekday, trend and autocorrelation removed; lags of up to a week. Correlation is not causation."
    moving.sort(key=lambda row: (row["is_same_source"], row["q_value"]))
    table = Table("kpis_together", "Pairs that move together", MOVES, moving, shown=12, is_folded=True)
    return Section("kpis", title, lead, charts=[chart], tables=[table])


def _kpi_name(kpi: str) -> str:
    return KPIS[kpi].label if kpi in KPIS else kpi.replace("_", " ")


def _kpi_order(kpi: str) -> tuple[int, str]:
    return (list(KPIS).index(kpi) if kpi in KPIS else len(KPIS), kpi)


def _when(lag: int) -> str:
    if lag == 0:
        return "the same day"
    return f"{plural(abs(lag), 'day')} {'later' if lag > 0 else 'earlier'}"


def _cell_role(row: Row | None) -> Role:
    if row is None or row["verdict"] != "associated":
        return "unknown"
    return "c1" if row["correlation"] > 0 else "c2"


def _cell_text(row: Row | None, one: str, name: str) -> str:
    if row is None:
        return f"{_kpi_name(one)} itself"
    proven = "" if row["verdict"] == "associated" else ", not proven"
    return f"{_kpi_name(name)}: {row['correlation']:+.2f}{proven}".replace("-", "−")


def newest(context: Context, table: str, order: str = "exposure, outcome") -> list[Row]:
    """Return the rows of a prediction's newest day."""
    name = f"predictions.{table}"
    sql = (
        f"select * from {name} where event_date <= $as_of qualify event_date = max(event_date) over () order by {order}"  # noqa: S608 - names of ours
    )
    return context.marts.rows_if(name, sql)


def change(value: float | None, unit: str, formats: Formats) -> str:
    """Write a difference with its sign."""
    if value is None:
        return NOTHING
    if unit == "share":
        text = f"{value * 100:+.2f}{NBSP}pp"
    elif unit == "money":
        text = f"{value:+.2f}{NBSP}{formats.currency}"
    else:
        text = f"{value:+.2f}" + (f"{NBSP}{unit}" if unit == "s" else "")
    return text.replace("-", "−")
