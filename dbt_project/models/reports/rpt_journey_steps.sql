with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

steps as (select * from {{ source('config', 'journey_steps') }}),

coverage as (
    select coverage_days.*
    from {{ ref('fct_journey_coverage_daily') }} as coverage_days
    inner join run on coverage_days.event_date = run.as_of_date
),

seen as (
    select distinct
        views.session_id,
        views.page_group
    from {{ ref('fct_page_views') }} as views
    inner join run on views.event_date between run.as_of_date - 27 and run.as_of_date
    where views.session_id is not null
),

-- A session came as far as the last step of which it saw the pages and those of every step before it.
followed as (
    select
        steps.journey,
        steps.position,
        steps.position = row_number() over (
            partition by steps.journey, seen.session_id
            order by steps.position
        ) as has_come_so_far
    from seen
    inner join steps on seen.page_group = steps.page_group
),

reached as (
    select
        journey,
        position,
        count(*) as session_count
    from followed
    where has_come_so_far
    group by journey, position
),

health as (
    select
        subject as service,
        health,
        reason
    from {{ ref('fct_health_changes') }}
    where subject_kind = 'service' and ended_at is null
),

final as (
    select
        steps.journey,
        steps.step,
        steps.page_group,
        steps.service,
        steps.objective,
        coalesce(health.health, 'unknown') as health,
        health.reason,
        coverage.missing,
        steps.position,
        coverage.page_view_count,
        coverage.check_count,
        coalesce(reached.session_count, 0) as session_count,
        coalesce(coverage.is_covered, false) as is_covered,
        journeys.is_critical,
        run.as_of_date as event_date
    from steps
    cross join run
    inner join {{ source('config', 'journeys') }} as journeys on steps.journey = journeys.journey
    left join coverage on steps.journey = coverage.journey and steps.step = coverage.step
    left join reached on steps.journey = reached.journey and steps.position = reached.position
    left join health on steps.service = health.service
)

select * from final
order by journey, position
