with

days as (

    select
        event_date,
        sum(page_view_count) as page_view_count,
        cast(sum(weight_sum) as double) as weight,
        weight * weight / cast(sum(weight_square_sum) as double) as n,
        sum(error_weight_sum) / weight as error_share,
        sum(vitals_page_view_count) as vitals_page_view_count,
        cast(sum(vitals_weight_sum) as double) as vitals_weight,
        vitals_weight * vitals_weight / nullif(cast(sum(vitals_weight_square_sum) as double), 0) as vitals_n,
        sum(vitals_pass_weight_sum) / nullif(vitals_weight, 0) as pass_share,
        sum(page_view_count) filter (where is_headline) as headline_count,
        sum(ux_score_sum) filter (where is_headline) as ux_sum,
        sum(ux_score_square_sum) filter (where is_headline) as ux_square_sum,
        sum(ux_score_weight) filter (where is_headline) as ux_weight,
        sum(ux_score_weight_square_sum) filter (where is_headline) as ux_weight_square
    from {{ ref('fct_experience_daily') }}
    group by event_date

),

-- A day without an error has none only where errors are delivered.
watched as (

    select * from days
    where {{ is_delivered('errors') }}

),

measured as (

    select * from days
    where {{ is_delivered('vitals') }}

),

vitals as (

    select
        *,
        lower(metric) as name,
        cast(weight_sum as double) * weight_sum / weight_square_sum as n,
        cast(good_count as double) / weight_sum as good_share
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where roll_up = 'site'

),

final as (

    {{ kpi('page_view_count', 'weight', none, none, 'page_view_count', 'count', 'days') }}
    union all
    {{ kpi('error_page_view_share', 'error_share', wilson('lower', 'error_share * n', 'n'),
        wilson('upper', 'error_share * n', 'n'), 'page_view_count', 'share', 'watched') }}
    union all
    {{ kpi('core_web_vitals_pass_share', 'pass_share', wilson('lower', 'pass_share * vitals_n', 'vitals_n'),
        wilson('upper', 'pass_share * vitals_n', 'vitals_n'), 'vitals_page_view_count', 'share', 'measured') }}
    union all
    {{ kpi('ux_score', mean_score('ux_sum', 'ux_weight'),
        'greatest(0, ' ~ mean_interval('lower', 'ux_sum', 'ux_square_sum', 'ux_weight', 'ux_weight_square') ~ ')',
        'least(100, ' ~ mean_interval('upper', 'ux_sum', 'ux_square_sum', 'ux_weight', 'ux_weight_square') ~ ')',
        'headline_count', 'score', 'measured') }}
    union all
    select
        name || '_p75' || case when metric = 'CLS' then '' else '_ms' end as kpi,
        p75_value as value,
        p75_lower as value_lower,
        p75_upper as value_upper,
        page_view_count as sample_count,
        case when metric = 'CLS' then '' else 'ms' end as unit,
        event_date
    from vitals
    union all
    select
        'good_' || name || '_share' as kpi,
        good_share as value,
        {{ wilson('lower', 'good_share * n', 'n') }} as value_lower,
        {{ wilson('upper', 'good_share * n', 'n') }} as value_upper,
        page_view_count as sample_count,
        'share' as unit,
        event_date
    from vitals
    where metric in ('LCP', 'INP', 'CLS')

)

select * from final
