-- By rule, and of all rules together. Without any record of incidents nobody knows which alerts were right.
with
matched as (select * from {{ ref('int_alerts_matched') }}),

incidents as (
    select
        incident_id,
        service
    from {{ ref('fct_incidents') }}
    where not is_excluded
),

rules as (
    select rule from {{ source('config', 'alert_rules') }}
    where is_enabled and kind in ('burn_rate', 'outage', 'health_critical', 'request_error_rate')
    union
    select rule from matched
    union
    select 'all' as rule
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
    where alerts.severity = 'critical' and alerts.path = 'fast' and alerts.landed_at is not null
    group by rules.rule
),

judged as (
    select
        rules.rule,
        matched.alert_id,
        bool_or(matched.incident_id is not null) as is_true
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
    left join incidents on true
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
        if(any_value(truths.incident_count) = 0, null, count_if(judged.is_true)::bigint) as true_count,
        if(any_value(truths.incident_count) = 0, null, count_if(not judged.is_true)::bigint) as false_count,
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
