-- Objectives, budgets, periods of availability, detections, alerts and their configuration for the site of
-- synthetic.sql, which is read first.
create schema alerts; create schema dimensions; create schema pipeline; create schema config;

create table dimensions.dim_feeds as
select feed, 120::bigint as day_count, true as is_delivered, $as_of::date - 119 as first_date, $as_of::date as last_date
from (values ('page_views'), ('vitals'), ('sessions'), ('page_requests'), ('errors'), ('probes'), ('maintenance'),
    ('incidents'), ('orders'), ('requests'), ('releases')) f (feed);

create table pipeline.intake as
select
    raw_table, 1::bigint as file_count, rows_read, rows_kept, rows_rejected, rows_after_close, export_date, 'wrong_type' as reason, 'value' as field,
    7::bigint as reason_count, 'wrong_type value: the value is not of the type that the field has' as cause, '' as alarm
from operations.fct_ingested_files where export_date = $as_of::date;
create table pipeline.run as select $as_of::date as as_of_date, $as_of::date - 119 as first_date;
create table config.services as
select service, 'web' as owner, interval_s::integer as probe_interval_s, is_critical from services;
create table config.site as select 'Lighthouse Goods' as name, 'EUR' as currency, 'Europe/Berlin' as timezone;

create table operations.fct_quality_results as
select
    'coverage' as suite, 'every_step_is_monitored' as check_name, 'executive/fct_journey_coverage_daily' as asset, '2 of 3' as observed, '3 of 3' as expected,
    'buy / pay' as missing, false as is_passed, false as is_blocking, $as_of::date as event_date;

create table config.targets as
select * from (values ('mttr_reduction_share', 0.5::double), ('alert_false_positive_share', 0.05), ('alert_latency_s', 30)) t (target, value);
create table config.journeys as select distinct journey, is_critical from executive.fct_journey_coverage_daily;
create table config.journey_steps as
select journey, row_number() over (partition by journey order by step)::integer as position, step, page_group, service, objective
from executive.fct_journey_coverage_daily where event_date = $as_of::date;

create table experience.fct_page_views as
select md5(n::varchar)[:8] as session_id, g.page_group, ($as_of::date - (n % 28)::integer) as event_date, $as_of::timestamp as started_at,
    '/' || g.page_group || '/' || n % 3 as page_path, 'DE' as country, 'DE region' as region, 'navigate' as navigation_type,
    1500.0 + n as lcp_ms, 150.0 as inp_ms, 0.05 as cls, 900.0 as fcp_ms, 300.0 as ttfb_ms, 1::decimal(18, 6) as weight
from range(400) s (n), (values ('search', 1), ('product', 2), ('checkout', 5), ('home', 1)) g (page_group, every) where n % every = 0;

create table config.objectives as
select
    o.objective, o.slo, o.service, 'What was promised of ' || o.objective as description, o.indicator, o.feed, null::varchar as page_group,
    null::varchar as location, o.threshold::double as threshold, 'lte' as threshold_op, o.method as budgeting_method, o.target::decimal(9, 8) as target_share,
    0.9::decimal(9, 8) as slice_target_share, if(o.method = 'Occurrences', null, 300)::integer as slice_s, o.kind as window_kind, o.days::integer as window_days,
    o.unit as window_unit, if(o.kind = 'calendar', 1, null)::integer as window_count, null::timestamp as window_starts_at,
    if(o.kind = 'calendar', 'Europe/Berlin', null) as window_timezone, o.composite as composite_slo, o.weight::double as composite_weight,
    null::integer as percentile, o.indicator = 'composite' as is_composite
from (values
    ('web-availability', 'web-availability', 'web', 'availability', 'probes', null, 'Occurrences', 0.999, 'rolling', 28, null, null, null),
    ('api-availability', 'api-availability', 'api', 'availability', 'probes', null, 'Occurrences', 0.999, 'rolling', 28, null, null, null),
    ('web-good-lcp', 'web-good-lcp', 'web', 'good_lcp', 'beacons', null, 'Occurrences', 0.75, 'rolling', 28, null, null, null),
    ('api.fast', 'api', 'api', 'check_latency', 'probes', 800, 'Timeslices', 0.99, 'calendar', 30, 'month', null, null),
    ('shop.pages', 'shop', 'web', 'good_lcp', 'beacons', null, 'Occurrences', 0.7, 'rolling', 28, null, 'shop', 1),
    ('shop.calls', 'shop', 'web', 'request_success', 'requests', null, 'Occurrences', 0.99, 'rolling', 28, null, 'shop', 3),
    ('shop', 'shop', 'web', 'composite', null, null, 'Occurrences', 0.9175, 'rolling', 28, null, null, null),
    ('never-seen', 'never-seen', 'search', 'order_success', 'orders', null, 'Occurrences', 0.5, 'rolling', 28, null, null, null))
    o (objective, slo, service, indicator, feed, threshold, method, target, kind, days, unit, composite, weight);

