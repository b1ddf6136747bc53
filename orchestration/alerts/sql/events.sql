-- What happened to alerts in this transaction, against what they were (`before`).
insert into alert_events by name
with
after as (
    select
        *,
        if(severity = 'critical', 2, 1) as severity_rank
    from alerts
    where alert_id in (select alert_id from before union all select alert_id from fresh)
),

compared as (
    select
        after.*,
        before.alert_id is null as is_new,
        after.resolution is not distinct from 'withdrawn' as is_withdrawn,
        coalesce(before.resolution = 'withdrawn', false) as was_withdrawn,
        coalesce(before.state = 'open', true) as was_open,
        coalesce(before.severity_rank, after.severity_rank) as rank_before,
        coalesce(before.opened_at, after.opened_at) as opened_before_at,
        coalesce(before.is_silenced, false) as was_silenced
    from after
    left join before using (alert_id)
),

happened as (
    select 'opened' as event, 1 as position, opened_at as happened_at, *
    from compared
    where is_new or (was_withdrawn and not is_withdrawn)
    union all
    select 'silenced', 2, opened_at, *
    from compared
    where is_silenced and not was_silenced
    union all
    select 'escalated', 3, escalated_at, *
    from compared
    where escalated_at is not null and (is_new or severity_rank > rank_before)
    union all
    select 'corrected', 4, opened_at, *
    from compared
    where not is_new and not was_withdrawn
        and (is_withdrawn or opened_at <> opened_before_at or severity_rank < rank_before)
    union all
    select 'corrected', 5, last_met_at, *
    from compared
    where not is_new and not was_open and not was_withdrawn and state = 'open'
    union all
    select 'resolved', 6, resolved_at, *
    from compared
    where state = 'resolved' and not is_withdrawn and was_open
)

select
    alert_id,
    event,
    severity,
    happened_at as event_at,
    $run_id as run_id,
    $path as path,
    $now as written_at,
    happened_at::date as event_date
from happened
order by happened_at, alert_id, position;
