-- One row per service and location of the configuration: the share of the checks that its interval promises on the newest day.
select
    services.service || ' from ' || location as cell,
    coalesce(sum(check_count) / nullif(sum(expected_count), 0), 0) as check_share
from config.services
left join config.service_locations using (service)
left join reliability.fct_checks_daily as checks
    on services.service = checks.service and service_locations.location = checks.location and checks.event_date = $as_of
group by all
order by 1
