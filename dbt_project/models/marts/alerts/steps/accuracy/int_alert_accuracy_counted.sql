-- By rule, and of all rules together. An alert is right or wrong if a person says so, right too if a recorded incident
-- overlaps it; of the others nobody knows. Incidents are about services, and so are the rules that can find them.
with
matched as (select * from {{ ref('int_alerts_matched') }}),

incidents as (
    select
        incident_id,
        service
    from {{ ref('fct_incidents') }}
    where not is_excluded
),

-- A rule about what is not delivered does not exist.
delivered as (
    select unnest(if(feed = 'probes', ['outage', 'health_critical'], ['request_error_rate', 'health_critical'])) as kind
    from (select distinct feed from {{ ref('fct_events_5m') }})
    union
    select unnest(['burn_rate', 'health_critical']) as kind
    from {{ source('config', 'objectives') }}
),

rules as (
    select
        rule,
        true as finds_incidents
    from {{ source('config', 'alert_rules') }}
    where is_enabled and kind in (select kind from delivered)
    union
    select
        rule,
        kind in ('burn_rate', 'outage', 'health_critical', 'request_error_rate') as finds_incidents
    from matched
    union
    select
        'all' as rule,
        true as finds_incidents
),

clocks as (
    select
        rules.rule,
        count(*) as timed_count,
        count_if(epoch(alerts.written_at) - epoch(alerts.landed_at) > targets.value)::bigint as late_count,
        quantile_disc(epoch(alerts.written_at) - epoch(alerts.landed_at), 0.5) as latency_median_s,
        quantile_disc(epoch(alerts.written_at) - epoch(alerts.landed_at), 0.95) as latency_p95_s
    from rules
    inner join {{ source('alerts', 'alerts') }} as alerts on rules.rule in (alerts.rule, 'all')
    inner join {{ source('config', 'targets') }} as targets on targets.target = 'alert_latency_s'
    where
        alerts.severity = 'critical'
        and alerts.path = 'fast'
        and alerts.landed_at <= alerts.event_at + interval 2 day  -- what lands later is history
    group by rules.rule
),

judged as (
    select
        rules.rule,
        matched.alert_id,
        any_value(matched.verdict) as verdict,
        coalesce(any_value(matched.verdict) = 'true', bool_or(matched.incident_id is not null) or null) as is_true
    from matched
    inner join rules on rules.rule in (matched.rule, 'all')
    group by rules.rule, matched.alert_id
),

found as (
    select
        rules.rule,
        matched.incident_id,
        matched.service,
        min(matched.delay_s) as delay_s
    from matched
    inner join rules on rules.rule in (matched.rule, 'all')
    where not matched.is_excluded
    group by rules.rule, matched.incident_id, matched.service
),

truths as (
    select
        rules.rule,
        count(incidents.incident_id) as incident_count,
        count(found.incident_id) as found_count,
        quantile_disc(found.delay_s, 0.5) as delay_median_s,
        quantile_disc(found.delay_s, 0.9) as delay_p90_s
    from rules
    left join incidents on rules.finds_incidents
    left join found using (rule, incident_id, service)
    group by rules.rule
),

final as (
    select
        truths.rule,
        truths.incident_count,
        truths.found_count,
        truths.delay_median_s,
        truths.delay_p90_s,
        count(judged.alert_id) as alert_count,
        count(*) filter (judged.is_true) as true_count,
        count(*) filter (not judged.is_true) as false_count,
        alert_count - true_count - false_count as unreviewed_count,
        count(judged.verdict) as reviewed_count,
        coalesce(any_value(clocks.timed_count), 0) as timed_count,
        coalesce(any_value(clocks.late_count), 0) as late_count,
        any_value(clocks.latency_median_s) as latency_median_s,
        any_value(clocks.latency_p95_s) as latency_p95_s
    from truths
    left join judged using (rule)
    left join clocks using (rule)
    group by all
)

select * from final
