with

page_views as (

    select
        page_group,
        event_date,
        sum(page_view_count) as page_view_count
    from {{ ref('fct_experience_daily') }}
    group by page_group, event_date

),

checks as (

    select
        service,
        event_date,
        sum(check_count) as check_count
    from {{ ref('fct_checks_daily') }}
    group by service, event_date

),

calendar as (

    select cast(unnest(range(min(event_date), {{ as_of() }} + interval 1 day, interval 1 day)) as date) as event_date
    from (
        select event_date from page_views
        union all
        select event_date from checks
    ) as days

),

-- A step may name a document, all of whose objectives it means, or one of these.
objectives as (

    select objective from {{ source('config', 'objectives') }}
    union
    select slo as objective from {{ source('config', 'objectives') }}

),

steps as (

    select
        steps.*,
        journeys.is_critical,
        objectives.objective is not null as has_objective,
        calendar.event_date
    from {{ source('config', 'journey_steps') }} as steps
    inner join {{ source('config', 'journeys') }} as journeys on steps.journey = journeys.journey
    left join objectives on steps.objective = objectives.objective
    cross join calendar

),

counted as (

    select
        steps.*,
        cast(coalesce(sum(page_views.page_view_count) over last_28_days, 0) as bigint) as page_view_count,
        cast(coalesce(sum(checks.check_count) over last_28_days, 0) as bigint) as check_count
    from steps
    left join page_views on steps.page_group = page_views.page_group and steps.event_date = page_views.event_date
    left join checks on steps.service = checks.service and steps.event_date = checks.event_date
    window
        last_28_days as (
            partition by steps.journey, steps.step
            order by steps.event_date
            range between interval 27 days preceding and current row
        )

),

final as (

    select
        journey,
        step,
        page_group,
        service,
        objective,
        nullif(concat_ws(
            ', ',
            case when page_view_count = 0 then 'page views of ' || page_group end,
            case when check_count = 0 then 'a probe of ' || service end,
            case when not has_objective then 'objective ' || objective end
        ), '') as missing,
        page_view_count,
        check_count,
        page_view_count > 0 as has_page_views,
        check_count > 0 as has_probe,
        has_objective,
        page_view_count > 0 and check_count > 0 and has_objective as is_covered,
        is_critical,
        event_date
    from counted

)

select * from final
order by event_date, journey, step
