with

reports as (

    select * from {{ ref('int_reports_classified') }}
    where {{ rebuilt('event_date') }}

),

chains as (

    select
        metric,
        library,
        event_date,
        cast(sum(follow_up_count) as bigint) as follow_up_count,
        cast(sum(broken_chain_count) as bigint) as broken_chain_count
    from {{ ref('int_follow_ups_checked') }}
    where {{ rebuilt('event_date') }}
    group by metric, library, event_date

),

counted as (

    select
        metric,
        library,
        count(*) as report_count,
        count(*) filter (where status = 'used') as used_count,
        count(*) filter (where status = 'duplicate') as duplicate_count,
        count(*) filter (where invalid_reason = 'negative' and status = 'invalid') as invalid_negative_count,
        count(*) filter (where invalid_reason = 'too_large' and status = 'invalid') as invalid_too_large_count,
        count(*) filter (where invalid_reason = 'missing' and status = 'invalid') as invalid_missing_count,
        count(*) filter (where status = 'bot') as bot_count,
        count(*) filter (where status = 'orphan') as orphan_count,
        count(*) filter (where is_late) as late_count,
        count(*) filter (
            where
            status <> 'bot'
            and client_clock_ms between 1e12 and 1e13
            and (client_clock_ms - epoch_ms(received_at) > 300000 or epoch_ms(received_at) - client_clock_ms > 86400000)
        ) as clock_skew_count,
        event_date
    from reports
    group by metric, library, event_date

),

final as (

    select
        counted.*,
        coalesce(chains.follow_up_count, 0) as follow_up_count,
        coalesce(chains.broken_chain_count, 0) as broken_chain_count
    from counted
    left join chains using (metric, library, event_date)
    {{ history_union() }}

)

select * from final
order by event_date, metric, library
