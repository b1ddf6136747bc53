-- One row: how many days of history are short of the declared target.
select
    'history since ' || coalesce(cast(min(event_date) as varchar), 'never') as cell,
    greatest(max(targets.value) - coalesce(date_diff('day', min(event_date), $as_of) + 1, 0), 0) as days_short
from executive.fct_kpi_daily
cross join (select value from config.targets where target = 'history_days') as targets
where event_date <= $as_of
