-- Alerts on one service (without one: of one kind) that open close together are one story, told once.
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
where alerts.alert_id = cascades.alert_id and alerts.cascade_id is null;
