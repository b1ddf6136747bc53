with

measurements as (

    select
        {{ dimensions_of_views() }},
        {{ is_headline('navigation_type') }} as is_headline,
        unnest(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']) as metric,
        unnest([lcp_ms, inp_ms, cls, fcp_ms, ttfb_ms]) as value,
        weight,
        event_date
    from {{ ref('fct_page_views') }}
    where {{ rebuilt('event_date') }}

),

placed as (

    select
        * exclude (value),
        {{ histogram_bucket('metric', 'value') }} as bucket,
        weight * weight as weight_square,
        case when {{ vitals_rating('metric', 'value') }} = 'good' then weight else 0 end as good_weight,
        case when {{ vitals_rating('metric', 'value') }} = 'poor' then weight else 0 end as poor_weight
    from measurements
    where value is not null

),

buckets as (

    {{ rolled_up('placed', ['event_date', 'metric', 'bucket'], [
        'count(*) as page_view_count',
        'sum(weight) as weight_sum',
        'sum(weight_square) as weight_square_sum',
        'sum(good_weight) as good_weight',
        'sum(poor_weight) as poor_weight',
    ]) }}

),

cells as (

    select
        {{ roll_up_dimensions() | join(', ') }},
        roll_up,
        metric,
        cast(sum(page_view_count) as bigint) as page_view_count,
        cast(sum(weight_sum) as decimal(38, 6)) as weight_sum,
        cast(sum(weight_square_sum) as decimal(38, 12)) as weight_square_sum,
        cast(sum(good_weight) as decimal(38, 6)) as good_count,
        cast(sum(poor_weight) as decimal(38, 6)) as poor_count,
        list(struct_pack(bucket := bucket, weight := cast(weight_sum as decimal(38, 6))) order by bucket) as histogram,
        event_date
    from buckets
    group by all

),

ranked as (

    select
        *,
        {{ percentile_buckets() }} -- noqa: PRS
    from cells

),

valued as (

    select
        *,
        {{ percentile_values() }}
    from ranked

),

-- The site's own p75 of a day is exact, as are those of the finest cells in fct_vitals_daily.
exact as (

    select
        'site' as roll_up,
        metric,
        p75_value as exact_p75_value,
        p75_lower as exact_p75_lower,
        p75_upper as exact_p75_upper,
        event_date
    from {{ ref('int_vitals_days_counted') }}
    where page_group = 'all'

),

final as (

    select
        roll_up,
        {{ roll_up_dimensions() | join(', ') }},
        metric,
        {{ cell_rating('metric', 'coalesce(exact_p75_value, p75_value)', 'coalesce(exact_p75_lower, p75_lower)',
            'coalesce(exact_p75_upper, p75_upper)') }} as rating,
        page_view_count,
        weight_sum,
        weight_square_sum,
        good_count,
        weight_sum - good_count - poor_count as needs_improvement_count,
        poor_count,
        p50_value,
        coalesce(exact_p75_value, p75_value) as p75_value,
        coalesce(exact_p75_lower, p75_lower) as p75_lower,
        coalesce(exact_p75_upper, p75_upper) as p75_upper,
        p90_value,
        p99_value,
        histogram,
        event_date
    from valued
    left join exact using (roll_up, metric, event_date)
    {{ history_union() }}

)

select * from final
order by event_date, roll_up, {{ roll_up_dimensions() | join(', ') }}, metric
