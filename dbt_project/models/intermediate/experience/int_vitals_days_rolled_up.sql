with

days as (

    select * from {{ ref('fct_vitals_daily') }}
    where is_headline and {{ rebuilt('event_date') }}

),

site_days as (

    select * from {{ ref('int_vitals_days_counted') }}
    where page_group = 'all'

),

cells as (

    select
        coalesce(page_group, 'all') as page_group,
        coalesce(device, 'all') as device,
        coalesce(country, 'all') as country,
        metric,
        cast(sum(page_view_count) as bigint) as page_view_count,
        sum(weight_sum) as weight_sum,
        sum(weight_square_sum) as weight_square_sum,
        sum(good_count) as good_count,
        sum(poor_count) as poor_count,
        event_date
    from days
    group by {{ vitals_roll_ups('metric, event_date') }}

),

buckets as (

    select
        coalesce(page_group, 'all') as page_group,
        coalesce(device, 'all') as device,
        coalesce(country, 'all') as country,
        metric,
        entry.bucket as bucket,
        sum(entry.weight) as weight,
        event_date
    from (
        select
            * exclude (histogram),
            unnest(histogram) as entry
        from days
    )
    group by {{ vitals_roll_ups('metric, event_date, entry.bucket') }}

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
