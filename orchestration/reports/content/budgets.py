"""Sections of the objectives page: how fast budgets burn, what they were spent on, what was agreed to follow."""

from orchestration.reports.blocks import Column, Section, Table
from orchestration.reports.charts import SERIES_ROLES, Chart, Series, Threshold
from orchestration.reports.content import Context, begun, plural
from orchestration.reports.content.subjects import slugs
from orchestration.reports.figures import sentence
from orchestration.reports.formats import duration
from orchestration.reports.marts import Row, aligned, grouped

RULE_STATES = {"over": "over", "slowing": "slowing", "ok": "ok", "insufficient_data": "insufficient_data"}
CAUSES = (
    ("incident", "Incidents", "Incident"),
    ("release", "Releases", "Release"),
    ("country", "Countries", "Country"),
    ("error_group", "Error groups", "Error group"),
)
SHOWN_CAUSES = 15


def burning(context: Context) -> Section:
    """Return the section of burn rates: each pair of windows now, and the days before against the factors."""
    rules = [row for row in _rules(context) if row["can_fire"]]
    over = [row for row in rules if row["state"] == "over"]
    columns = (
        Column("objective", "Objective"),
        Column("state", "State", "state", "burn_rate"),
        Column("severity", "Severity"),
        Column("windows", "Windows", "text", "burn_rate"),
        Column("factor", "Factor", "burn", "burn_rate"),
        Column("long_burn_rate", "Long", "burn", "burn_rate"),
        Column("short_burn_rate", "Short", "burn", "burn_rate"),
    )
    details = (
        Column("budget_share", "Budget it spends", "share", "burn_rate"),
        Column("event_count", "Events", "count", "sli"),
        Column("evaluated_at", "As of", "moment"),
        Column("policy", "Policy"),
    )
    order = ("over", "slowing", "ok", "insufficient_data")
    rows = sorted(rules, key=lambda row: (order.index(row["state"]), -(row["long_burn_rate"] or 0) / row["factor"]))
    title = (
        begun(f"{plural(len(over), 'burn-rate rule')} {'is' if len(over) == 1 else 'are'} firing")
        if over
        else "No burn-rate rule is firing"
    )
    lead = "A rule fires while both windows burn faster than its factor."
    table = Table(
        "burn_rules",
        "Burn-rate rules",
        columns,
        rows,
        "No objective has a rule.",
        shown=40,
        details=details,
        is_folded=True,
    )
    return Section("burning", title, lead, charts=_burn_charts(context, rules), seen_charts=0, tables=[table])


def _rules(context: Context) -> list[Row]:
    rows = context.marts.rows("select * from reports.rpt_burn_rules order by objective, long_window_s, policy")
    for row in rows:
        row["windows"] = f"{duration(row['long_window_s'])} / {duration(row['short_window_s'])}"
    return rows


def _burn_charts(context: Context, rules: list[Row]) -> list[Chart]:
    days = context.marts.days()
    rows = context.marts.rows(
        """
        select objective, window_s, event_date, max(burn_rate)::double as burn_rate from reliability.fct_burn_rates
        where event_date between $first_day and $as_of group by all order by all
        """
    )
    rates = {key: group for key, group in _keyed(rows).items()}
    names = slugs(row["objective"] for row in rules)
    charts = []
    for objective, group in grouped(rules, "objective").items():
        pairs = list({(row["long_window_s"], row["factor"]): None for row in group})[:5]
        series = tuple(
            Series(
                f"{duration(window)} ÷ {factor:.3g}",
                tuple(
                    None if rate is None else rate / factor
                    for rate in aligned(rates.get((objective, window), []), days, "burn_rate")
                ),
                role=SERIES_ROLES[i],
            )
            for i, (window, factor) in enumerate(pairs)
        )
        highest = [
            max((v for v in values if v is not None), default=None)
            for values in zip(*(s.values for s in series), strict=True)
        ]
        met = sum(value is not None and value > 1 for value in highest)
        charts.append(
            Chart(
                id=f"burn_{names[objective]}",
                kind="line",
                title=f"{objective}: burn rate above the factor on {plural(met, 'day')}",
                subtitle="Highest burn rate of the day ÷ factor.",
                summary=f"Burn rate of {objective} ÷ factor. {sentence(days, highest, 'ratio', context.formats)}",
                unit="ratio",
                definition="burn_rate",
                x=days,
                series=series,
                thresholds=(Threshold(1.0, "factor"),),
                is_small=True,
            )
        )
    return charts


def _keyed(rows: list[Row]) -> dict[tuple[str, int], list[Row]]:
    groups: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["objective"], row["window_s"]), []).append(row)
    return groups


def never(context: Context) -> Section:
    """Return the section of rules that can never fire, and why."""
    rows = [row for row in _rules(context) if not row["can_fire"]]
    columns = (
        Column("objective", "Objective"),
        Column("severity", "Severity"),
        Column("windows", "Windows", "text", "burn_rate"),
        Column("factor", "Factor", "burn", "burn_rate"),
        Column("highest_burn_rate", "Highest possible", "burn", "never_fires"),
        Column("policy", "Policy"),
    )
    verb = "rule" if len(rows) == 1 else "rules"
    title = f"{len(rows)} {verb} can never fire" if rows else "Every rule can fire"
    lead = "The highest possible burn rate is 1 / (1 − target): their factor is above it."
    table = Table("never_firing", "Rules", columns, rows, "Every target leaves room for its factors.", is_folded=True)
    return Section("never", title, lead if rows else "", tables=[table])


