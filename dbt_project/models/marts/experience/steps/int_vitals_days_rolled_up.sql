with

roll_ups (has_page_group, has_device, has_country) as (

    values
    (false, false, false),
    (true, false, false),
    (false, true, false),
    (false, false, true),
    (true, true, false),
    (true, true, true)

),

days as (

    select
        case when roll_ups.has_page_group then vitals.page_group else 'all' end as page_group,
        case when roll_ups.has_device then vitals.device else 'all' end as device,
        case when roll_ups.has_country then vitals.country else 'all' end as country,
        vitals.metric,
        vitals.page_view_count,
        vitals.weight_sum,
        vitals.weight_square_sum,
        vitals.good_count,
        vitals.poor_count,
        vitals.histogram,
        vitals.event_date
    from {{ ref('fct_vitals_daily') }} as vitals
    cross join roll_ups
    where vitals.is_headline and {{ rebuilt('vitals.event_date') }}

),

site_days as (

    select * from {{ ref('int_vitals_days_counted') }}
    where page_group = 'all'

),

cells as (

    select
        page_group,
        device,
        country,
        metric,
        cast(sum(page_view_count) as bigint) as page_view_count,
        sum(weight_sum) as weight_sum,
        sum(weight_square_sum) as weight_square_sum,
        sum(good_count) as good_count,
        sum(poor_count) as poor_count,
        event_date
    from days
    group by page_group, device, country, metric, event_date

),

{{ unnested_histograms('days') }},

buckets as (

    select
        page_group,
        device,
        country,
        metric,
        bucket,
        sum(weight) as weight,
        event_date
    from entries
    group by page_group, device, country, metric, event_date, bucket

),

{{ merged_percentiles('buckets', 'cells') }},

final as (

    select
        percentiles.page_group,
        percentiles.device,
        percentiles.country,
        percentiles.metric,
        percentiles.page_view_count,
        percentiles.weight_sum,
        percentiles.weight_square_sum,
        percentiles.good_count,
        percentiles.poor_count,
        coalesce(site_days.p75_value, percentiles.p75_value) as p75_value,
        coalesce(site_days.p75_lower, percentiles.p75_lower) as p75_lower,
        coalesce(site_days.p75_upper, percentiles.p75_upper) as p75_upper,
        percentiles.histogram,
        percentiles.event_date
    from percentiles
    left join site_days using (page_group, device, country, metric, event_date)
    {{ history_union() }}

)

select * from final
order by event_date, page_group, device, country, metric
