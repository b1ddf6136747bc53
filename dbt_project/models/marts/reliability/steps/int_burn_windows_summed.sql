{{ config(tags=['fast']) }}

with
objectives as (select * from {{ source('config', 'objectives') }}),

sli as (
    select * from {{ ref('fct_sli_5m') }}
    where {{ loaded(back=3, forward=1) }}
),

-- Days whose longest window has anything in it: a day long after the last row, or before the first, costs no grid.
calendar as (
    select calendar.event_date
    from ({{ rebuilt_calendar() }}) as calendar
    semi join sli on sli.event_date between calendar.event_date - 3 and calendar.event_date
),

asked as (
    select distinct
        objective,
        unnest([long_window_s, short_window_s]) as window_s
    from {{ source('config', 'burn_rate_windows') }}
),

-- What is asked of a composite is asked of its parts too.
windows as (
    select * from asked
    union
    select
        parts.objective,
        asked.window_s
    from asked
    inner join objectives as wholes on asked.objective = wholes.objective and wholes.is_composite
    inner join objectives as parts on wholes.slo = parts.composite_slo
    where not parts.is_composite
),

-- Nothing is evaluated ahead of what a feed tells: its grid ends with the newest event, and begins again a day before
-- the first event after a silence. The state of a probe reaches beyond its last check; evidence does not.
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
        {%- for column in ('good_amount', 'total_amount') %}
            (sum(coalesce(sli.{{ column }} * 1000000, 0)) over upto)::hugeint as {{ column }},
        {%- endfor %}
        {%- for column in ('event_count', 'bad_event_count') %}
            (sum(coalesce(sli.{{ column }}, 0)) over upto)::bigint as {{ column }},
        {%- endfor %}
        buckets.bucket_starts_at::date as event_date
    from buckets
    left join sli using (objective, bucket_starts_at)
    window upto as (partition by buckets.objective order by buckets.bucket_starts_at)
),

final as (
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
    where upto.total_amount > coalesce(earlier.total_amount, 0)
)

select * from final
