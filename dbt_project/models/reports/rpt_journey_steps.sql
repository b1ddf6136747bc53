with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

steps as (select * from {{ source('config', 'journey_steps') }}),

coverage as (
    select coverage_days.*
    from {{ ref('fct_journey_coverage_daily') }} as coverage_days
    inner join run on coverage_days.event_date = run.as_of_date
),

reached as (
    select
        funnel.journey,
        funnel.step,
        cast(sum(funnel.sample_count) as bigint) as session_count,
        if(
            {{ is_delivered('orders') }},
            cast(sum(funnel.converted_session_count) / sum(funnel.session_count) as double),
            null
        ) as conversion_share
    from {{ ref('fct_journey_funnel_daily') }} as funnel
    inner join run on funnel.event_date between run.as_of_date - 27 and run.as_of_date
    group by funnel.journey, funnel.step
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
        reached.conversion_share,
        coalesce(coverage.is_covered, false) as is_covered,
        journeys.is_critical,
        run.as_of_date as event_date
    from steps
    cross join run
    inner join {{ source('config', 'journeys') }} as journeys on steps.journey = journeys.journey
    left join coverage on steps.journey = coverage.journey and steps.step = coverage.step
    left join reached on steps.journey = reached.journey and steps.step = reached.step
    left join health on steps.service = health.service
)

select * from final
order by journey, position
