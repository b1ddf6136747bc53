{{
    config(
        tags=['fast', 'after_checks'],
        meta={'reach': {
            'raw_probes.checks': {'back': 1, 'forward': 2},
            'raw_maintenance.windows': {'back': 1, 'forward': 2},
        }},
    )
}}

-- Judged after what the models and the quality checks found in this run:
-- depends_on: {{ source('predictions', 'vitals_degradations') }}
-- depends_on: {{ source('operations', 'fct_quality_results') }}

-- Rules are judged at the end of every bucket of five minutes up to the newest event of their feed: what a bucket says
-- is told again when more of it has come.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where is_enabled and kind = 'outage'
),

services as (
    select service from {{ source('config', 'services') }}
    where is_critical
),

contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

outages as (
    select * from {{ ref('int_outages_merged') }}
    where is_counted and method in (select method from contract)
),

maintenance as (select * from {{ ref('int_maintenance_windows_merged') }}),

checks as (
    select
        service,
        event_date,
        time_bucket(interval 5 minute, checked_at) as bucket_starts_at,
        count(*) as event_count,
        max(checked_at) as event_at
    from {{ ref('stg_probes__checks') }}
    where {{ rebuilt() }}
    group by service, event_date, time_bucket(interval 5 minute, checked_at)
),

judged as (
    select
        checks.*,
        checks.bucket_starts_at + interval 5 minute as evaluated_at,
        min(outages.started_at) as outage_started_at,
        max(least(outages.last_down_at, checks.bucket_starts_at + interval 5 minute)) as outage_down_at,
        bool_or(maintenance.service is not null) as is_silenced
    from checks
    inner join services using (service)
    left join outages
        on
            checks.service = outages.service
            and checks.bucket_starts_at + interval 5 minute > outages.started_at
            and checks.bucket_starts_at < outages.last_down_at
    left join maintenance
        on
            checks.service = maintenance.service
            and checks.event_at >= maintenance.starts_at
            and checks.event_at < maintenance.ends_at
    group by all
),

final as (
    select
        rules.rule,
        rules.kind,
        judged.service as subject,
        judged.service,
        'probes' as feed,
        rules.severity,
        rules.window_s,
        null::integer as short_window_s,
        coalesce(epoch(judged.outage_down_at) - epoch(judged.outage_started_at), 0)::double as value,
        null::double as short_value,
        rules.threshold,
        judged.event_count,
        judged.outage_started_at is not null as is_met,
        judged.is_silenced,
        if(is_met, 'met', 'not_met') as outcome,
        {'since': judged.outage_started_at}::json::varchar as inputs,
        judged.event_date,
        judged.event_at,
        judged.evaluated_at
    from judged
    cross join rules
)

select * from final
