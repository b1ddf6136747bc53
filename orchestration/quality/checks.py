"""Every check, declared: which frame and column it looks at, what it expects, and whether a failure blocks publishing.

A check blocks when pages published in spite of it would say something false: rows lost, counted twice, not adding up.
What is merely missing or late is said on the page and does not block. How frames are made and judged is not here.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """`column` of every row of `frame` lies between `least` and `most` or is NULL; a row is named by its column `cell`.

    `name` is the sentence that holds then, `asset` (schema/table) is where Dagster shows it.
    """

    suite: str
    name: str
    asset: str
    frame: str
    column: str
    least: float | None = None
    most: float | None = None
    is_blocking: bool = False


CHECKS: tuple[Check, ...] = (
    Check(
        "retention",
        "history_reaches_back_the_declared_days",
        "executive/fct_kpi_daily",
        "history",
        "days_short",
        most=0,
    ),
    Check("retention", "no_day_of_history_is_missing", "executive/fct_kpi_daily", "history_days", "is_missing", most=0),
    Check(
        "retention",
        "every_ingested_day_is_in_the_marts",
        "experience/fct_beacon_integrity_daily",
        "history_days",
        "is_lost",
        most=0,
        is_blocking=True,
    ),
    Check(
        "retention",
        "no_raw_row_is_older_than_the_policy",
        "operations/fct_ingested_files",
        "feeds",
        "overdue_days",
        most=0,
    ),
    Check("retention", "every_feed_is_fresh", "operations/fct_ingested_files", "feeds", "days_late", most=0),
    Check(
        "coverage",
        "every_critical_step_has_page_views",
        "executive/fct_journey_coverage_daily",
        "steps",
        "page_views",
        1,
    ),
    Check("coverage", "every_critical_step_has_a_probe", "executive/fct_journey_coverage_daily", "steps", "checks", 1),
    Check(
        "coverage",
        "every_critical_step_has_an_objective",
        "executive/fct_journey_coverage_daily",
        "steps",
        "objectives",
        1,
    ),
    Check(
        "coverage",
        "every_service_has_the_checks_that_its_interval_promises",
        "reliability/fct_checks_daily",
        "service_checks",
        "check_share",
        0.9,
    ),
    Check(
        "volumes",
        "rows_are_about_as_many_as_in_weeks_before",
        "operations/fct_ingested_files",
        "volumes",
        "rows_ratio",
        0.5,
        2,
    ),
    Check("volumes", "few_rows_are_rejected", "operations/fct_rejects_daily", "volumes", "rejected_share", most=0.05),
    Check(
        "ranges",
        "every_share_lies_between_0_and_1",
        "executive/fct_kpi_daily",
        "ranges",
        "share_count",
        most=0,
        is_blocking=True,
    ),
    Check(
        "ranges",
        "every_score_lies_between_0_and_100",
        "executive/fct_kpi_daily",
        "ranges",
        "score_count",
        most=0,
        is_blocking=True,
    ),
    Check(
        "ranges",
        "no_count_or_duration_is_negative",
        "executive/fct_kpi_daily",
        "ranges",
        "negative_count",
        most=0,
        is_blocking=True,
    ),
    Check(
        "ranges",
        "every_number_is_finite",
        "executive/fct_kpi_daily",
        "ranges",
        "not_finite_count",
        most=0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "rows_read_are_kept_rejected_or_after_close",
        "operations/fct_ingested_files",
        "files",
        "unaccounted_rows",
        0,
        0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "every_order_is_in_the_marts",
        "business/fct_orders",
        "orders",
        "difference",
        0,
        0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "page_views_add_up",
        "experience/fct_page_views",
        "days",
        "page_view_difference",
        0,
        0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "sessions_add_up",
        "business/fct_sessions",
        "days",
        "session_difference",
        0,
        0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "revenue_adds_up",
        "business/fct_orders",
        "days",
        "revenue_difference",
        -0.005,
        0.005,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "page_views_of_sessions_add_up",
        "business/fct_sessions",
        "sessions",
        "page_view_difference",
        0,
        0,
        is_blocking=True,
    ),
    Check(
        "reconciliation",
        "no_page_view_occurs_twice",
        "experience/fct_page_views",
        "days",
        "repeated_page_views",
        0,
        0,
        is_blocking=True,
    ),
)
