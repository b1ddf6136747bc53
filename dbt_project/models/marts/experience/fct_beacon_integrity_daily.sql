with

reports as (

    select * from {{ ref('int_reports_classified') }}
    where {{ loaded('event_date', back=1, forward=1) }}

),

-- Only ids with more than one report, or whose first report is not from zero, can show a gap. Millionths are compared,
-- because value - delta is subject to rounding.
values_seen as (

    select distinct
        page_view_id,
        view_date,
        metric,
        report_id,
        cast(round(value * 1e6) as bigint) as value_key
    from reports
    where status = 'used' and value is not null

),

broken as (

    select
        reports.metric,
        reports.event_date,
        count(*) as broken_chain_count
    from reports
    anti join values_seen
        on
            reports.page_view_id = values_seen.page_view_id
            and reports.view_date = values_seen.view_date
            and reports.metric = values_seen.metric
            and reports.report_id = values_seen.report_id
            and cast(round((reports.value - reports.delta) * 1e6) as bigint) = values_seen.value_key
    where
        reports.status = 'used'
        and isfinite(reports.delta)
        and abs(reports.value - reports.delta) between 5e-7 and 1e9
    group by reports.metric, reports.event_date

),

counted as (

    select
        metric,
        count(*) as report_count,
        count(*) filter (where status = 'used') as used_count,
        count(*) filter (where status = 'duplicate') as duplicate_count,
        count(*) filter (where invalid_reason = 'negative' and status = 'invalid') as invalid_negative_count,
        count(*) filter (where invalid_reason = 'too_large' and status = 'invalid') as invalid_too_large_count,
        count(*) filter (where invalid_reason = 'missing' and status = 'invalid') as invalid_missing_count,
        count(*) filter (where status = 'bot') as bot_count,
        count(*) filter (where status = 'orphan') as orphan_count,
        count(*) filter (
            where
            status <> 'bot'
            and client_clock_ms between 1e12 and 1e13
            and (client_clock_ms - epoch_ms(received_at) > 300000 or epoch_ms(received_at) - client_clock_ms > 86400000)
        ) as clock_skew_count,
        event_date
    from reports
    group by metric, event_date

),

final as (

    select
        counted.*,
        coalesce(broken.broken_chain_count, 0) as broken_chain_count
    from counted
    left join broken using (metric, event_date)
    where {{ rebuilt('counted.event_date') }}
    {{ history_union() }}

)

select * from final
order by event_date, metric
