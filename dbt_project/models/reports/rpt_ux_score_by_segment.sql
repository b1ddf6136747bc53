with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

experience as (
    select
        experience_days.*,
        if(event_date > run.as_of_date - 28, 'current', 'previous') as period,
    from {{ ref('fct_experience_daily') }} as experience_days
    inner join run on experience_days.event_date between run.as_of_date - 55 and run.as_of_date
    where is_headline
),

segments as (
    select
        period,
        case
            when grouping(page_group) = 0 then 'page_group'
            when grouping(device) = 0 then 'device'
            when grouping(country) = 0 then 'country'
            else 'all'
        end as segment_kind,
        case segment_kind
            when 'page_group' then page_group when 'device' then device when 'country' then country else 'all'
        end as segment,
        sum(page_view_count)::bigint as view_count,
        sum(ux_score_sum)::double / nullif(sum(ux_score_weight), 0) as score,
        -- Normal interval of a weighted mean; page views stand for the sample size.
        greatest(0, sum(ux_score_square_sum)::double / nullif(sum(ux_score_weight), 0) - power(score, 2)) as variance,
        1.96 * sqrt(variance / nullif(view_count, 0)) as half_width,
    from experience
    group by grouping sets ((period), (period, page_group), (period, device), (period, country))
),

final as (
    select
        now.segment_kind,
        now.segment,
        now.view_count as page_view_count,
        now.score as ux_score,
        greatest(0, now.score - now.half_width) as ux_score_lower,
        least(100, now.score + now.half_width) as ux_score_upper,
        earlier.score as previous_ux_score,
        abs(now.score - earlier.score)
        > sqrt(power(now.half_width, 2) + power(earlier.half_width, 2)) as is_change_proven,
        run.as_of_date as event_date,
    from segments as now
    cross join run
    left join segments as earlier
        on now.segment_kind = earlier.segment_kind and now.segment = earlier.segment and earlier.period = 'previous'
    where now.period = 'current'
)

select * from final
