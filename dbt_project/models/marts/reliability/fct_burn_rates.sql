{{ config(tags=['fast']) }}

with
objectives as (select * from {{ source('config', 'objectives') }}),

windows as (select * from {{ ref('int_burn_windows_summed') }}),

asked as (
    select distinct
        objective,
        unnest([long_window_s, short_window_s]) as window_s
    from {{ source('config', 'burn_rate_windows') }}
),

parts as (
    select
        wholes.objective as whole,
        parts.objective,
        parts.composite_weight::decimal(18, 6) as weight
    from objectives as parts
    inner join objectives as wholes on parts.composite_slo = wholes.slo
    where wholes.is_composite and not parts.is_composite
),

simple as (
    select
        objective,
        window_s,
        (bad / total)::decimal(18, 12) as bad_share,
        (bad / total / greatest(bad_event_count, 1))::decimal(18, 12) as bad_event_share,
        event_count,
        bad_event_count,
        event_date,
        bucket_starts_at
    from windows
),

-- The weighted mean of the parts that have events in the window. Of their single bad events the heaviest counts.
composites as (
    select
        parts.whole as objective,
        simple.window_s,
        (sum(parts.weight * simple.bad_share) / sum(parts.weight))::decimal(18, 12) as bad_share,
        (max(parts.weight * simple.bad_event_share) / sum(parts.weight))::decimal(18, 12) as bad_event_share,
        sum(simple.event_count)::bigint as event_count,
        sum(simple.bad_event_count)::bigint as bad_event_count,
        simple.event_date,
        simple.bucket_starts_at
    from simple
    inner join parts using (objective)
    inner join asked on parts.whole = asked.objective and simple.window_s = asked.window_s
    group by parts.whole, simple.window_s, simple.event_date, simple.bucket_starts_at
),

final as (
    select
        rates.objective,
        rates.window_s,
        rates.bad_share,
        rates.bad_event_share,
        (rates.bad_share / (1 - objectives.target_share))::decimal(18, 6) as burn_rate,
        rates.event_count,
        rates.bad_event_count,
        rates.event_date,
        rates.bucket_starts_at
    from (
        select * from simple
        union all by name
        select * from composites
    ) as rates
    inner join objectives using (objective)
)

select * from final
order by event_date, objective, window_s, bucket_starts_at
