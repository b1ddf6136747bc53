{{ config(tags=['fast']) }}

with
objectives as (select * from {{ source('config', 'objectives') }}),

sli as (
    select * from {{ ref('fct_sli_5m') }}
    where {{ loaded(back=3, forward=1) }}
),

calendar as (
    {{ rebuilt_calendar() }}
),

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

-- What is asked of a composite is asked of its parts too.
windows as (
    select * from asked
    union
    select
        parts.objective,
        asked.window_s
    from parts
    inner join asked on parts.whole = asked.objective
),

-- Nothing is evaluated ahead of what a feed tells: its grid ends with the newest event, and begins again a day before
-- the first event after a silence.
-- (The state of a probe reaches beyond its last check; evidence does not.)
spoken as (
    select
        feed,
        bucket_starts_at,
        coalesce(lag(bucket_starts_at) over (partition by feed order by bucket_starts_at), '-infinity') as previous_at
    from sli
    where event_count > 0
    group by feed, bucket_starts_at
),

grid as (
    select
        feed,
        unnest(range(
            greatest(previous_at + interval 5 minutes, bucket_starts_at - interval 1 day + interval 5 minutes),
            bucket_starts_at + interval 5 minutes,
            interval 5 minutes
        )) as bucket_starts_at
    from spoken
),

-- Sums from the first bucket read on, in millionths as whole numbers: a window is the difference of two of them.
days as (
    select distinct calendar.event_date - back.days::integer as event_date
    from calendar
    cross join range(4) as back (days)
),

buckets as (
    select
        objectives.objective,
        objectives.feed,
        unnest(range(
            days.event_date::timestamp, days.event_date + interval 1 day, interval 5 minutes
        )) as bucket_starts_at
    from objectives
    cross join days
    where not objectives.is_composite
),

running as (
    select
        buckets.objective,
        buckets.feed,
        buckets.bucket_starts_at,
        epoch_us(buckets.bucket_starts_at) // 300000000 as tick,
        {%- for column in ('good_amount * 1000000', 'total_amount * 1000000', 'event_count', 'bad_event_count') %}
            (sum(coalesce(sli.{{ column }}, 0)) over upto)::bigint as {{ column.split()[0] }},
        {%- endfor %}
        buckets.bucket_starts_at::date as event_date
    from buckets
    left join sli using (objective, bucket_starts_at)
    window upto as (partition by buckets.objective order by buckets.bucket_starts_at)
),

summed as (
    select
        windows.objective,
        windows.window_s,
        upto.total_amount - coalesce(earlier.total_amount, 0) as total,
        total - (upto.good_amount - coalesce(earlier.good_amount, 0)) as bad,
        upto.event_count - coalesce(earlier.event_count, 0) as event_count,
        upto.bad_event_count - coalesce(earlier.bad_event_count, 0) as bad_event_count,
        upto.event_date,
        upto.bucket_starts_at
    from running as upto
    inner join grid using (feed, bucket_starts_at)
    inner join calendar using (event_date)
    inner join windows using (objective)
    left join running as earlier
        on upto.objective = earlier.objective and upto.tick - windows.window_s // 300 = earlier.tick
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
    from summed
    where total > 0
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
