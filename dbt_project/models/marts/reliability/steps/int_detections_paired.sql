-- What monitoring says about a recorded incident: outages that overlap it, and burn-rate episodes that begin while it
-- goes on. An episode that was burning before is about something else. Both within a quarter of an hour, which is how
-- finely people write times down; `rank_in_signal` puts the incident first that began closest.
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

episodes as (select * from {{ ref('int_burn_episodes_merged') }}),

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
            and episodes.started_at <= incidents.last_down_at + interval 15 minutes
)

select * from final
