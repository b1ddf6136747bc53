-- One row per configured step of a critical journey: what it has in the window that ends with the run.
select
    journey || ', ' || step || ' (' || page_group || ', ' || service || ', ' || coalesce(objective, 'no objective') || ')' as cell,
    coalesce(coverage.page_view_count, 0) as page_views,
    coalesce(coverage.check_count, 0) as checks,
    coalesce(cast(coverage.has_objective as integer), 0) as objectives
from config.journey_steps
inner join config.journeys using (journey)
left join (from executive.fct_journey_coverage_daily where event_date = $as_of) as coverage using (journey, step)
where journeys.is_critical
order by journey, position
