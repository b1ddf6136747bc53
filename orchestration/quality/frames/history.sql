-- One row: by how many days the history is shorter than the declared target, or, on a young site, than what was
-- delivered: the target itself cannot be judged before so many days have passed.
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
),

delivered as (
    select min(first_date) as first_date
    from dimensions.dim_feeds
    where feed in ('page_views', 'probes', 'requests', 'orders')
)

select
    'history since ' || coalesce(cast(kpis.first_date as varchar), 'never') as cell,
    if(
        delivered.first_date is null,
        0,
        greatest(
            date_diff(
                'day',
                greatest(delivered.first_date, cast($as_of - cast(targets.days as integer) + 1 as date)),
                coalesce(kpis.first_date, cast($as_of + 1 as date))
            ),
            0
        )
    ) as days_short
from targets
cross join kpis
cross join delivered
