{{ config(tags=['fast']) }}

-- One sweep for all subjects: a journey and the application are as well as the worst of what they depend on. Cut at
-- midnight, so that its cost is that of the days and not of their square. Small:
-- built anew in every run, and late maintenance of any length finds what it excuses.
with
conditions as (select * from {{ ref('int_health_conditions_collected') }}),

services as (select * from {{ source('config', 'services') }}),

steps as (select * from {{ source('config', 'journey_steps') }}),

subjects as (
    select
        'service' as subject_kind,
        service as subject,
        service,
        null as objective
    from services
    union all
    select distinct
        'journey' as subject_kind,
        journey as subject,
        unnest([service, null]) as service,
        unnest([null, objective]) as objective
    from steps
    union all
    select
        'application' as subject_kind,
        site.name as subject,
        services.service,
        null as objective
    from services
    cross join {{ source('config', 'site') }} as site
    where services.is_critical or (select count_if(is_critical) from {{ source('config', 'services') }}) = 0
),

-- Inside announced maintenance of a service its outages, degraded checks and silence say nothing.
spread as (
    select distinct
        subjects.subject_kind,
        subjects.subject,
        coalesce(subjects.service, conditions.objective) as dependency,
        conditions.priority,
        conditions.reason,
        unnest(range(
            date_trunc('day', conditions.started_at), conditions.ended_at, interval 1 day
        )) as day_at,
        greatest(conditions.started_at, day_at) as started_at,
        least(conditions.ended_at, day_at + interval 1 day) as ended_at
    from subjects
    inner join conditions
        on subjects.service = conditions.service or subjects.objective = conditions.objective
),

segments as (
    select
        subject_kind,
        subject,
        day_at,
        changed_at as started_at,
        lead(changed_at) over (partition by subject_kind, subject, day_at order by changed_at) as ended_at
    from (
        select distinct
            subject_kind,
            subject,
            day_at,
            unnest([started_at, ended_at]) as changed_at
        from spread
    ) as edges
),

valid as (
    select
        segments.*,
        spread.dependency,
        spread.priority,
        spread.reason
    from segments
    inner join spread
        on
            segments.subject_kind = spread.subject_kind
            and segments.subject = spread.subject
            and segments.day_at = spread.day_at
            and segments.started_at < spread.ended_at
            and segments.ended_at > spread.started_at
    qualify
        priority not in (1, 4, 6)
        or not bool_or(priority = 7) over (
            partition by segments.subject_kind, segments.subject, segments.started_at, spread.dependency
        )
),

final as (
    select
        subject_kind,
        subject,
        case
            when min(priority) <= 2 then 'critical'
            when min(priority) <= 5 then 'degraded'
            when min(priority) = 6 then 'unknown'
            else 'healthy'
        end as health,
        arg_min(
            if(subject_kind = 'service' or priority = 8, '', dependency || ': ') || reason,
            (priority, dependency, reason)
        ) as reason,
        started_at,
        ended_at
    from valid
    group by subject_kind, subject, started_at, ended_at
)

select * from final
