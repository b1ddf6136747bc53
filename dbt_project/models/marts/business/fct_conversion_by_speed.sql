with

sessions as (

    select
        *,
        unnest({{ first_view_buckets() }}, recursive := true)
    from {{ ref('fct_sessions') }}
    where {{ rebuilt('event_date') }}

),

counted as (

    select
        metric,
        device,
        landing_page_group as page_group,
        value_from,
        value_to,
        count(*) as sample_count,
        sum(weight) as session_count,
        sum(weight * weight) as session_square_sum,
        coalesce(sum(weight) filter (where is_converted), 0) as converted_session_count,
        coalesce(sum(weight) filter (where is_bounce), 0) as bounce_count,
        sum(cast(weight * revenue as decimal(38, 6))) as revenue_net,
        cast(session_count as double) * session_count / session_square_sum as n,
        cast(converted_session_count / session_count as double) as conversion_share,
        cast(bounce_count / session_count as double) as bounce_share,
        event_date
    from sessions
    where value_from is not null
    group by metric, device, landing_page_group, value_from, value_to, event_date

),

final as (

    select
        metric,
        device,
        page_group,
        value_from,
        value_to,
        sample_count,
        session_count,
        session_square_sum,
        converted_session_count,
        bounce_count,
        revenue_net,
        conversion_share,
        {{ wilson('lower', 'conversion_share * n', 'n') }} as conversion_lower,
        {{ wilson('upper', 'conversion_share * n', 'n') }} as conversion_upper,
        bounce_share,
        {{ wilson('lower', 'bounce_share * n', 'n') }} as bounce_lower,
        {{ wilson('upper', 'bounce_share * n', 'n') }} as bounce_upper,
        event_date
    from counted
    {{ history_union() }}

)

select * from final
order by event_date, metric, device, page_group, value_from
