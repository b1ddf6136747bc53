-- One row: by how many days the history is shorter than the declared target.
with

kpis as (
    select min(event_date) as first_date
    from executive.fct_kpi_daily
    where event_date <= $as_of
),

targets as (
    select value as days
    from config.targets
    where target = 'history_days'
)

select
    'history since ' || coalesce(cast(first_date as varchar), 'never') as cell,
    greatest(targets.days - coalesce(date_diff('day', first_date, $as_of) + 1, 0), 0) as days_short
from targets
cross join kpis
