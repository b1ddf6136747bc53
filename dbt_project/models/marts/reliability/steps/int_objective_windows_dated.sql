-- A rolling window ends with its UTC day. A calendar window is the period of the document's time zone that holds the
-- day of that zone; periods are counted from the document's start, back and forth: hence the leap back by 1 200.
with
run as (select * from {{ source('pipeline', 'run') }}),

objectives as (
    select
        *,
        timezone(window_timezone, timezone('UTC', window_starts_at))::date as anchor,
        window_count * case window_unit when 'month' then 1 when 'quarter' then 3 when 'year' then 12 end as months,
        window_count * case window_unit when 'day' then 1 when 'week' then 7 end as days,
        coalesce(if(window_kind = 'calendar', window_timezone, null), 'UTC') as zone
    from {{ source('config', 'objectives') }}
    where not is_composite
),

first_days as (
    select
        objective,
        min(event_date) as first_date
    from {{ ref('int_sli_days_summed') }}
    where total_amount > 0
    group by objective
),

dated as (
    select
        objectives.*,
        coalesce(first_days.first_date, run.as_of_date) as first_date,
        unnest(range(
            least(coalesce(first_days.first_date, run.as_of_date), run.as_of_date)::timestamp,
            run.as_of_date + interval 1 day,
            interval 1 day
        ))::date as event_date
    from objectives
    cross join run
    left join first_days using (objective)
),

begun as (
    select
        *,
        (anchor - to_months(1200 * months))::date as early,
        case
            when window_kind = 'rolling' then event_date - window_days + 1
            when months is null then anchor + (floor((event_date - anchor) / days) * days)::integer
            else (early + to_months(months * (date_sub('month', early, event_date) // months)::integer))::date
        end as window_starts_on,
        case
            when window_kind = 'rolling' then event_date + 1
            when months is null then window_starts_on + days
            else (window_starts_on + to_months(months))::date
        end as window_ends_on
    from dated
),

-- In seconds, as days of a time zone are not all of one length. The window is known from the first day with data on.
final as (
    select
        objective,
        window_ends_on - window_starts_on as window_day_count,
        event_date + 1 - window_starts_on as passed_day_count,
        epoch(timezone(zone, event_date + interval 1 day))
        - epoch(timezone(zone, greatest(window_starts_on, first_date)::timestamp)) as known_s,
        epoch(timezone(zone, window_ends_on::timestamp))
        - epoch(timezone(zone, event_date + interval 1 day)) as rest_s,
        window_starts_on,
        window_ends_on,
        event_date,
        timezone('UTC', timezone(zone, window_starts_on::timestamp)) as window_starts_at,
        timezone('UTC', timezone(zone, event_date + interval 1 day)) as day_ends_at
    from begun
)

select * from final
