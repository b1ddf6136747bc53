-- What monitoring says about a recorded incident: outages that overlap it, and burn-rate episodes that begin while it
-- goes on; one that may only alert after a while (alertAfter) has seen that while. An episode that was burning before
-- is about something else. All within a quarter of an hour, which is how finely people write times down;
-- `rank_in_signal` puts the incident first that began closest.
with
incidents as (
    select * from {{ ref('int_incidents_measured') }}
    where not is_excluded
),

matches as (select * from {{ ref('int_incidents_matched') }}),

outages as (
    select * from {{ ref('fct_outages') }}
    where not is_in_maintenance
),

waits as (
    select
        objective,
        severity,
        max(alert_after_s) as alert_after_s
    from {{ source('config', 'burn_rate_windows') }}
    group by objective, severity
),

episodes as (
    select
        episodes.*,
        episodes.started_at - to_seconds(coalesce(waits.alert_after_s, 0)) as seen_since
    from {{ ref('int_burn_episodes_merged') }} as episodes
    left join waits using (objective, severity)
),

final as (
    select
        'outage' as signal,
        outages.outage_id as signal_id,
        matches.incident_id,
        matches.service,
        matches.rank_in_outage as rank_in_signal,
        outages.confirmed_at as detected_at
    from matches
    inner join incidents using (incident_id, service)
    inner join outages on matches.outage_id = outages.outage_id
    union all
    select
        'burn_rate' as signal,
        episodes.episode_id as signal_id,
        incidents.incident_id,
        incidents.service,
        row_number() over (
            partition by episodes.episode_id
            order by
                abs(epoch_us(episodes.started_at) - epoch_us(incidents.started_at)), incidents.started_at,
                incidents.incident_id
        ) as rank_in_signal,
        episodes.started_at as detected_at
    from episodes
    inner join incidents
        on
            episodes.service = incidents.service
            and episodes.started_at >= incidents.started_at - interval 15 minutes
            and episodes.seen_since <= incidents.last_down_at + interval 15 minutes
)

select * from final
