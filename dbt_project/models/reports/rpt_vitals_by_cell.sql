with

run as (

    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}

),

days as (

    select
        *,
        dense_rank() over (order by roll_up, {{ dimension_names() }}, metric) as cell
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where
        event_date > (select as_of_date - 56 from run)
        -- The finest cells are for degradations: too many and too thin to be read.
        and roll_up <> 'page_group, device, country'

),

names as (

    select distinct
        cell,
        roll_up,
        {{ dimension_names() }},
        metric
    from days

),

windows as (

    select
        as_of_date as event_date,
        as_of_date - 27 as first_date,
        as_of_date as last_date
    from run
    union all
    select
        as_of_date - 28 as event_date,
        as_of_date - 55 as first_date,
        as_of_date - 28 as last_date
    from run

),

{{ merged_cells('windows', 'days') }},

ranked as (

    select
        *,
        {{ percentile_buckets() }} -- noqa: PRS
    from cells
    inner join histograms using (cell, event_date)

),

percentiles as (

    select
        *,
        {{ percentile_values() }}
    from ranked
    inner join names using (cell)

),

judged as (

    select
        *,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating,
        cast(good_count / weight_sum as double) as good_share,
        cast((weight_sum - good_count - poor_count) / weight_sum as double) as needs_improvement_share,
        cast(poor_count / weight_sum as double) as poor_share,
        {{ passes_core_web_vitals('named_cell') }} as passes_core_web_vitals
    from percentiles
    window named_cell as (partition by roll_up, {{ dimension_names() }}, event_date)

),

final as (

    select
        now.* exclude (cell, p50_bucket, p75_bucket, p90_bucket, p99_bucket, lower_bucket, upper_bucket),
        earlier.p75_value as previous_p75_value,
        now.p75_value / nullif(earlier.p75_value, 0) - 1 as change_share,
        now.p75_lower > earlier.p75_upper or now.p75_upper < earlier.p75_lower as is_change_proven
    from judged as now
    inner join run on now.event_date = run.as_of_date
    left join judged as earlier
        on now.cell = earlier.cell and earlier.event_date = run.as_of_date - 28 and run.has_window_before

)

select * from final
