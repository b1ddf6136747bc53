with

days as (

    select
        *,
        dense_rank() over (order by page_group, device, country, metric) as cell
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where
        roll_up in ('site', 'page_group', 'device', 'country', 'page_group, device', 'page_group, device, country')
        and {{ loaded('event_date', back=27) }}

),

names as (

    select distinct
        cell,
        page_group,
        device,
        country,
        metric
    from days

),

-- A day of site totals for every window, whether or not anything was reported on its last day.
windows as (

    select
        event_date,
        event_date - 27 as first_date,
        event_date as last_date
    from (
        {{ rebuilt_calendar() }}
    ) as calendar

),

{{ merged_cells('windows', 'days') }},

-- Most cells of all three dimensions are too thin for an interval: without them the table is less than half as long.
quoted as (

    select
        cells.*,
        names.* exclude (cell)
    from cells
    inner join names using (cell)
    qualify
        'all' in (names.page_group, names.device, names.country)
        or max(cells.weight_sum * cells.weight_sum / cells.weight_square_sum) over (
            partition by names.page_group, names.device, names.country, cells.event_date
        ) >= 13

),

ranked as (

    select
        *,
        {{ percentile_buckets() }} -- noqa: PRS
    from quoted
    inner join histograms using (cell, event_date)

),

percentiles as (

    select
        *,
        {{ percentile_values() }}
    from ranked

),

final as (

    select
        page_group,
        device,
        country,
        metric,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating,
        page_view_count,
        weight_sum,
        weight_square_sum,
        p75_value,
        p75_lower,
        p75_upper,
        cast(good_count / weight_sum as double) as good_share,
        cast((weight_sum - good_count - poor_count) / weight_sum as double) as needs_improvement_share,
        cast(poor_count / weight_sum as double) as poor_share,
        {{ passes_core_web_vitals('cell') }} as passes_core_web_vitals,
        event_date
    from percentiles
    window cell as (partition by page_group, device, country, event_date)

)

select * from final
order by event_date, page_group, device, country, metric
