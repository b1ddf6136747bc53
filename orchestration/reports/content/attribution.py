"""What values are made of, and which elements are behind them: a chart and a table that several pages show."""

from orchestration.reports.blocks import Column, Table
from orchestration.reports.charts import Chart, Role, Series
from orchestration.reports.content import Context
from orchestration.reports.content.vitals import DIMENSIONS
from orchestration.reports.marts import grouped

PARTS = {
    "time_to_first_byte": "first byte",
    "resource_load_delay": "waiting for the resource",
    "resource_load_duration": "loading it",
    "element_render_delay": "drawing it",
    "input_delay": "waiting for the main thread",
    "processing_duration": "handlers",
    "presentation_delay": "drawing",
    "first_byte_to_fcp": "from byte to paint",
    "waiting_duration": "redirects and waiting",
    "cache_duration": "cache",
    "dns_duration": "DNS",
    "connection_duration": "connection",
    "request_duration": "request",
}
PART_ROLES: tuple[Role, ...] = ("c1", "c2", "c3", "c4", "c5")


def parts_chart(context: Context, metric: str, prefix: str, page_group: str | None = None) -> Chart | None:
    """Return what a metric is made of, by device (of a page group) or by page group (of the site): mean parts."""
    by = "device" if page_group else "page_group"
    rows = context.marts.rows(
        f"""
        select {by} as subject, part, sum(part_sum) / sum(weight_sum) as mean_ms,
            sum(part_sum) / sum(value_sum) as share,
            sum(value_sum) / sum(weight_sum) as value_ms, sum(page_view_count)::bigint as n,
            sum(invalid_page_view_count)::bigint as invalid
        from experience.fct_vitals_parts_daily
        where metric = $metric and ($page_group::varchar is null or page_group = $page_group)
            and event_date between $as_of::date - 27 and $as_of
        group by all order by n desc, subject
        """,  # noqa: S608 - a column of ours
        metric=metric,
        page_group=page_group,
    )
    subjects = list(grouped(rows, "subject").items())[:12]
    if not subjects or not any(row["value_ms"] for row in rows):
        return None
    names = [part for part in PARTS if any(row["part"] == part for row in rows)]
    at = {(row["subject"], row["part"]): row["share"] for row in rows}
    n, invalid = (sum(found[0][key] for _, found in subjects) for key in ("n", "invalid"))
    largest = max(names, key=lambda part: sum(r["mean_ms"] * r["n"] for r in rows if r["part"] == part))
    left_out = f" {invalid:,} more are left out: their parts do not add up." if invalid else ""
    return Chart(
        id=f"{prefix}_parts_{metric.lower()}",
        kind="shares",
        title=f"{metric}: most of the time goes to {PARTS[largest]}",
        subtitle=f"Mean parts of {metric}, 28 days, {n:,} page views with these parts.{left_out}",
        summary=f"Mean parts of {metric} by {by.replace('_', ' ')}.",
        unit="share",
        definition="vital_parts",
        x=tuple(str(subject) for subject, _ in subjects),
        series=tuple(
            Series(PARTS[part], tuple(at.get((s, part)) for s, _ in subjects), role=PART_ROLES[i])
            for i, part in enumerate(names)
        ),
        notes=tuple(context.formats.value(found[0]["value_ms"], "ms") for _, found in subjects),
        row_heading=DIMENSIONS[by],
        note_heading="Mean",
    )


def elements_table(context: Context, table_id: str, page_group: str | None = None) -> Table:
    """Return the elements that cost the most points of UX score, weighted by traffic, 28 days."""
    rows = context.marts.rows(
        """
        with costs as (
            select metric, page_group, target, sum(page_view_count)::bigint as page_view_count,
                sum(not_good_weight_sum) / sum(weight_sum) as not_good_share,
                sum(value_sum) / sum(weight_sum) as mean_value, sum(loss_sum) / sum(weight_sum) as mean_loss,
                sum(loss_sum) as loss
            from experience.fct_vitals_elements_daily
            where ($page_group::varchar is null or page_group = $page_group)
                and event_date between $as_of::date - 27 and $as_of
            group by all
        )
        select *, loss / nullif(sum(loss) over (), 0) as cost_share, if(metric = 'CLS', '', 'ms') as unit
        from costs order by loss desc, metric, page_group, target
        """,
        page_group=page_group,
    )
    columns = [
        Column("target", "Element", "code", "element"),
        Column("metric", "Metric"),
        *([] if page_group else [Column("page_group", "Page group")]),
        Column("page_view_count", "Page views", "count", "page_view"),
        Column("mean_value", "Mean", unit_key="unit", unit="number", definition="element"),
        Column("not_good_share", "Not good", "share", "rating"),
        Column("mean_loss", "Points lost per view", "score", "ux_loss"),
        Column("cost_share", "Share of the cost", "share", "element"),
    ]
    empty = "No beacon names an element: use the attribution build of web-vitals."
    note = "Page views that name an element. Cost: UX score points lost to the metric."
    return Table(table_id, "", tuple(columns), rows, empty, note, shown=15)
