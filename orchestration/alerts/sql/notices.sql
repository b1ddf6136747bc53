-- What each target is owed: a cascade is told once when it opens, once for each step up, once when all of it is over.
-- What was over before anybody could be told is told in one, if it is news; old history is not.
create or replace temp table owed as
with
news as (select max(evaluated_at) - to_seconds($news_s) as news_from from evaluations),

wanted as (
    select
        targets.target,
        alerts.cascade_id,
        max(if(alerts.severity = 'critical', 2, 1)) as severity_rank,
        bool_or(alerts.state = 'open') as is_open,
        min(alerts.opened_at) as opened_at,
        max(alerts.resolved_at) as resolved_at,
        bool_or(alerts.state = 'open' or alerts.last_met_at >= news.news_from) as is_news
    from alerts
    cross join news
    inner join targets
        on
            list_contains(targets.severities, alerts.severity)
            and (targets.services is null or list_contains(targets.services, alerts.service))
    where not alerts.is_silenced and alerts.resolution is distinct from 'withdrawn'
    group by targets.target, alerts.cascade_id
),

told as (
    select
        target,
        cascade_id,
        count(*) as told_count,
        arg_max(notice, sequence) as notice,
        arg_max(if(severity = 'critical', 2, 1), sequence) as told_rank
    from notifications
    where status = 'planned' and cascade_id is not null and target in (select target from targets)
    group by target, cascade_id
),

due as (
    select
        target,
        cascade_id,
        opened_at,
        coalesce(severity_rank, told_rank) as severity_rank,
        coalesce(told_count, 0) as told_count,
        case
            when told_count is null then if(is_open, 'opened', if(is_news, 'past', null))
            when told.notice in ('resolved', 'past') then if(is_open, 'reopened', null)
            when not coalesce(is_open, false) then 'resolved'
            when severity_rank > told_rank then 'escalated'
        end as due_notice
    from wanted
    full join told using (target, cascade_id)
)

select
    left(md5(concat_ws('|', cascade_id, target, due_notice, told_count)), 16) as notification_id,
    cascade_id,
    target,
    due_notice as notice,
    if(severity_rank = 2, 'critical', 'warning') as severity,
    coalesce(opened_at, (
        select min(alerts.opened_at) from alerts
        where alerts.cascade_id = due.cascade_id
    ))::date as event_date
from due
where due_notice is not null
order by severity_rank desc, opened_at, cascade_id, target;
