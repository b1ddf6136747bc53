with

attributions as (

    select * from {{ ref('int_attributions_matched') }}
    where is_sum_valid is not null and {{ rebuilt('event_date') }}

),

judged as (

    select
        metric,
        page_group,
        device,
        event_date,
        count(*) filter (where not is_sum_valid) as invalid_page_view_count
    from attributions
    group by metric, page_group, device, event_date

),

parts as (

    select
        metric,
        page_group,
        device,
        event_date,
        weight,
        value,
        unnest({{ attributed_parts('metric') }}) as part,
        unnest(parts) as part_ms
    from attributions
    where is_sum_valid

),

buckets as (

    select
        metric,
        page_group,
        device,
        event_date,
        part,
        {{ histogram_bucket('metric', 'part_ms') }} as bucket,
        count(*) as page_view_count,
        cast(sum(weight) as decimal(38, 6)) as weight,
        -- Thousandths of a millisecond, as decimals: sums of doubles would differ from run to run.
        sum(weight * cast(part_ms as decimal(12, 3))) as part_sum,
        sum(weight * cast(value as decimal(12, 3))) as value_sum
    from parts
    group by metric, page_group, device, event_date, part, bucket

),

final as (

    select
        buckets.metric,
        buckets.part,
        buckets.page_group,
        buckets.device,
        cast(sum(buckets.page_view_count) as bigint) as page_view_count,
        any_value(judged.invalid_page_view_count) as invalid_page_view_count,
        cast(sum(buckets.weight) as decimal(38, 6)) as weight_sum,
        cast(sum(buckets.part_sum) as decimal(38, 9)) as part_sum,
        cast(sum(buckets.value_sum) as decimal(38, 9)) as value_sum,
        list(struct_pack(bucket := buckets.bucket, weight := buckets.weight) order by buckets.bucket) as histogram,
        buckets.event_date
    from buckets
    inner join judged using (metric, page_group, device, event_date)
    group by buckets.metric, buckets.part, buckets.page_group, buckets.device, buckets.event_date
    {{ history_union() }}

)

select * from final
order by event_date, metric, part, page_group, device
