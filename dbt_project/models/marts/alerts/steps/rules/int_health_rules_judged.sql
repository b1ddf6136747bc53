-- Services, and the application as a whole: what makes a journey critical is one of its services, or a burn rate that
-- has a rule of its own. Health knows afterwards when an outage began; an alert could know once it was confirmed, by a
-- check of the five minutes that it judges. What burns is known at the judgement itself.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind = 'health_critical' and is_enabled
),

services as (select service from {{ source('config', 'services') }}),

changes as (
    select * from {{ ref('fct_health_changes') }}
    where subject_kind in ('service', 'application')
),

confirmations as (
    select
        started_at,
        max(confirmed_at) as confirmed_at
    from {{ ref('fct_outages') }}
    group by started_at
),

stretches as (
    select
        changes.subject,
        changes.reason,
        changes.since_at,
        coalesce(confirmations.confirmed_at, changes.started_at - interval 1 microsecond) as known_at,
        coalesce(changes.ended_at, 'infinity'::timestamp) as ended_at
    from changes
    left join confirmations using (started_at)
    where changes.health = 'critical'
),

subjects as (
    select distinct
        subject_kind,
        subject
    from changes
),

buckets as (
    select
        event_date,
        bucket_starts_at,
        bucket_starts_at + interval 5 minute as evaluated_at,
        max(event_at) as event_at
    from {{ ref('fct_events_5m') }}
    where {{ rebuilt() }}
    group by event_date, bucket_starts_at
),

judged as (
    select
        subjects.*,
        buckets.*,
        arg_max(stretches.reason, stretches.known_at) as reason,
        min(stretches.since_at) as since_at
    from buckets
    cross join subjects
    left join stretches
        on
            subjects.subject = stretches.subject
            and buckets.evaluated_at > stretches.known_at
            and buckets.bucket_starts_at < stretches.ended_at
    group by all
),

final as (
    select
        rules.rule,
        rules.kind,
        judged.subject,
        services.service,
        'probes' as feed,
        rules.severity,
        null::integer as window_s,
        null::integer as short_window_s,
        null::double as value,
        null::double as short_value,
        null::double as threshold,
        null::bigint as event_count,
        if(judged.reason is null, 'not_met', 'met') as outcome,
        if(
            judged.reason is null, null, { 'since': judged.since_at, 'reason': judged.reason }
        )::json::varchar as inputs,
        judged.event_date,
        judged.event_at,
        judged.evaluated_at
    from judged
    cross join rules
    left join services
        on
            services.service
            = if(judged.subject_kind = 'service', judged.subject, split_part(judged.reason, ': ', 1))
)

select * from final
