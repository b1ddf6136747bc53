"""How speed and failures are associated with outcomes of similar sessions: slopes, curves, controls and money."""

from markupsafe import Markup

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.charts import Chart, Series
from orchestration.reports.content import Context, effects_by_day, listed, plural
from orchestration.reports.content.effect_strata import EXPOSURES, OUTCOMES, impacts, strata, told
from orchestration.reports.content.effects_by_day import newest
from orchestration.reports.formats import NBSP, Formats
from orchestration.reports.marts import Row, grouped

OF_ORDERS = ("conversion", "revenue")
CURVES = ("conversion", "bounce")
# Shapes of which slower is nowhere proven to be better.
STRAIGHT = (None, "monotone")
PAIRS = (
    Column("exposure_name", "Exposure"),
    Column("outcome_name", "Outcome"),
    Column("per", "Per"),
    Column("effect_text", "Effect", "text", "effect"),
    Column("bounds_text", "95 %", "text", "interval"),
    Column("verdict", "Verdict", "verdict", "association"),
    Column("q_value", "q", "p", "false_discovery_rate"),
    Column("unadjusted_text", "Unadjusted", "text", "stratum"),
    Column("shape_text", "Shape", "text", "dose_response"),
    Column("missing_text", "Not measured", "text", "missing_exposure"),
    Column("limits_text", "Bounds", "text", "missing_exposure"),
    Column("agreement", "Segments that agree", "text", "agreement"),
    Column("i_squared", "I²", "share", "agreement"),
    Column("confounding_needed", "E-value", "ratio", "confounding_needed"),
    Column("session_count", "Sessions", "count", "session"),
)
CONTROLS = tuple(
    c for c in PAIRS if c.key in ("exposure_name", "outcome_name", "effect_text", "bounds_text", "q_value")
)
MONEY = (
    Column("good", "Improvement"),
    Column("gain_verdict", "Verdict", "verdict", "association"),
    Column("slow_share", "Sessions without it", "share", "at_risk"),
    Column("at_risk_month", "Their monthly revenue", "money", "at_risk"),
    Column("gain_month", "Gain a month", "money", "gain", "gain_lower", "gain_upper"),
    Column("orders_month", "Orders a month", "count", "gain", "orders_lower", "orders_upper"),
)


def page(context: Context) -> Page:
    """Return the page of effects."""
    rows = [told(row, context.formats) for row in newest(context, "business_effects")]
    pairs = [row for row in rows if not row["is_control"] and row["effect"] is not None]
    controls = [row for row in rows if row["is_control"] and row["effect"] is not None]
    lead = "Similar sessions are compared by their first page view. An association, not a proof of cause."
    sections = [
        _money(context, pairs),
        _effects(pairs),
        _curves(context, pairs),
        strata(context),
        _caveats(pairs),
        impacts(context),
    ]
    if pairs and not any(row["outcome"] in OF_ORDERS for row in pairs):
        # Without orders there is no money, and what is left is what sessions do.
        sections = [
            _effects(pairs),
            _curves(context, pairs),
            _caveats(pairs),
        ]
    if not pairs:
        empty = "Several weeks of sessions with a web vital are needed."
        sections = [Section("effects", "Effects of speed on business: not enough data yet", empty=empty)]
    else:
        sections.append(_controls(pairs, controls))
    sections += [effects_by_day.releases(context), effects_by_day.matrix(context)]
    return Page("effects", "Effects", _title(pairs, context.formats), lead, sections, parent="business")


def _title(pairs: list[Row], formats: Formats) -> str:
    money = [row for row in pairs if row["outcome"] == "revenue" and row["gain_verdict"] == "associated"]
    best = max(money, key=lambda row: row["gain_month"], default=None)
    if best is None:
        proven = sum(row["verdict"] == "associated" for row in pairs)
        return f"{proven or 'None'} of {plural(len(pairs), 'pair')} of an exposure and an outcome are associated"
    gain = formats.bounds(best["gain_lower"], best["gain_upper"], "money")
    return f"{best['good']} in every session is associated with {gain} more revenue a month"


def _money(context: Context, pairs: list[Row]) -> Section:
    formats = context.formats
    orders = {row["exposure"]: row for row in pairs if row["outcome"] == "conversion"}
    of_revenue = [row for row in pairs if row["outcome"] == "revenue"]
    rows = [
        row | {f"orders_{end}": orders[row["exposure"]][f"gain_{end}"] for end in ("month", "lower", "upper")}
        for row in sorted(
            of_revenue, key=lambda row: (row["gain_verdict"] != "associated", -(row["at_risk_month"] or 0))
        )
    ]
    tiles = [
        Tile(
            row["good"],
            formats.value(row["gain_month"], "money") if row["gain_lower"] is not None else "not known",
            "gain",
            bounds=f"95{NBSP}%: {formats.bounds(row['gain_lower'], row['gain_upper'], 'money')}"
            if row["gain_lower"] is not None
            else "",
            detail=f"gain a month, of {formats.value(row['at_risk_month'], 'money')} at risk",
            verdict=row["gain_verdict"],
        )
        for row in rows
    ]
    proven = [row["exposure_name"] for row in rows if row["gain_verdict"] == "associated"]
    title = f"More revenue is associated with better {listed(proven)}" if proven else "No gain in revenue is proven"
    lead = "Per 30 days, if slow sessions did as well as similar fast ones. Gains overlap: do not add them up."
    table = Table("effects_in_money", "Revenue at risk and gain", MONEY, rows, is_folded=True)
    return Section("money", title, lead, tiles=tiles, tables=[table])