create table reliability.fct_sli_5m as
select
    objective, service, indicator, feed, if(slice_s is null, if(indicator = 'availability', 's', 'page_views'), 'slices') as amount_unit,
    if(hash(objective || event_date::varchar) % 9 = 0, 'maintenance', null) as excluded_reason,
    (1000 * (1 - (1 - target_share) * (0.6 + noise(objective || event_date::varchar))))::decimal(18, 6) as good_amount, 1000::decimal(18, 6) as total_amount,
    if(excluded_reason is null, 0, 300)::decimal(18, 6) as excluded_amount, 1000::bigint as event_count, (1000 - good_amount)::bigint as bad_event_count,
    event_date, event_date + interval 12 hours as bucket_starts_at
from days, config.objectives where not is_composite and objective <> 'never-seen';

create table reliability.fct_slo_daily as
with windows as (
    select
        *, case when window_kind = 'calendar' then date_trunc('month', event_date)::date else (event_date - 27)::date end as window_starts_on
    from days, config.objectives
),
summed as (
    select
        w.*, s.good, s.total, s.excluded, coalesce(p.bad, (s.total - s.good)) as bad
    from windows w,
        lateral (
            select sum(good_amount) as good, sum(total_amount) as total, sum(excluded_amount) as excluded from reliability.fct_sli_5m f
            where f.objective = w.objective and f.event_date between w.window_starts_on and w.event_date
        ) s,
        lateral (
            select sum(o.composite_weight * (f.total_amount - f.good_amount) / f.total_amount) / 4 / (date_diff('day', w.window_starts_on, w.event_date) + 1) as bad
            from reliability.fct_sli_5m f inner join config.objectives o using (objective)
            where w.is_composite and o.composite_slo = w.slo and f.event_date between greatest(w.window_starts_on, $as_of::date - 119) and w.event_date
        ) p
)
select
    objective, slo, service, indicator, page_group, budgeting_method, window_kind, if(is_composite, 'share', if(indicator = 'availability', 's', if(slice_s is null, 'page_views', 'slices'))) as unit,
    target_share::double as target_share, window_days, 28::bigint as day_count, if(is_composite, 1 - bad, good)::double as good_count, if(is_composite, 1, total)::double as total_count,
    excluded::double as excluded_amount, 1 - bad / total_count as sli_share, sli_share - 0.0004 as sli_lower, least(1, sli_share + 0.0003) as sli_upper,
    (1 - target_share)::double * total_count as budget_total, bad::double as budget_spent, budget_total - budget_spent as budget_remaining,
    1 - budget_spent / budget_total as budget_remaining_share, 1.1 as burn_rate, 43.2 * budget_remaining_share as minutes_left, is_composite,
    case when budget_remaining_share < 0 then 'breached' when budget_remaining_share < 0.25 then 'warning' else 'ok' end as state, window_starts_on, event_date
from summed where total is not null or is_composite;

create table config.burn_rate_windows as
select objective, b.severity, 'default' as policy, b.long_s as long_window_s, b.short_s as short_window_s, b.share as budget_share, b.factor, 0 as alert_after_s, 1 / (1 - target_share) > b.factor as can_fire
from config.objectives, (values ('critical', 3600, 300, 0.02, 13.44), ('warning', 86400, 7200, 0.1, 2.8)) b (severity, long_s, short_s, share, factor);

create table reliability.fct_burn_rates as
select
    objective, w.window_s, (abs(noise(objective || event_date::varchar || w.window_s)) * 40)::decimal(18, 6) as burn_rate, 0.001::decimal(18, 12) as bad_share,
    0.0001::decimal(18, 12) as bad_event_share, 100::bigint as event_count, 3::bigint as bad_event_count, event_date, event_date + interval '23 hours 55 minutes' as bucket_starts_at
from days, config.objectives, (values (300), (3600), (7200), (86400)) w (window_s) where objective <> 'never-seen';

create table reliability.fct_budget_spent as
select
    o.objective, c.cause_kind, c.cause, 'page_views' as amount_unit, c.spent::decimal(28, 6) as spent_amount, c.spent / 400.0 as spent_budget_share, c.spent / 10.0 as spent_minutes,
    $as_of::date - 27 as window_starts_on, $as_of::date as event_date
