with

run as (

    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}

),

windows as (

    select
        days.roll_up,
        {{ dimension_names('days.') }},
        days.event_date > run.as_of_date - 28 as is_current,
        cast(sum(days.page_view_count) as bigint) as page_view_count,
        sum(days.weight_sum) as weight_sum,
        sum(days.ux_score_weight) as score_weight,
        sum(days.ux_score_weight_square_sum) as score_weight_square,
        sum(days.ux_score_sum) as score_sum,
        sum(days.ux_score_square_sum) as score_square_sum,
        sum(days.lcp_loss_sum) as lcp_loss_sum,
        sum(days.inp_loss_sum) as inp_loss_sum,
        sum(days.cls_loss_sum) as cls_loss_sum,
        sum(days.fcp_loss_sum) as fcp_loss_sum,
        sum(days.ttfb_loss_sum) as ttfb_loss_sum,
        sum(days.error_weight_sum) as error_weight_sum,
        cast(sum(days.follow_up_count) as bigint) as follow_up_count,
        cast(sum(days.broken_chain_count) as bigint) as broken_chain_count
    from {{ ref('fct_experience_roll_ups_daily') }} as days
    inner join run on days.event_date between run.as_of_date - 55 and run.as_of_date
    where days.roll_up <> 'page_group, device, country'
    group by all

),

scored as (

    select
        *,
        cast(score_sum as double) / nullif(score_weight, 0) as score,
        {{ mean_interval('lower', 'score_sum', 'score_square_sum', 'score_weight', 'score_weight_square') }}
            as lower_end,
        {{ mean_interval('upper', 'score_sum', 'score_square_sum', 'score_weight', 'score_weight_square') }}
            as upper_end,
        (upper_end - lower_end) / 2 as half_width,
        -- Of all page views with a score: what a cell loses weighs as much as its traffic.
        cast(score_weight as double)
        / nullif(max(score_weight) filter (where roll_up = 'site') over (partition by is_current), 0) as traffic_share
    from windows

),

earlier as (

    select
        roll_up,
        {{ dimension_names() }},
        page_view_count as previous_page_view_count,
        score as previous_score,
        half_width as previous_half_width
    from scored
    where not is_current and (select has_window_before from run)

),

final as (

    select
        roll_up,
        {{ dimension_names() }},
        page_view_count,
        score as ux_score,
        greatest(0, lower_end) as ux_score_lower,
        least(100, upper_end) as ux_score_upper,
        previous_score as previous_ux_score,
        score - previous_score as ux_score_change,
        traffic_share,
        traffic_share * (100 - score) as opportunity,
        traffic_share * (100 - least(100, upper_end)) as opportunity_lower,
        traffic_share * (100 - greatest(0, lower_end)) as opportunity_upper,
        cast(lcp_loss_sum as double) / nullif(score_weight, 0) as lcp_loss,
        cast(inp_loss_sum as double) / nullif(score_weight, 0) as inp_loss,
        cast(cls_loss_sum as double) / nullif(score_weight, 0) as cls_loss,
        cast(fcp_loss_sum as double) / nullif(score_weight, 0) as fcp_loss,
        cast(ttfb_loss_sum as double) / nullif(score_weight, 0) as ttfb_loss,
        cast(error_weight_sum / weight_sum as double) as error_share,
        follow_up_count,
        broken_chain_count,
        cast(broken_chain_count as double) / nullif(follow_up_count, 0) as lost_share,
        {{ wilson('lower', 'broken_chain_count', 'follow_up_count') }} as lost_share_lower,
        {{ wilson('upper', 'broken_chain_count', 'follow_up_count') }} as lost_share_upper,
        -- A handful of page views may agree by luck.
        least(page_view_count, previous_page_view_count) >= 13
        and abs(score - previous_score) > sqrt(power(half_width, 2) + power(previous_half_width, 2))
            as is_change_proven,
        (select as_of_date from run) as event_date
    from scored
    left join earlier using (roll_up, {{ dimension_names() }})
    where is_current

)

select * from final
