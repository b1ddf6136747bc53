-- Each bad bucket of a window that ends on as_of, with the first incident of its service that went on and the release
-- that was out. An incident lasts from the first failed check of its outage on.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

objectives as (select * from {{ source('config', 'objectives') }}),

windows as (
    select * from {{ ref('int_objective_windows_dated') }}
    where event_date = (select as_of_date from run)
),

bad as (
    select
        sli.objective,
        sli.service,
        sli.total_amount - sli.good_amount as spent_amount,
        sli.bucket_starts_at
    from {{ ref('fct_sli_5m') }} as sli
    inner join windows
        on
            sli.objective = windows.objective
            and sli.bucket_starts_at >= windows.window_starts_at
            and sli.bucket_starts_at < windows.day_ends_at
    where sli.good_amount < sli.total_amount
),

incidents as (
    select
        incidents.incident_id,
        incidents.service,
        least(incidents.started_at, outages.started_at) as started_at,
        greatest(incidents.last_down_at, outages.last_down_at) as ended_at
    from {{ ref('int_incidents_measured') }} as incidents
    left join {{ ref('int_outages_merged') }} as outages using (outage_id)
    where not incidents.is_excluded
),

releases as (
    select
        objectives.objective,
        max(deployed.release) as release,
        deployed.deployed_at
    from objectives
    inner join {{ ref('dim_releases') }} as deployed on deployed.service in (objectives.service, 'all')
    group by objectives.objective, deployed.deployed_at
),

-- A site that tells no releases has none to blame.
told as (select distinct objective from releases),

final as (
    select
        bad.objective,
        bad.spent_amount,
        incidents.incident_id,
        coalesce(releases.release, if(told.objective is null, null, 'before the first')) as release,
        bad.bucket_starts_at
    from bad
    asof left join releases
        on bad.objective = releases.objective and bad.bucket_starts_at >= releases.deployed_at
    left join told on bad.objective = told.objective
    left join incidents
        on
            bad.service = incidents.service
            and bad.bucket_starts_at + interval 5 minutes > incidents.started_at
            and bad.bucket_starts_at < incidents.ended_at
    qualify row_number() over (
        partition by bad.objective, bad.bucket_starts_at order by incidents.started_at, incidents.incident_id
    ) = 1
)

select * from final
