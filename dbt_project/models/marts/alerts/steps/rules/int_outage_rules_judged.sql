-- Met from the bucket in which the outage was confirmed, as it was known then, to the one in which it ended. How many
-- checks confirm it is the accounting method's business.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where kind = 'outage' and is_enabled
),

services as (
    select service from {{ source('config', 'services') }}
    where is_critical
),

outages as (select * from {{ ref('fct_outages') }}),

buckets as (
    select
        service,
        event_date,
        bucket_starts_at,
        bucket_starts_at + interval 5 minute as evaluated_at,
        sum(event_count)::bigint as event_count,
        max(event_at) as event_at
    from {{ ref('fct_events_5m') }}
    where feed = 'probes' and {{ rebuilt() }}
    group by service, event_date, bucket_starts_at
),

judged as (
    select
        buckets.*,
        min(outages.started_at) as down_since_at,
        max(least(outages.ended_at, buckets.event_at)) as down_until_at
    from buckets
    inner join services using (service)
    left join outages
        on
            buckets.service = outages.service
            and buckets.evaluated_at > outages.confirmed_at
            and buckets.bucket_starts_at < coalesce(outages.ended_at, 'infinity'::timestamp)
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
        coalesce(epoch(judged.down_until_at) - epoch(judged.down_since_at), 0)::double as value,
        null::double as short_value,
        rules.threshold,
        judged.event_count,
        if(judged.down_since_at is null, 'not_met', 'met') as outcome,
        if(outcome = 'met', { 'since': judged.down_since_at }, null)::json::varchar as inputs,
        judged.event_date,
        judged.event_at,
        judged.evaluated_at
    from judged
    cross join rules
)

select * from final
