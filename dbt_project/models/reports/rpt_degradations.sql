with

run as (

    select as_of_date from {{ source('pipeline', 'run') }}

),

episodes as (

    select * from {{ source('predictions', 'degradation_episodes') }}
    where last_on <= (select as_of_date from run)

),

segments as (

    select * from {{ source('predictions', 'degradation_segments') }}

),

releases as (

    select * from {{ ref('dim_releases') }}

),

incidents as (

    select * from {{ ref('fct_incidents') }}
    where not is_excluded

),

carriers as (

    select
        degradation_id,
        list({
            'device': device, 'country': country, 'browser': browser,
            'carried_share': carried_share, 'before_p75': before_p75, 'since_p75': since_p75
        } order by carried_share desc, device asc, country asc, browser asc)[:3] as segments
    from segments
    where carried_share > 0
    group by degradation_id

),

-- The newest release in the two days before it began; one of the first day may have been in time.
released as (

    select
        episodes.degradation_id,
        arg_max(releases.release, (releases.deployed_at, releases.release)) as release,
        max(releases.deployed_at) as released_at
    from episodes
    inner join releases
        on releases.deployed_at >= episodes.started_on - 2 and releases.deployed_at < episodes.started_on + 1
    group by episodes.degradation_id

),

overlapping as (

    select
        episodes.degradation_id,
        string_agg(
            distinct coalesce(incidents.title, incidents.incident_id), '; '
            order by coalesce(incidents.title, incidents.incident_id)
        ) as incidents
    from episodes
    inner join incidents
        on
            incidents.started_at < episodes.last_on + 1
            and coalesce(incidents.restored_at, incidents.resolved_at, incidents.started_at) >= episodes.started_on
    group by episodes.degradation_id

),

final as (

    select
        episodes.*,
        carriers.segments,
        released.release,
        released.released_at,
        overlapping.incidents,
        episodes.last_on = run.as_of_date as is_going_on
    from episodes
    cross join run
    left join carriers using (degradation_id)
    left join released using (degradation_id)
    left join overlapping using (degradation_id)

)

select * from final
order by found_on desc, degradation_id asc