def spent(context: Context) -> Section:
    """Return the section of what the budgets were spent on."""
    rows = context.marts.rows(
        """
        select spent.*, incidents.title
        from reliability.fct_budget_spent as spent
        left join (select incident_id, min(title) as title from reliability.fct_incidents group by incident_id) as
            incidents on spent.cause_kind = 'incident' and spent.cause = incidents.incident_id
        where spent.event_date = (select max(event_date) from reliability.fct_budget_spent where event_date <= $as_of)
            and spent.spent_amount > 0
        order by spent.spent_budget_share desc nulls last, spent.objective, spent.cause
        """
    )
    kinds = grouped(rows, "cause_kind")
    tables = [_shares(context, rows)] if rows else []
    tables += [
        Table(f"spent_by_{kind}", title, _cause_columns(kind, label), kinds[kind], shown=SHOWN_CAUSES, is_folded=True)
        for kind, title, label in CAUSES
        if kind in kinds
    ]
    if not rows:
        return Section("spent", "No budget was spent", empty="Nothing bad was counted in the window of any objective.")
    worst = next(iter(kinds.get("incident", [])), None)
    share = context.formats.value(worst["spent_budget_share"], "share") if worst else ""
    title = (
        f"{worst['title'] or worst['cause']} cost {share} of the budget of {worst['objective']}"
        if worst
        else "No incident explains what was spent"
    )
    lead = "By what happened at the same time, which is no proof of cause."
    return Section("spent", title, lead, tables=tables)


def _shares(context: Context, rows: list[Row]) -> Table:
    by_objective: dict[str, Row] = {}
    for row in rows:
        if row["cause_kind"] in ("incident", "unexplained"):
            made = by_objective.setdefault(
                row["objective"],
                {"objective": row["objective"], "unit": row["amount_unit"], "incident": 0.0, "rest": 0.0},
            )
            made["incident" if row["cause_kind"] == "incident" else "rest"] += row["spent_budget_share"] or 0.0
    found = [row | {"spent": row["incident"] + row["rest"]} for row in by_objective.values()]
    columns = (
        Column("objective", "Objective"),
        Column("spent", "Budget spent", "share", "error_budget"),
        Column("incident", "During incidents", "share", "budget_cause"),
        Column("rest", "Outside", "share", "budget_cause"),
    )
    found.sort(key=lambda row: (-row["spent"], row["objective"]))
    return Table("spent_budgets", "During incidents and outside", columns, found, shown=40)


def _cause_columns(kind: str, label: str) -> tuple[Column, ...]:
    named = (Column("title", "Title", "long", "incident"),) if kind == "incident" else ()
    return (
        Column("cause", label, {"error_group": "code", "country": "country"}.get(kind, "text"), "budget_cause"),
        *named,
        Column("objective", "Objective"),
        Column("spent_budget_share", "Of the budget", "share", "budget_cause"),
        Column("spent_amount", "Bad", "amount", "budget_cause", unit_key="amount_unit"),
        Column("spent_minutes", "As full outage", "minutes", "budget_minutes"),
    )


def policies(context: Context) -> Section:
    """Return the section of error-budget policies: what is in force, since when, and what was agreed."""
    rows = context.marts.rows(
        """
        select *, if(is_in_force, 'in_force', 'not_in_force') as state, replace(consequence, '_', ' ') as follows
        from reliability.fct_error_budget_policies
        where event_date = (
            select max(event_date) from reliability.fct_error_budget_policies where event_date <= $as_of
        )
        order by is_in_force desc, objective, remaining_share_below desc
        """
    )
    force = [row for row in rows if row["is_in_force"]]
    idle = [row for row in rows if not row["is_in_force"]]
    columns = (
        Column("objective", "Objective"),
        Column("state", "State", "state", "budget_policy"),
        Column("follows", "Consequence", "text", "budget_policy"),
        Column("description", "Agreed", "long", "budget_policy"),
        Column("remaining_share_below", "Below", "goal", "budget_policy"),
        Column("budget_remaining_share", "Budget left", "share", "error_budget"),
        Column("in_force_since_date", "Since", "date", "budget_policy"),
        Column("policy", "Policy"),
    )
    freezes = sum(row["consequence"] == "freeze" for row in force)
    title = begun(
        f"{plural(len(force), 'budget policy', 'budget policies')} {'is' if len(force) == 1 else 'are'} in force"
    )
    if freezes:
        title += f", {freezes} of them a freeze"
    empty = "No policy is declared: name thresholds and consequences under error_budget_policies in beaconmart.yml."
    return Section(
        "policies",
        title if rows else "No budget policy is declared",
        tables=[
            Table("budget_policies", "", columns, force, "None is in force." if rows else empty),
            *([Table("budget_policies_idle", "Not in force", columns, idle, is_folded=True)] if idle else []),
        ],
    )
