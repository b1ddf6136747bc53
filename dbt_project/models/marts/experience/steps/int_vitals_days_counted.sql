with

measurements as (

    select * from {{ ref('int_measurements_unpivoted') }}

),

cells as (

    select
        {{ vitals_cell() }},
        count(*) as page_view_count,
        sum(weight) as weight_sum,
        sum(weight * weight) as weight_square_sum,
        sum(case when {{ vitals_rating('metric', 'value') }} = 'good' then weight else 0 end) as good_count,
        sum(case when {{ vitals_rating('metric', 'value') }} = 'poor' then weight else 0 end) as poor_count,
        sum(case when value = 0 then weight else 0 end) as zero_count,
        min(weight) = max(weight) as is_evenly_weighted,
        -- Ranks are read off a sorted list where all weights are equal: three times faster than a running sum.
        list(value order by value) as sorted_values
    from measurements
    group by {{ vitals_cell() }}

),

running as (

    select
        {{ vitals_cell('cells') }},
        measurements.value,
        cells.weight_sum,
        cast(cells.weight_sum as double) * cells.weight_sum / cells.weight_square_sum as effective_count,
        sum(measurements.weight) over (
            partition by {{ vitals_cell('cells') }} order by measurements.value rows unbounded preceding
        ) as running_weight
    from measurements
    inner join cells using ({{ vitals_cell() }})
    where not cells.is_evenly_weighted

),

weighted as (

    select
        {{ vitals_cell() }},
        min(value) filter (where running_weight * 4 >= weight_sum * 3) as p75_value,
        min(value) filter (
            where running_weight * effective_count >= {{ p75_rank('lower', 'effective_count') }} * weight_sum
        ) as p75_lower,
        min(value) filter (
            where running_weight * effective_count >= {{ p75_rank('upper', 'effective_count') }} * weight_sum
        ) as p75_upper,
        any_value(effective_count) as effective_count
    from running
    group by {{ vitals_cell() }}

),

buckets as (

    select
        {{ vitals_cell() }},
        {{ histogram_bucket('metric', 'value') }} as bucket,
        cast(sum(weight) as decimal(38, 6)) as weight
    from measurements
    where page_group <> 'all'
    group by {{ vitals_cell() }}, bucket

),

histograms as (

    select
        {{ vitals_cell() }},
        list(struct_pack(bucket := bucket, weight := weight) order by bucket) as histogram
    from buckets
    group by {{ vitals_cell() }}

)

select
    {{ vitals_cell('cells') }},
    cells.page_view_count,
    cells.weight_sum,
    cells.weight_square_sum,
    cells.good_count,
    cells.weight_sum - cells.good_count - cells.poor_count as needs_improvement_count,
    cells.poor_count,
    cells.zero_count,
    coalesce(weighted.p75_value, cells.sorted_values[(3 * cells.page_view_count + 3) // 4]) as p75_value,
    case
        when coalesce(weighted.effective_count, cells.page_view_count) < 13 then null
        else coalesce(weighted.p75_lower, cells.sorted_values[{{ p75_rank('lower', 'cells.page_view_count') }}::bigint])
    end as p75_lower,
    case
        when coalesce(weighted.effective_count, cells.page_view_count) < 13 then null
        else coalesce(weighted.p75_upper, cells.sorted_values[{{ p75_rank('upper', 'cells.page_view_count') }}::bigint])
    end as p75_upper,
    histograms.histogram
from cells
left join histograms using ({{ vitals_cell() }})
left join weighted using ({{ vitals_cell() }})