def _caveats(pairs: list[Row]) -> Section:
    told = {row["outcome"] for row in pairs}
    outcome = "conversion" if "conversion" in told else "bounce"
    items = Markup("").join(
        Markup("<li><strong>{}</strong>: {}.</li>").format(r["good"], r["caveat"])
        for r in pairs
        if r["outcome"] == outcome
    )
    return Section(
        "overturn",
        "Limits of these comparisons",
        prose=Markup("<details><summary>Other explanations</summary><ul>{}</ul></details>").format(items),
    )


def _effects(pairs: list[Row]) -> Section:
    proven = sum(row["verdict"] == "associated" for row in pairs)
    by_outcome = grouped(sorted(pairs, key=lambda row: list(OUTCOMES).index(row["outcome"])), "outcome")
    charts = [
        _forest(outcome, rows)
        for outcome, rows in by_outcome.items()
        if any(row["effect_lower"] is not None and row["outcome_mean"] for row in rows)
    ]
    title = f"{proven or 'None'} of {plural(len(pairs), 'pair')} of an exposure and an outcome are associated"
    lead = "As a share of the mean. False discovery rate: 5 % over all pairs."
    tables = [Table("business_effects", "All pairs", PAIRS, pairs, shown=40, is_folded=True)]
    return Section("effects", title, lead, charts=charts, seen_charts=2, tables=tables)


def _forest(outcome: str, rows: list[Row]) -> Chart:
    name = OUTCOMES[outcome][0]
    known = [row for row in rows if row["effect_lower"] is not None and row["outcome_mean"]]
    up = [row["exposure_name"] for row in known if row["verdict"] == "associated" and row["effect"] > 0]
    down = [row["exposure_name"] for row in known if row["verdict"] == "associated" and row["effect"] < 0]
    parts = [f"rises with {listed(up)}" if up else "", f"falls with {listed(down)}" if down else ""]
    finding = " and ".join(part for part in parts if part) or "no association is proven"

    def column(key: str) -> tuple[float | None, ...]:
        return tuple(row[key] / row["outcome_mean"] for row in known)

    return Chart(
        id=f"effects_on_{outcome}",
        kind="forest",
        title=f"{name}: {finding}",
        subtitle="With 95 % interval; one that crosses the dotted line proves nothing.",
        summary=f"{name}: {finding}.",
        unit="effect",
        definition="effect",
        x=tuple(str(row["per"]) for row in known),
        series=(Series("effect", column("effect"), column("effect_lower"), column("effect_upper")),),
        notes=tuple(f"{row['effect_text']}" for row in known),
        row_heading="Exposure",
        note_heading="Effect",
    )


def _curves(context: Context, pairs: list[Row]) -> Section:
    doses = newest(context, "business_effect_doses", "exposure, outcome, bucket")
    shapes = {(row["exposure"], row["outcome"]): row["shape"] for row in pairs}
    charts = [
        _curve(exposure, outcome, rows, shapes)
        for outcome in CURVES
        for exposure, rows in grouped((row for row in doses if row["outcome"] == outcome), "exposure").items()
    ]
    bent = [f"{OUTCOMES[o][0].lower()} by {EXPOSURES[e][0]} ({s})" for (e, o), s in shapes.items() if s not in STRAIGHT]
    title = f"The effect is not monotone: {listed(bent)}" if bent else "Slower is never proven to be better"
    lead = "By bucket of the metric. Dashed: all sessions. Solid: similar sessions, with 95 % interval."
    return Section("doses", title, lead, charts=charts)


def _curve(exposure: str, outcome: str, rows: list[Row], shapes: dict[tuple[str, str], str | None]) -> Chart:
    name, label = EXPOSURES[exposure][0], OUTCOMES[outcome][0]
    metric_unit = "" if exposure == "cls" else "ms"
    formats = Formats("", "UTC")

    def edge(value: float | None) -> str:
        return formats.goal(value, metric_unit)

    steps = tuple(f"> {edge(r['value_from'])}" if r["value_to"] is None else f"≤ {edge(r['value_to'])}" for r in rows)
    adjusted = tuple(row["adjusted_mean"] for row in rows)
    finding = shapes.get((exposure, outcome)) or "not proven"
    return Chart(
        id=f"dose_{exposure}_{outcome}",
        kind="line",
        title=f"{label} by {name}: {finding}",
        subtitle=f"{label} of sessions by {name} of their first page view.",
        summary=f"{label} by {name}, similar sessions: "
        + "; ".join(f"{s}: {formats.value(v, 'share')}" for s, v in zip(steps, adjusted, strict=True)),
        unit="share",
        definition="dose_response",
        x=steps,
        series=(
            Series(
                "similar sessions",
                adjusted,
                tuple(row["adjusted_lower"] for row in rows),
                tuple(row["adjusted_upper"] for row in rows),
            ),
            Series("all sessions", tuple(row["outcome_mean"] for row in rows), role="c2", is_dashed=True),
        ),
        is_small=True,
    )


def _controls(pairs: list[Row], controls: list[Row]) -> Section:
    false = sum(row["verdict"] == "associated" for row in controls)
    title = f"{false or 'None'} of {plural(len(controls), 'negative control')} looks associated"
    lead = "The same comparison with what cannot matter. A control that looks associated discredits its exposure."
    table = Table("negative_controls", "Negative controls", CONTROLS, controls, shown=10, is_folded=True)
    return Section("controls", title, lead, tables=[table])
