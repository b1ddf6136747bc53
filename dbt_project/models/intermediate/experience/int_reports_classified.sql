-- Rows of every report are read again rather than kept: keeping them, three times over, took three times the memory.
with

reports as not materialized (

    select * from {{ ref('int_reports_identified') }}

),

-- Few views have reports on two days, so only these are looked at day by day.
long_views as (

    select page_view_id
    from reports
    where not is_bot
    group by page_view_id
    having min(event_date) < max(event_date)

),

days as (

    select
        page_view_id,
        event_date,
        event_date - 1 = lag(event_date) over by_day as is_second_day,
        event_date - 2 = lag(event_date, 2) over by_day as is_later_day
    from (
        select distinct
            page_view_id,
            event_date
        from reports
        semi join long_views using (page_view_id)
        where not is_bot
    ) as view_days
    window by_day as (partition by page_view_id order by event_date)

),

dated as not materialized (

    select
        reports.*,
        case
            when days.is_later_day then null
            when days.is_second_day then reports.event_date - 1
            else reports.event_date
        end as view_date,
        case
            when reports.metric = 'page_view' then null
            when reports.value is null or not isfinite(reports.value) then 'missing'
            when reports.value < 0 then 'negative'
            when reports.value > case when reports.metric = 'CLS' then 100 else 600000 end then 'too_large'
        end as invalid_reason
    from reports
    left join days on reports.page_view_id = days.page_view_id and reports.event_date = days.event_date

),

-- The same value and delta under one id once more is the same report sent twice. Again few, so found before marked.
repeated as (

    select
        page_view_id,
        view_date,
        metric,
        report_id,
        value,
        delta,
        min(_receipt_order) as first_order
    from dated
    where not is_bot
    group by page_view_id, view_date, metric, report_id, value, delta
    having count(*) > 1

),

-- Unless the chain says otherwise: where it does, it also says which report is the last.
chained as (

    {{ chained_reports('dated') }}

),

marked as (

    select
        dated.* exclude (_receipt_order),
        case
            when dated.is_bot then 'bot'
            when dated.invalid_reason is not null then 'invalid'
            when dated.view_date is null then 'orphan'
            when coalesce(chained.is_duplicate, dated._receipt_order > repeated.first_order) then 'duplicate'
            else 'used'
        end as status,
        coalesce(chained.chain_order, dated._receipt_order) as _receipt_order
    from dated
    left join repeated
        on
            dated.page_view_id = repeated.page_view_id
            and dated.view_date = repeated.view_date
            and dated.metric = repeated.metric
            and dated.report_id = repeated.report_id
            and dated.value is not distinct from repeated.value
            and dated.delta is not distinct from repeated.delta
    left join chained on dated._receipt_order = chained._receipt_order

)

select
    page_view_id,
    report_id,
    session_id,
    visitor_id,
    metric,
    url,
    region,
    connection,
    release,
    channel,
    navigation_type,
    device,
    browser,
    browser_version,
    os,
    country,
    library,
    target,
    parts,
    invalid_reason,
    status,
    value,
    delta,
    weight,
    is_new_user,
    is_country_derived,
    is_late,
    event_date,
    view_date,
    received_at,
    client_clock_ms,
    _receipt_order
from marked
where {{ rebuilt('event_date') }}
