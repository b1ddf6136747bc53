with

reports as (

    select
        page_view_id,
        view_date,
        metric,
        report_id,
        library,
        -- Millionths are compared, because value - delta is subject to rounding.
        cast(round(value * 1e6) as bigint) as value_key,
        try_cast(round((value - delta) * 1e6) as bigint) as value_before_key,
        isfinite(delta) and abs(value - delta) between 5e-7 and 1e9 as is_follow_up,
        event_date
    from {{ ref('int_reports_classified') }}
    where status = 'used' and value is not null and {{ loaded('event_date', back=1, forward=1) }}

),

follow_ups as (

    select * from reports
    where is_follow_up

),

-- Only chains with a follow-up can show a gap, and they are few.
values_seen as (

    select distinct
        page_view_id,
        view_date,
        metric,
        report_id,
        value_key
    from reports
    semi join follow_ups using (page_view_id, view_date, metric, report_id)

),

checked as (

    select
        follow_ups.*,
        values_seen.value_key is null as is_broken
    from follow_ups
    left join values_seen
        on
            follow_ups.page_view_id = values_seen.page_view_id
            and follow_ups.view_date = values_seen.view_date
            and follow_ups.metric = values_seen.metric
            and follow_ups.report_id = values_seen.report_id
            and follow_ups.value_before_key = values_seen.value_key
    where {{ rebuilt('follow_ups.event_date') }}

)

select
    page_view_id,
    view_date,
    metric,
    library,
    count(*) as follow_up_count,
    count(*) filter (where is_broken) as broken_chain_count,
    event_date
from checked
group by page_view_id, view_date, metric, library, event_date
