-- Notifications that wait to be sent now, the most severe first. One that is being sent waits for its lease: if the
-- sender died, it is sent again. Of one cascade and target only the oldest is sent, so that news come in their order.
create or replace temp table pending as
with
newest as (
    select *
    from notifications
    qualify row_number() over (partition by notification_id order by sequence desc) = 1
),

planned as (
    select
        notification_id,
        min(sequence) as planned_sequence,
        min(written_at) as planned_at,
        any_value(title) as title,
        any_value(body) as body
    from notifications
    group by notification_id
),

unsent as (
    select
        newest.* exclude (title, body),
        planned.* exclude (notification_id),
        row_number() over (partition by cascade_id, target order by planned.planned_sequence) as position
    from newest
    inner join planned using (notification_id)
    where status in ('planned', 'postponed', 'failed', 'sending')
)

select
    notification_id,
    cascade_id,
    target,
    notice,
    severity,
    attempt,
    title,
    body,
    planned_at,
    planned_sequence,
    next_attempt_at,
    event_date
from unsent
where position = 1 and target in (select target from targets)
order by severity, planned_sequence;
