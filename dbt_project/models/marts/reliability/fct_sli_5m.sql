with
objectives as (select * from {{ source('config', 'objectives') }}),

parts as (
    select * from {{ ref('int_sli_availability_counted') }}
    union all by name
    select * from {{ ref('int_sli_checks_counted') }}
    union all by name
    select * from {{ ref('int_sli_requests_counted') }}
    union all by name
    select * exclude (country) from {{ ref('int_sli_experience_counted') }}
),

-- The unit is that of the part that brings amounts; checks are but the evidence for time.
slices as (
    select
        objective,
        arg_max(amount_unit, coalesce(total_amount, 0) + coalesce(excluded_amount, 0)) as amount_unit,
        coalesce(sum(good_amount), 0)::decimal(28, 6) as good,
        coalesce(sum(total_amount), 0)::decimal(28, 6) as total,
        coalesce(sum(excluded_amount), 0)::decimal(28, 6) as excluded,
        max(excluded_reason) as excluded_reason,
        coalesce(sum(event_count), 0)::bigint as events,
        coalesce(sum(bad_event_count), 0)::bigint as bad_events,
        coalesce(sum(weight_square_sum), 0) as weight_square_sum,
        event_date,
        slice_starts_at
    from parts
    group by objective, event_date, slice_starts_at
),

-- A time slice is one event: good or not, or, for RatioTimeslices, as good as its share. It stands in the bucket in
-- which it ends, where it is known.
judged as (
    select
        slices.*,
        objectives.* exclude (objective),
        budgeting_method <> 'Occurrences' as is_sliced,
        case budgeting_method
            when 'Timeslices' then (good >= slice_target_share * total and total > 0)::integer
            when 'RatioTimeslices' then coalesce(good / nullif(total, 0), 0)
            else good
        end::decimal(28, 6) as good_amount,
        if(is_sliced, (total > 0)::integer, total)::decimal(28, 6) as total_amount,
        if(is_sliced, (total = 0 and excluded > 0)::integer, excluded)::decimal(28, 6) as excluded_amount,
        if(is_sliced, (total > 0)::integer, events) as event_count,
        case
            when good_amount >= total_amount then 0
            when is_sliced then 1
            else bad_events
        end as bad_event_count,
        {{ sli_slice(
            "least(slice_starts_at + to_seconds(coalesce(slice_s, 300)), event_date + interval 1 day)"
            ~ " - interval 1 microsecond", 300
        ) }} as bucket_starts_at
    from slices
    inner join objectives using (objective)
),

opened as (
    select
        objective,
        any_value(service) as service,
        any_value(indicator) as indicator,
        any_value(feed) as feed,
        if(any_value(is_sliced), 'slices', max(amount_unit)) as amount_unit,
        max(excluded_reason) as excluded_reason,
        sum(good_amount)::decimal(28, 6) as good_amount,
        sum(total_amount)::decimal(28, 6) as total_amount,
        sum(excluded_amount)::decimal(28, 6) as excluded_amount,
        sum(if(is_sliced, event_count, weight_square_sum))::decimal(38, 6) as weight_square_sum,
        sum(event_count)::bigint as event_count,
        sum(bad_event_count)::bigint as bad_event_count,
        event_date,
        bucket_starts_at
    from judged
    group by objective, event_date, bucket_starts_at
    having sum(total_amount + excluded_amount) > 0
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, objective, bucket_starts_at
