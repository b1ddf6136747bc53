-- One row per service and location of the configuration, once probes are delivered: the share of the checks that its interval promises on the newest day.
with

checks as (
    select service, location, sum(check_count) as check_count, sum(expected_count) as expected_count
    from reliability.fct_checks_daily
    where event_date = $as_of
    group by all
)

select
    places.service || ' from ' || places.location as cell,
    coalesce(checks.check_count / nullif(checks.expected_count, 0), 0) as check_share
from config.service_locations as places
left join checks on places.service = checks.service and places.location = checks.location
where exists(select 1 from dimensions.dim_feeds where feed = 'probes' and is_delivered)
order by 1
