with

days as (

    select
        *,
        dense_rank() over (order by roll_up, {{ roll_up_dimensions() | join(', ') }}, metric) as cell
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where {{ loaded('event_date', forward=30) }}

),

names as (

    select distinct
        cell,
        roll_up,
        {{ roll_up_dimensions() | join(', ') }},
        metric
    from days

),

-- The week and the month of the first day begin before it.
calendar as (

    {{ rebuilt_calendar(before=30) }}

),

windows as (

    select
        'week' as period,
        event_date,
        event_date as first_date,
        event_date + 6 as last_date
    from calendar
    where isodow(event_date) = 1
    union all
    select
        'month' as period,
        event_date,
        event_date as first_date,
        last_day(event_date) as last_date
    from calendar
    where day(event_date) = 1

),

{{ merged_cells('windows', 'days', ['period', 'event_date']) }},

ranked as (

    select
        *,
        {{ percentile_buckets() }} -- noqa: PRS
    from cells
    inner join histograms using (period, event_date, cell)

),

percentiles as (

    select
        *,
        {{ percentile_values() }}
    from ranked
    inner join names using (cell)

),

final as (

    select
        period,
        roll_up,
        {{ roll_up_dimensions() | join(', ') }},
        metric,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating,
        page_view_count,
        weight_sum,
        weight_square_sum,
        p50_value,
        p75_value,
        p75_lower,
        p75_upper,
        p90_value,
        p99_value,
        cast(good_count / weight_sum as double) as good_share,
        cast((weight_sum - good_count - poor_count) / weight_sum as double) as needs_improvement_share,
        cast(poor_count / weight_sum as double) as poor_share,
        histogram,
        {{ passes_core_web_vitals('named_cell') }} as passes_core_web_vitals,
        event_date
    from percentiles
    window named_cell as (partition by period, roll_up, {{ roll_up_dimensions() | join(', ') }}, event_date)

)

select * from final
order by event_date, period, roll_up, {{ roll_up_dimensions() | join(', ') }}, metric