from config.objectives o, (values ('incident', 'INC-1', 90), ('unexplained', 'no incident', 60), ('release', 'r-41', 150), ('country', 'DE', 150), ('error_group', 'grp-1', 20)) c (cause_kind, cause, spent)
where not o.is_composite and o.objective <> 'never-seen';

create table reliability.fct_error_budget_policies as
select
    'shop' as policy, 'api-availability' as objective, p.consequence, p.description, p.below as remaining_share_below, 0.2 as budget_remaining_share,
    p.below > 0.2 as is_in_force, if(is_in_force, $as_of::date - 3, null) as in_force_since_date, event_date
from days, (values ('ticket', 'The owner says why.', 0.5), ('freeze', 'Nothing is released.', 0.25), ('page', 'Told of every burn.', 0.1)) p (consequence, description, below);

create table reliability.fct_availability as
with periods as (
    select 'day' as grain, event_date + interval 0 days as period_starts_at, * from reliability.fct_availability_daily
    union all by name
    select '90d' as grain, $as_of::date - interval 89 days as period_starts_at, $as_of::date as event_date, *
    from (
        select service, method, is_contractual, amount_unit, sum(up_s) as up_s, sum(degraded_s) as degraded_s, sum(down_s) as down_s, sum(maintenance_s) as maintenance_s,
            sum(unknown_s) as unknown_s, sum(good_amount) as good_amount, sum(total_amount) as total_amount, sum(outage_count)::bigint as outage_count
        from reliability.fct_availability_daily where event_date > $as_of::date - 90 group by all
    )
    union all by name
    select
        g.grain, $as_of::date + to_seconds((n * g.length_s)::integer) as period_starts_at, service, 'default' as method, true as is_contractual, 's' as amount_unit, $as_of::date as event_date,
        case n * g.length_s // 3600 when 9 then 0 when 12 then 0 else g.length_s end::double as up_s, 0.0 as degraded_s, if(n * g.length_s // 3600 = 9, g.length_s, 0)::double as down_s,
        0.0 as maintenance_s, if(n * g.length_s // 3600 = 12, g.length_s, 0)::double as unknown_s, up_s as good_amount, up_s + down_s as total_amount, 0::bigint as outage_count
    from services, (values ('5m', 300), ('hour', 3600)) g (grain, length_s), range(288) r (n) where n * g.length_s < 86400
)
select
    * exclude (availability_share, coverage_share), good_amount / nullif(total_amount, 0) as availability_share,
    1 - unknown_s / (up_s + degraded_s + down_s + maintenance_s + unknown_s) as coverage_share, 0.0 as corrected_s, unknown_s as unknown_no_check_s, 0.0 as unknown_unconfirmed_s,
    0.0 as unknown_pending_s, 1440::bigint as check_count, 4::bigint as state_change_count, grain = 'hour' and hour(period_starts_at) = 9 as is_flapping
from periods;

create table dimensions.dim_releases as
select '2026.46.1' as release, 'web' as service, 'abc1234' as commit, false as is_rollback, $as_of::timestamp - interval 60 hours as deployed_at;

create table dimensions.dim_accounting_methods as
select m.method, '2-1' as confirmation_rule, '2-1-majority' as state_rule, 'time' as unit, 'majority' as location_rule, 'ignored' as pending_as, 'excluded' as maintenance_as,
    'unknown' as no_data_as, 'its_days' as outage_counts_on, 2 as failures_to_go_down, 1 as successes_to_come_back, 2.0 as speaks_for_intervals, 0 as shortest_outage_s,
    0.0 as degraded_weight, false as is_own, m.method = 'default' as is_contractual
from (values ('default'), ('uptime_kuma')) m (method);

alter table reliability.fct_outages add column confirmed_at timestamp;
create or replace table reliability.fct_incidents as
select *, if(outage_id = 'open-1', 'missed_by_monitoring', 'matched') as detection, 'api-availability' as budget_objective, 0.2 as spent_budget_share, 8.6 as spent_minutes
from reliability.fct_incidents;

create or replace table reliability.fct_mttr_monthly as
select
    *, incident_count as mttd_count, incident_count as mtta_count, incident_count as mttr_restore_count, incident_count as mttr_resolve_count, incident_count as failure_count,
    mttd_mean_s * 0.5 as mttd_lower_s, mttd_mean_s * 2 as mttd_upper_s, mttd_mean_s as mttd_median_s, mtta_mean_s * 0.5 as mtta_lower_s, mtta_mean_s * 2 as mtta_upper_s,
    mtta_mean_s as mtta_median_s, mttr_resolve_mean_s * 0.5 as mttr_resolve_lower_s, mttr_resolve_mean_s * 2 as mttr_resolve_upper_s, mttr_resolve_mean_s as mttr_resolve_median_s,
    mttr_restore_lower_s as mttr_restore_median_lower_s, mttr_restore_upper_s as mttr_restore_median_upper_s, mtbf_s * 0.5 as mtbf_lower_s, mtbf_s * 2 as mtbf_upper_s
from reliability.fct_mttr_monthly;

create table reliability.fct_detections as
select
    'incident:' || incident_id || service as detection_id, 'incident' as kind, incident_id, outage_id, null as episode_id, service, null as objective, severity, 'outage' as detected_by,
    detection as outcome, 120.0 as delay_s, event_date, started_at, detected_at, restored_at as ended_at
from reliability.fct_incidents where not is_excluded
union all
select 'outage:' || outage_id, 'outage', null, outage_id, null, service, null, null, 'outage', 'never_recorded', 60.0, event_date, started_at, started_at, ended_at
from reliability.fct_outages where incident_id is null
union all
select 'burn', 'burn_rate', null, null, 'e1', 'api', 'api-availability', 'warning', 'burn_rate', 'never_recorded', null, $as_of::date, $as_of::timestamp, $as_of::timestamp, null;

create table alerts.alerts as
select
    a.id as alert_id, a.rule, a.rule as kind, a.subject, a.service, 'probes' as feed, a.severity, if(a.ended is null, 'open', 'resolved') as state, 'c1' as cascade_id, a.path,
    if(a.ended is null, null, 'recovered') as resolution, null::varchar as inputs, 3600 as window_s, 20.0 as value, 13.44 as threshold, 60::bigint as event_count,
    a.is_silenced, not a.is_silenced as is_notified, a.opened::date as event_date, a.opened as opened_at, null::timestamp as escalated_at, a.opened as last_met_at, a.ended as resolved_at,
    a.opened as event_at, a.opened + interval 4 minutes as landed_at, a.opened + interval 4 minutes + to_milliseconds(if(a.path = 'fast', 1300, 250000)) as written_at,
    if(a.is_silenced, null, a.opened + interval '4 minutes 6 seconds') as notified_at
from (values
    ('a1', 'outage', 'api', 'api', 'critical', 'fast', false, $as_of::date + interval 9 hours, $as_of::date + interval 10 hours),
    ('a2', 'burn_rate', 'api-availability', 'api', 'warning', 'batch', false, $as_of::date - interval 4 days, null),
    ('a3', 'outage', 'search', 'search', 'critical', 'fast', false, $as_of::date + interval 23 hours, null),
    ('a4', 'missing_data', 'orders', null, 'warning', 'batch', true, $as_of::date - interval 40 days, $as_of::date - interval 39 days))
    a (id, rule, subject, service, severity, path, is_silenced, opened, ended);

create table alerts.alert_events as
select row_number() over (order by opened_at, alert_id) as sequence, alert_id, 'opened' as event, severity, 'run-1' as run_id, path, event_date, event_at, written_at from alerts.alerts;

create table alerts.notifications as
select
    n.sequence, 'n' || n.id as notification_id, 'c1' as cascade_id, 'on-call' as target, 'opened' as notice, 'critical' as severity, n.status, n.error, 'outage of api' as title,
    null::varchar as digest_id, n.attempt, $as_of::date as event_date, $as_of::timestamp + to_seconds(n.sequence) as written_at
from (values (1, 1, 'planned', null, 0), (2, 1, 'sending', null, 1), (3, 1, 'sent', null, 1), (4, 2, 'planned', null, 0), (5, 2, 'failed', 'refused', 3)) n (sequence, id, status, error, attempt);

create table alerts.fct_alert_accuracy as
select
    r.rule, 40::bigint as alert_count, 37::bigint as true_count, 1::bigint as false_count, 2::bigint as unreviewed_count, 3::bigint as reviewed_count, 0.974 as precision_share, 0.816 as precision_lower, 0.999 as precision_upper, 0.026 as false_positive_share, 0.021 as false_positive_lower, 0.184 as false_positive_upper, 'not_proven' as verdict, 2::bigint as timed_count, 0::bigint as late_count, 0.0 as late_lower, 0.78 as late_upper, 1.3 as latency_median_s, 1.3 as latency_p95_s, 39::bigint as incident_count,
    37::bigint as found_count, 0.949 as recall_share, 0.827 as recall_lower, 0.994 as recall_upper, 180.0 as delay_median_s, 600.0 as delay_p90_s, $as_of::date as event_date
from (values ('all'), ('outage')) r (rule);
