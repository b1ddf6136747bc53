-- One row per configured step of a critical journey: what it has in the window that ends with the run.
with

coverage as (
    from executive.fct_journey_coverage_daily where event_date = $as_of
)

select
    steps.journey || ', ' || steps.step || ' (' || steps.page_group || ', ' || steps.service || ', '
    || coalesce(steps.objective, 'no objective') || ')' as cell,
    coalesce(coverage.page_view_count, 0) as page_views,
    coalesce(coverage.check_count, 0) as checks,
    coalesce(cast(coverage.has_objective as integer), 0) as objectives
from config.journey_steps as steps
inner join config.journeys on steps.journey = journeys.journey
left join coverage on steps.journey = coverage.journey and steps.step = coverage.step
where journeys.is_critical
order by steps.journey, steps.position
