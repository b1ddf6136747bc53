with
run as (
    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}
),

experience as (
    select
        experience_days.*,
        if(experience_days.event_date > run.as_of_date - 28, 'current', 'previous') as period,
        unnest(['all', 'page_group', 'device', 'country']) as segment_kind,
        unnest(['all', experience_days.page_group, experience_days.device, experience_days.country]) as segment
    from {{ ref('fct_experience_daily') }} as experience_days
    inner join run on experience_days.event_date between run.as_of_date - 55 and run.as_of_date
    where experience_days.is_headline
),

segments as (
    select
        period,
        segment_kind,
        segment,
        cast(sum(page_view_count) as bigint) as page_view_count,
        sum(ux_score_sum) as score_sum,
        sum(ux_score_square_sum) as square_sum,
        sum(ux_score_weight) as weight,
        sum(ux_score_weight_square_sum) as score_weight_square_sum,
        cast(score_sum as double) / nullif(weight, 0) as score,
        {{ mean_interval('lower', 'score_sum', 'square_sum', 'weight', 'score_weight_square_sum') }} as lower_end,
        {{ mean_interval('upper', 'score_sum', 'square_sum', 'weight', 'score_weight_square_sum') }} as upper_end,
        upper_end - score as half_width
    from experience
    group by period, segment_kind, segment
),

final as (
    select
        now.segment_kind,
        now.segment,
        now.page_view_count,
        now.score as ux_score,
        greatest(0, now.lower_end) as ux_score_lower,
        least(100, now.upper_end) as ux_score_upper,
        earlier.score as previous_ux_score,
        abs(now.score - earlier.score)
        > sqrt(power(now.half_width, 2) + power(earlier.half_width, 2)) as is_change_proven,
        run.as_of_date as event_date
    from segments as now
    cross join run
    left join segments as earlier
        on
            now.segment_kind = earlier.segment_kind
            and now.segment = earlier.segment
            and earlier.period = 'previous'
            and run.has_window_before
    where now.period = 'current'
)

select * from final
