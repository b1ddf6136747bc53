-- Alerts on one service (without one: of one kind) that open close together are one story, told once. The health of the
-- whole application follows from its services: it belongs to the story of the one whose alert opened closest to it.
create or replace temp table homeless as
select
    *,
    coalesce(service, 'kind ' || kind) as about
from alerts
where cascade_id is null;

create or replace temp table cascades as
with
near as (
    select
        alerts.alert_id,
        alerts.cascade_id,
        alerts.opened_at,
        coalesce(alerts.service, 'kind ' || alerts.kind) as about
    from alerts
    where
        cascade_id is null
        or (
            about in (select about from homeless)
            and opened_at >= (select min(opened_at) - to_seconds($cascade_window_s) from homeless)
        )
),

turns as (
    select
        *,
        coalesce(opened_at > lag(opened_at) over w + to_seconds($cascade_window_s), true) as is_turn
    from near
    window w as (partition by about order by opened_at, alert_id)
),

numbered as (
    select
        *,
        count_if(is_turn) over (partition by about order by opened_at, alert_id) as island
    from turns
)

select
    alert_id,
    coalesce(
        cascade_id,
        first_value(cascade_id ignore nulls) over w,
        left(md5(about || '|' || min(opened_at) over w), 16)
    ) as cascade_id
from numbered
window w as (
    partition by about, island order by opened_at, alert_id rows between unbounded preceding and unbounded following
);

update alerts
set cascade_id = cascades.cascade_id
from cascades
where
    alerts.alert_id = cascades.alert_id
    and alerts.cascade_id is null
    and (alerts.service is not null or alerts.kind <> 'health_critical');

update alerts
set cascade_id = causes.cascade_id
from (
    select
        effects.alert_id,
        arg_min(
            alerts.cascade_id, (abs(epoch(alerts.opened_at - effects.opened_at)), alerts.opened_at, alerts.alert_id)
        ) as cascade_id
    from homeless as effects
    inner join alerts
        on
            alerts.service is not null
            and alerts.opened_at between effects.opened_at - to_seconds($cascade_window_s)
            and effects.opened_at + to_seconds($cascade_window_s)
    where effects.service is null and effects.kind = 'health_critical'
    group by effects.alert_id
) as causes
where alerts.alert_id = causes.alert_id;

update alerts
set cascade_id = cascades.cascade_id
from cascades
where alerts.alert_id = cascades.alert_id and alerts.cascade_id is null;
