"""An effect in words and stratum by stratum: whether they agree, and what an impact score says beside it."""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, plural
from orchestration.reports.content.effects_by_day import change, newest
from orchestration.reports.formats import NOTHING, Formats, country_name
from orchestration.reports.marts import Row

# Exposure → name, what one unit of it is, and what it is like when it is good.
EXPOSURES = {
    "lcp_ms": ("LCP", "doubling of LCP", "LCP of at most 2.5 s"),
    "inp_ms": ("INP", "doubling of INP", "INP of at most 200 ms"),
    "cls": ("CLS", "0.1 of CLS", "CLS of at most 0.1"),
    "ttfb_ms": ("TTFB", "doubling of TTFB", "TTFB of at most 0.8 s"),
    "error": ("Errors", "error in the first page view", "No error in the first page view"),
    "outage": ("Outages", "outage as the visit begins", "No outage as the visit begins"),
}
# Outcome → name, and what a difference is counted in.
OUTCOMES = {
    "conversion": ("Conversion rate", "share"),
    "bounce": ("Bounce rate", "share"),
    "revenue": ("Revenue per session", "money"),
    "pages": ("Pages per session", "number"),
    "duration": ("Session duration", "s"),
}
STRATA_OF = ("lcp_ms", "conversion")
DIMENSIONS = {
    "device": "device",
    "country": "country",
    "page_group": "landing page",
    "channel": "channel",
    "visitor_kind": "kind of visitor",
}
IMPACTS = (
    Column("segment", "Landing page group"),
    Column("request_share", "Share of sessions", "share"),
    Column("rank_correlation", "Rank correlation", "ratio", "impact_score"),
    Column("impact_score", "Conversion Impact Score", "effect", "impact_score"),
    Column("effect_text", "Effect, similar sessions", "text", "effect"),
    Column("bounds_text", "95 %", "text", "interval"),
    Column("session_count", "Sessions", "count", "session"),
)


def told(row: Row, formats: Formats) -> Row:
    """A row with names and effects in words."""
    exposure, per, good = EXPOSURES.get(row["exposure"], (row["exposure"], row["exposure"], ""))
    name, unit = OUTCOMES.get(row["outcome"], (row["outcome"], ""))
    told = row | {"exposure_name": exposure, "outcome_name": name, "per": f"per {per}", "good": good}
    for key in ("effect", "unadjusted_effect"):
        told[f"{key.removesuffix('_effect')}_text"] = change(row.get(key), unit, formats)
    low, high = (change(row.get(key), unit, formats) for key in ("effect_lower", "effect_upper"))
    told["bounds_text"] = f"{low} to {high}" if row["effect_lower"] is not None else NOTHING
    told["verdict"] = str(row.get("verdict", "")).replace(" ", "_")
    # A slope that is proven as a whole may leave the way to the good limit open.
    is_gain = told["verdict"] == "associated" and (row.get("gain_lower") or 0) > 0
    told["gain_verdict"] = "associated" if is_gain else "not_proven"
    told["shape_text"] = row.get("shape") or NOTHING
    share, with_it, without = (row.get(f"missing_share{end}") for end in ("", "_with", "_without"))
    shares = (formats.value(share, "share"), formats.value(with_it, "share"), formats.value(without, "share"))
    # By outcome where the outcome is one that a session has or has not.
    told["missing_text"] = f"{shares[1]} with it, {shares[2]} without" if with_it is not None else shares[0]
    low, high = (change(row.get(f"bound_{end}"), unit, formats) for end in ("lower", "upper"))
    told["limits_text"] = f"{low} to {high}" if share and row.get("bound_lower") is not None else NOTHING
    if row.get("segment_count"):
        told["agreement"] = f"{row['same_sign_share'] * row['segment_count']:.0f} of {row['segment_count']:.0f}"
    return told


def row_per(exposure: str) -> str:
    """Say what one unit of an exposure is."""
    return f"per {EXPOSURES[exposure][1]}"


def strata(context: Context) -> Section:
    """Return the section that holds the effect of LCP on conversion in each stratum."""
    exposure, outcome = STRATA_OF
    rows = [
        told(row, context.formats)
        for row in newest(context, "business_effect_strata", "dimension, session_count desc, segment")
        if (row["exposure"], row["outcome"]) == STRATA_OF and row["effect_lower"] is not None
    ]
    charts = []
    for dimension, words in DIMENSIONS.items():
        own = [row for row in rows if row["dimension"] == dimension][:12]
        if len(own) < 2:
            continue
        same = sum(row["effect"] < 0 for row in own)
        charts.append(
            Chart(
                id=f"strata_{dimension}",
                kind="forest",
                title=f"By {words}: lower in {same} of {len(own)}",
                subtitle=f"{OUTCOMES[outcome][0]} {row_per(exposure)}, in percentage points, with 95 % interval.",
                summary=" ".join(f"{row['segment']}: {row['effect_text']}." for row in own),
                unit="effect",
                definition="agreement",
                x=tuple(country_name(row["segment"]) if dimension == "country" else str(row["segment"]) for row in own),
                series=(
                    Series(
                        "effect",
                        tuple(row["effect"] * 100 for row in own),
                        tuple(row["effect_lower"] * 100 for row in own),
                        tuple(row["effect_upper"] * 100 for row in own),
                    ),
                ),
                notes=tuple(row["effect_text"] for row in own),
                row_heading=words.capitalize(),
                note_heading="Effect",
            )
        )
    if not charts:
        empty = "It needs some weeks of orders."
        return Section("strata", "Conversion and LCP by segment: not enough data yet", empty=empty)
    falling = sum(row["effect"] < 0 for row in rows)
    title = f"Conversion falls with LCP in {falling} of {plural(len(rows), 'stratum', 'strata')}"
    return Section("strata", title, charts=charts, seen_charts=1)


def impacts(context: Context) -> Section:
    """Return the section of the Conversion Impact Score by page group."""
    rows = [
        told(row, context.formats)
        for row in newest(context, "business_effect_strata", "impact_score, segment")
        if (row["exposure"], row["outcome"], row["dimension"]) == (*STRATA_OF, "page_group")
    ]
    lead = "mPulse's score: share of requests × rank correlation of LCP with orders, not of similar sessions."
    known = [row for row in rows if row["impact_score"] is not None]
    worst = known[0]["segment"] if known else None
    title = (
        f"By the Conversion Impact Score, {worst} matters most" if worst else "No page group has an impact score yet"
    )
    tables = [Table("conversion_impact", "Score by page group", IMPACTS, rows, shown=15, is_folded=True)]
    return Section("impact", title, lead, tables=tables)
