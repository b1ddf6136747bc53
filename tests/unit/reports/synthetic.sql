-- The marts that pages read, filled with a seeded, plausible site: 120 days to $as_of. Only the columns that
-- reports use, with the names and types of the real marts; tests of pages and of publishing start from here.
create schema experience; create schema reliability; create schema errors; create schema business;
create schema executive; create schema operations; create schema predictions; create schema reports;

create macro noise(k) as (hash(k) % 10000) / 10000.0 - 0.5;
create temp table days as
select unnest(range($as_of::date - 119, $as_of::date + 1, interval 1 day))::date as event_date;
create temp table cells as
select * from days,
    (values ('home', 1.0), ('product', 1.25), ('search', 1.1), ('cart', 0.9), ('checkout', 1.15)) g (page_group, slow),
    (values ('mobile', 1.2, 60), ('desktop', 0.8, 40)) d (device, pace, share),
    (values ('DE', 3), ('US', 2), ('BR', 1)) c (country, part);

create table experience.fct_vitals_daily as
select
    page_group, device, country, if(m.metric = 'LCP' and country = 'BR', 'soft-navigation', 'navigate') as navigation_type,
    m.metric, (share * part * (3 + noise(page_group)))::bigint as page_view_count,
    (share * part * 3)::decimal(18, 4) as weight_sum,
    m.good * 0.82 * slow * pace * (1 + 0.1 * noise(event_date::varchar || m.metric || page_group)) as p75_value,
    p75_value * 0.95 as p75_lower, p75_value * 1.06 as p75_upper,
    (page_view_count * 0.78)::bigint as good_count, (page_view_count * 0.15)::bigint as needs_improvement_count,
    page_view_count - good_count - needs_improvement_count as poor_count,
    case when p75_upper <= m.good then 'good' when p75_lower > m.good then 'needs_improvement' else 'undecided' end as rating,
    navigation_type = 'navigate' as is_headline, event_date
from cells, (values ('LCP', 2500), ('INP', 200), ('CLS', 0.1), ('FCP', 1800), ('TTFB', 800)) m (metric, good);

create table experience.fct_vitals_28d as
with rollup_cells as (
    select
        coalesce(page_group, 'all') as page_group, coalesce(device, 'all') as device, coalesce(country, 'all') as country,
        metric, event_date, sum(page_view_count)::bigint * 28 as page_view_count, avg(p75_value) as p75_value,
        (sum(good_count) / sum(page_view_count))::double as good_share,
        (sum(needs_improvement_count) / sum(page_view_count))::double as needs_improvement_share
    from experience.fct_vitals_daily
    group by grouping sets (
        (metric, event_date), (metric, event_date, page_group), (metric, event_date, device),
        (metric, event_date, country), (metric, event_date, page_group, device)
    )
)
select
    page_group, device, country, metric, page_view_count, page_view_count::decimal(38, 6) as weight_sum,
    page_view_count::decimal(38, 12) as weight_square_sum, p75_value,
    p75_value * (1 - 2 / sqrt(page_view_count)) as p75_lower, p75_value * (1 + 2 / sqrt(page_view_count)) as p75_upper,
    good_share, needs_improvement_share, 1 - good_share - needs_improvement_share as poor_share,
    case
        when p75_upper <= m.good then 'good' when p75_lower > m.poor then 'poor'
        when p75_lower > m.good and p75_upper <= m.poor then 'needs_improvement' else 'undecided'
    end as rating, good_share >= 0.75 and device <> 'mobile' as passes_core_web_vitals, event_date
from rollup_cells
inner join (values ('LCP', 2500, 4000), ('INP', 200, 500), ('CLS', 0.1, 0.25), ('FCP', 1800, 3000), ('TTFB', 800, 1800)) m (metric, good, poor)
    using (metric);

create table experience.fct_fid_daily as select * replace ('FID' as metric) from experience.fct_vitals_daily where false;

create table experience.fct_experience_daily as
select
    page_group, device, country, 'navigate' as navigation_type, (share * part * 3)::bigint as page_view_count,
    (share * part * 3)::decimal(18, 4) as weight_sum, weight_sum as weight_square_sum, least(99, 97 - 6 * slow * pace + 3 * noise(event_date::varchar || page_group || device)) as ux_score,
    ux_score - 1.2 as ux_score_lower, ux_score + 1.2 as ux_score_upper,
    weight_sum as ux_score_weight, weight_sum as ux_score_weight_square_sum, (ux_score * weight_sum)::decimal(18, 4) as ux_score_sum,
    ((ux_score * ux_score + 120) * weight_sum)::decimal(18, 4) as ux_score_square_sum,
    (page_view_count * 0.01)::bigint as error_page_view_count, error_page_view_count as error_weight_sum,
    weight_sum as vitals_weight_sum, weight_sum * 0.7 as vitals_pass_weight_sum, true as is_headline, event_date
from cells;

create table experience.fct_beacon_integrity_daily as
select
    m.metric, 'web-vitals ' || if(event_date < $as_of::date - 30, '5', '6') as library,
    5000 + (hash(event_date) % 800)::bigint as report_count, 60 as duplicate_count, 30 as late_count, 900 as follow_up_count,
    12 as broken_chain_count,
    2 as invalid_negative_count, 3 as invalid_too_large_count, 5 as invalid_missing_count, 90 as bot_count,
    8 as clock_skew_count, 4 as orphan_count, event_date
from days, (values ('LCP'), ('INP'), ('CLS'), ('FCP'), ('TTFB')) m (metric);

create temp table services as
select * from (values ('web', true, 60.0, 1.0), ('api', true, 60.0, 0.6), ('search', false, 300.0, 1.4)) s (service, is_critical, interval_s, pace);

create table reliability.fct_checks_daily as
select
    service, l.location, (86400 / interval_s)::bigint as check_count, check_count - 3 as up_count, 1::bigint as degraded_count,
    2::bigint as down_count, 0::bigint as maintenance_count, 0::bigint as pending_count, (86400 / interval_s)::bigint as expected_count,
    180 * pace * (1 + 0.2 * noise(event_date::varchar || service)) as response_p50_ms, response_p50_ms * 1.4 as response_p75_ms,
    response_p50_ms * 2.2 as response_p95_ms, response_p50_ms * 4 as response_p99_ms,
    event_date + interval '23 hours 59 minutes' as last_checked_at,
    if(service = 'search' and event_date = $as_of::date, 'degraded', 'up') as last_status, event_date
from days, services, (values ('fra'), ('nyc')) l (location);

create table reliability.fct_availability_daily as
with times as (
    select
        service, event_date,
        case when hash(service || event_date::varchar) % 17 = 0 then 600.0 + hash(event_date) % 3000 else 0.0 end as down_s,
        if(service = 'api' and extract(dow from event_date) = 0 and extract(day from event_date) < 8, 3600.0, 0.0) as maintenance_s,
        case
            when service = 'search' and event_date < $as_of::date - 80 then 86400.0
            when hash(service || 'u' || event_date::varchar) % 29 = 0 then 7200.0 else 0.0
        end as unknown_s
    from days, services
)
select
    service, 'default' as method, 's' as amount_unit, greatest(0, 86400.0 - down_s - maintenance_s - unknown_s) as up_s, 0.0 as degraded_s, if(unknown_s > 80000, 0, down_s) as down_s,
    maintenance_s, unknown_s, (greatest(0, 86400.0 - times.down_s - maintenance_s - unknown_s)) / nullif(86400.0 - maintenance_s - unknown_s, 0) as availability_share,
    greatest(0, 86400.0 - times.down_s - maintenance_s - unknown_s) as good_amount, 86400.0 - maintenance_s - unknown_s as total_amount, true as is_contractual,
    1 - unknown_s / 86400 as coverage_share, (times.down_s > 0 and unknown_s < 80000)::bigint as outage_count, event_date
from times;

insert into reliability.fct_availability_daily by name
select * replace ('uptime_kuma' as method, false as is_contractual, up_s as good_amount, 86400.0 - maintenance_s as total_amount) from reliability.fct_availability_daily;

create table reliability.fct_requests_daily as
select
    service, 'requests' as source, (90000 * (1 + 0.2 * noise(service || event_date::varchar)))::bigint as request_count,
    (request_count * (0.002 + 0.001 * noise(event_date::varchar)))::bigint as error_count, error_count / request_count as error_share,
    error_share * 0.9 as error_share_lower, error_share * 1.1 as error_share_upper, request_count / 1440.0 as throughput_per_minute,
    70.0 * pace as response_p50_ms, 240 * pace * (1 + 0.2 * noise(service || event_date::varchar)) as response_p95_ms, 600.0 as response_p99_ms, event_date
from days, services;

create table reliability.fct_outages as
select
    md5(service || event_date::varchar)[:12] as outage_id, service, event_date + interval '10 hours' as started_at,
    started_at + interval (down_s) second as ended_at,
    down_s::bigint as duration_s, 2 as location_count, (down_s / 60)::bigint as check_count, false as is_open, false as is_in_maintenance,
    if(hash(event_date) % 2 = 0, 'INC-' || hash(event_date) % 1000, null) as incident_id, 'probe' as detected_by, event_date
from reliability.fct_availability_daily where down_s > 0 and is_contractual
union all select 'open-1', 'search', $as_of::date + interval '23 hours 40 minutes', null, null, 2, 4, true, false, null, 'probe', $as_of::date;

create table reliability.fct_incidents as
select
    coalesce(incident_id, 'INC-' || substr(outage_id, 1, 4)) as incident_id, service, if(hash(outage_id) % 3 = 0, 'critical', 'major') as severity,
    'Checkout errors on ' || service as title, 'release' as cause, 'https://status.example.com/' || outage_id as url, started_at,
    started_at + interval 4 minute as detected_at, started_at + interval 9 minute as acknowledged_at, ended_at as restored_at,
    ended_at + interval 1 hour as resolved_at, 240.0 as mttd_s, 300.0 as mtta_s, duration_s::double as restore_s, duration_s + 3600.0 as resolve_s,
    ended_at is null as is_open, hash(outage_id) % 11 = 0 as is_excluded, if(hash(outage_id) % 11 = 0, 'zero_length', null) as exclusion_reason,
    false as is_restored_from_outage, outage_id, event_date
from reliability.fct_outages;

create table reliability.fct_mttr_monthly as
select
    date_trunc('month', event_date)::date as month, s.service, v.severity, count(*)::bigint as incident_count, 0::bigint as open_count, 1::bigint as excluded_count,
    240.0 as mttd_mean_s, 300.0 as mtta_mean_s, avg(duration_s) as mttr_restore_mean_s, median(duration_s) as mttr_restore_median_s,
    min(duration_s) * 0.8 as mttr_restore_lower_s, max(duration_s) * 1.3 as mttr_restore_upper_s, avg(duration_s) + 3600 as mttr_resolve_mean_s,
    86400.0 * 9 as mtbf_s, sum(duration_s)::double as downtime_s, date_trunc('month', event_date)::date as event_date
from reliability.fct_outages o, (select service from services union all select 'all') s, (values ('all'), ('critical'), ('major')) v (severity)
where s.service in ('all', o.service) group by all;

create table errors.fct_errors_daily as
select
    'grp-' || g.n as error_group_id, 1 as fingerprint_version, g.category, g.type, g.message, 'product' as page_group, 'Chrome' as browser, 'r-41' as release, 'DE' as country,
    (g.n * 7 + hash(event_date::varchar || g.n) % 9)::bigint as error_count, g.n * 5::bigint as page_view_count, g.n * 4::bigint as session_count,
    g.n * 3::bigint as user_count, false as is_handled, g.state, $as_of::date - g.n * 20 as first_seen_date, event_date
from days, (values
    (1, 'script', 'TypeError', 'Cannot read properties of undefined (reading <mask>)', 'new'), (2, 'network', 'NetworkError', 'Failed to fetch', 'ongoing'),
    (3, 'third_party', 'Error', 'Script error.', 'ongoing'), (4, 'chunk_load', 'ChunkLoadError', 'Loading chunk <number> failed', 'regressed')) g (n, category, type, message, state)
where event_date > $as_of::date - 100;

create table errors.fct_error_groups_daily as
select
    error_group_id, any_value(category) as category, any_value(type) as type, any_value(message) as message, 'render@product.js' as culprit,
    if(error_group_id = 'grp-1' and event_date > $as_of::date - 3, 'escalating', any_value(state)) as state, 'r-41' as newest_release,
    sum(error_count)::bigint as error_count, sum(page_view_count)::bigint as page_view_count, sum(session_count)::bigint as session_count,
    sum(user_count)::bigint as user_count, sum(error_count) * 0.9 as expected_count, sum(error_count) * 1.4 as expected_upper, 0.3 as p_value,
    0.5 as q_value, 1 as days_since_seen, false as is_ignored, min(first_seen_date) as first_seen_date, event_date
from errors.fct_errors_daily group by error_group_id, event_date;

create table errors.fct_error_groups as
select
    error_group_id, any_value(message) as title, any_value(category) as category, any_value(type) as type, any_value(message) as message,
    'render@product.js' as culprit, any_value(state) as state, 'r-40' as first_release, 'r-41' as last_release, 'product' as most_hit_page_group,
    'Chrome' as most_hit_browser, 'DE' as most_hit_country, 2 as fingerprint_version, sum(error_count)::bigint as error_count, count(*) as day_count,
    (sum(error_count) filter (event_date > $as_of::date - 28))::bigint as error_count_28d, 90::bigint as previous_error_count_28d,
    140::bigint as page_view_count_28d, 112::bigint as session_count_28d, 84::bigint as user_count_28d, 0.012 as session_share_28d,
    error_group_id = 'grp-3' as is_ignored, min(first_seen_date) as first_seen_date, max(event_date) as last_seen_date, null::date as resolved_date,
    if(error_group_id = 'grp-2', $as_of::date - 2, null) as escalated_date, if(error_group_id = 'grp-4', $as_of::date - 2, null) as regressed_date
from errors.fct_errors_daily group by error_group_id;

create table errors.fct_release_errors_daily as
select
    r.release, 'product' as page_group, 'Chrome' as browser, (900 * r.part)::bigint as page_view_count, (9 * r.part)::bigint as error_page_view_count,
    (300 * r.part)::bigint as session_count, (7 * r.part)::bigint as error_session_count, event_date
from days, (values ('r-40', 0.3), ('r-41', 0.7)) r (release, part)
where event_date > $as_of::date - 100;

create table business.fct_business_daily as
select
    device, country, (share * part * 2)::bigint as sample_count, (share * part * 2 * (1 + 0.2 * noise(event_date::varchar || device)))::bigint as session_count, session_count as session_square_sum,
    (session_count * 0.42)::bigint as bounce_count, (session_count * if(device = 'mobile', 0.031, 0.044))::bigint as converted_session_count,
    converted_session_count / session_count as conversion_share, bounce_count / session_count as bounce_share,
    converted_session_count as order_count, (converted_session_count * 61.5)::decimal(18, 4) as revenue_net, 184.0 as duration_mean_s, 3.4 as pages_per_session, event_date
from (select distinct event_date, device, share * 10 as share, country, part from cells);

create table business.fct_business_roll_ups_daily as
select r.roll_up, if(r.roll_up = 'device', device, 'all') as device, if(r.roll_up in ('country', 'country, region'), country, 'all') as country,
    if(r.roll_up = 'country, region', 'north', 'all') as region, 'all' as page_group, 'all' as browser, 'all' as browser_version, 'all' as connection, 'all' as navigation_type, 'all' as release,
    'all' as channel, 'all' as visitor_kind, sum(sample_count)::bigint as sample_count, sum(session_count) as session_count, sum(session_square_sum) as session_square_sum,
    sum(bounce_count) as bounce_count, sum(converted_session_count) as converted_session_count, sum(order_count)::bigint as order_count, sum(revenue_net) as revenue_net,
    sum(session_count) * 184 as duration_sum_s, sum(session_count) * 3.4 as page_view_count, event_date
from business.fct_business_daily, (values ('site'), ('device'), ('country'), ('country, region')) r (roll_up)
group by all;

create table business.fct_conversion_by_speed as
select m.metric, 'mobile' as device, 'home' as page_group, b.value_from * m.factor as value_from, b.value_to * m.factor as value_to, 900::bigint as sample_count,
    900 as session_count, 900 as session_square_sum, 40 - 9 * b.n as converted_session_count, 300 + 50 * b.n as bounce_count, 2400 as revenue_net, event_date
from days, (values ('LCP', 1.0), ('INP', 0.1), ('CLS', 0.0001), ('TTFB', 0.4)) m (metric, factor), (values (0, 0.0, 1000.0), (1, 1000.0, 2500.0), (2, 2500.0, null)) b (n, value_from, value_to)
where event_date > $as_of::date - 28;

create table business.fct_sessions as
select 's' || n as session_id, if(n % 3 = 0, 'u' || n % 40, null) as visitor_id, if(n % 50 = 0, 2, 0)::bigint as error_count, $as_of::date - n % 28 as event_date,
    'DE' as country, n % 3 = 0 as is_bounce, 1::decimal(18, 6) as weight
from (select unnest(range(600))::integer as n);

create table business.fct_orders as
select 'o' || n as order_id, n % 20 = 0 as is_refund_assumed, $as_of::date - n as event_date
from (select unnest(range(60))::integer as n);

create table executive.fct_kpi_daily as
select
    k.kpi, k.level * (1 + k.spread * (noise(k.kpi || event_date::varchar) + 0.4 * sin(extract(dow from event_date)))) as value,
    if(k.sided, value - k.level * k.spread * 0.3, null) as value_lower, if(k.sided, value + k.level * k.spread * 0.3, null) as value_upper,
    4200::bigint as sample_count, k.unit, event_date
from days, (values ('page_view_count', 4200, 0.15, false, 'count'), ('session_count', 1300, 0.15, false, 'count'), ('conversion_share', 0.036, 0.2, true, 'share'),
    ('bounce_share', 0.42, 0.05, true, 'share'), ('revenue_net', 2900, 0.3, false, 'money'), ('order_count', 47, 0.3, false, 'count'), ('lcp_p75_ms', 2180, 0.06, true, 'ms'),
    ('inp_p75_ms', 176, 0.08, true, 'ms'), ('cls_p75', 0.082, 0.1, true, ''), ('ttfb_p75_ms', 640, 0.06, true, 'ms'), ('fcp_p75_ms', 1500, 0.05, true, 'ms'),
    ('good_lcp_share', 0.79, 0.02, true, 'share'), ('good_inp_share', 0.81, 0.02, true, 'share'), ('good_cls_share', 0.84, 0.02, true, 'share'),
    ('core_web_vitals_pass_share', 0.8, 0.1, true, 'share'), ('ux_score', 90.4, 0.02, true, 'score'), ('availability_share', 0.9986, 0.0012, true, 'share'),
    ('error_page_view_share', 0.011, 0.2, true, 'share'), ('request_error_share', 0.002, 0.2, true, 'share'), ('throughput_per_minute', 62, 0.1, false, 'per_minute'),
    ('response_p95_ms', 390, 0.1, true, 'ms'), ('outage_count', 0.4, 1, false, 'count'), ('downtime_s', 160, 1, false, 's'), ('incident_count', 0.3, 1, false, 'count'),
    ('mttr_restore_s', 1900, 0.4, true, 's')) k (kpi, level, spread, sided, unit);

create table executive.fct_journey_coverage_daily as
select
    j.journey, j.step, j.page_group, j.service, j.objective, if(j.step = 'Pay', 0, 5000)::bigint as page_view_count, 40320::bigint as check_count,
    page_view_count > 0 as has_page_views, true as has_probe, j.objective is not null as has_objective, has_page_views and has_objective as is_covered,
    case when not has_page_views then 'page views of checkout' when not has_objective then 'an objective' end as missing, j.is_critical, event_date
from days, (values ('Buy', 'Find', 'search', 'search', 'web-good-lcp', true), ('Buy', 'Look', 'product', 'web', 'web-availability', true),
    ('Buy', 'Pay', 'checkout', 'api', 'api-availability', true), ('Browse', 'Home', 'home', 'web', null, false)) j (journey, step, page_group, service, objective, is_critical);

create table business.fct_journey_funnel_daily as
select journey, step, 'mobile' as device, position, (90 / position)::bigint as sample_count, (90 / position)::bigint as session_count, 4 as converted_session_count,
    event_date
from days, (values ('Buy', 'Find', 1), ('Buy', 'Look', 2), ('Buy', 'Pay', 3), ('Browse', 'Home', 1)) j (journey, step, position)
where event_date > $as_of::date - 28;

create table executive.fct_mission_targets as
select t.*, $as_of::date as event_date from (values
    ('journeys_monitored_share', 0.667, null, null, 1.0, '>=', 'share', 3, 'missed', '1 of 3 steps of critical journeys lacks page views: Buy / Pay'),
    ('alert_false_positive_share', null, null, null, 0.05, '<=', 'share', 0, 'not_proven', 'no alerts yet: at least 59 without a false one are needed'),
    ('alert_latency_s', null, null, null, 30.0, '<=', 's', 0, 'not_proven', 'no alert has been delivered yet'),
    ('history_days', 120.0, null, null, 90.0, '>=', 'days', 120, 'met', 'unbroken daily history since the first delivery'),
    ('ux_score', 90.42, 90.21, 90.63, 90.0, '>=', 'score', 118000, 'met', 'the whole interval is over 90'),
    ('availability', 0.99862, 0.9979, 0.9992, 0.999, '>=', 'share', 120960, 'not_proven', 'the interval holds 99.9 %'))
    t (target, value, value_lower, value_upper, goal, comparison, unit, sample_count, verdict, reason);

create table predictions.mttr_changes as
select
    'not_proven' as verdict, 'with 14 incidents only a reduction of 61 % or more could be shown' as reason, 8::bigint as baseline_count,
    0::bigint as baseline_open_count, 6::bigint as current_count, 1::bigint as current_open_count, 2100.0::double as baseline_mttr_s,
    1450.0::double as current_mttr_s, 0.5::double as goal_share, null::double as reduction_share, null::double as reduction_lower,
    null::double as reduction_upper, 0.61::double as smallest_detectable_share, 0.19::double as luck_probability, 84::bigint as needed_count,
    1.2::double as log_sd, 0.4::double as p_value, 0.7::double as p_value_met, 0.3::double as p_value_missed,
    $as_of::date - 119 as baseline_starts_on, $as_of::date - 60 as baseline_ends_on, $as_of::date as event_date,
    'restoration_log_normal' as model_name, '1' as model_version;

create table reliability.fct_health_changes as
select kind as subject_kind, subject, health, reason, started_at::date as event_date, started_at as since_at, started_at, ended_at
from (values
    ('application', 'Lighthouse Goods', 'healthy', 'no outage, no burn alert', $as_of::timestamp - interval 119 days, $as_of::timestamp - interval 1 day),
    ('application', 'Lighthouse Goods', 'degraded', 'api: the error budget of api-availability burns fast enough for a ticket', $as_of::timestamp - interval 1 day, null),
    ('journey', 'Buy', 'degraded', 'api: the error budget of api-availability burns fast enough for a ticket', $as_of::timestamp - interval 1 day, null),
    ('journey', 'Find', 'critical', 'search: a confirmed outage is open', $as_of::timestamp + interval 20 hours, null),
    ('service', 'web', 'healthy', 'no outage, no burn alert', $as_of::timestamp - interval 119 days, null),
    ('service', 'api', 'degraded', 'the error budget of api-availability burns fast enough for a ticket', $as_of::timestamp - interval 1 day, null),
    ('service', 'search', 'healthy', 'no outage, no burn alert', $as_of::timestamp - interval 119 days, $as_of::timestamp + interval 20 hours),
    ('service', 'search', 'critical', 'a confirmed outage is open', $as_of::timestamp + interval 20 hours, null)
    ) as changes (kind, subject, health, reason, started_at, ended_at);

create table operations.fct_ingested_files as
select
    r.raw_table, event_date || '/' || split_part(r.raw_table, '.', 2) || '.gz' as source_file, md5(source_file) as content_hash, r.n::bigint as rows_read,
    r.n - 7::bigint as rows_kept, 7::bigint as rows_rejected, 0::bigint as rows_after_close, r.n * 420::bigint as bytes, event_date as export_date
from days, (values ('raw_web_vitals.beacons', 21000), ('raw_web_errors.errors', 300), ('raw_probes.checks', 6336), ('raw_incidents.incidents', 12), ('raw_orders.orders', 60)) r (raw_table, n);

create table operations.fct_rejects_daily as
select 'raw_web_vitals.beacons' as raw_table, r.reason, r.field, r.n::bigint as reject_count, event_date as export_date
from days, (values ('unparseable', null, 4), ('wrong_type', 'value', 2), ('time_out_of_range', 'ts', 1)) r (reason, field, n);

create table predictions.kpi_forecasts as
select
    h.kpi, $as_of::date as forecast_date, ($as_of::date + step::integer)::date as event_date, step::integer as horizon_days,
    h.level * (1 + 0.06 * sin(step)) as value_forecast, value_forecast * (1 - 0.05 - 0.002 * step) as value_80_lower,
    value_forecast * (1 + 0.05 + 0.002 * step) as value_80_upper, value_forecast * (1 - 0.08 - 0.003 * step) as value_95_lower,
    value_forecast * (1 + 0.08 + 0.003 * step) as value_95_upper, value_forecast * (1 - 0.06 - 0.002 * step) as value_90_lower,
    value_forecast * (1 + 0.06 + 0.002 * step) as value_90_upper, if(h.kpi = 'conversion_share', 'seasonal_naive', 'ridge') as model_name,
    if(h.kpi = 'conversion_share', 'naive_is_best', 'beats_naive') as model_reason, '1' as model_version
from (values ('page_view_count', 4200), ('session_count', 1300), ('conversion_share', 0.036), ('revenue_net', 2900), ('lcp_p75_ms', 2180), ('ux_score', 90.4)) h (kpi, level),
    range(1, 29) s (step);

insert into predictions.kpi_forecasts
select f.* replace (
    f.kpi || ':28_days' as kpi, 28 * value_forecast as value_forecast, 26 * value_forecast as value_80_lower, 30 * value_forecast as value_80_upper,
    25 * value_forecast as value_90_lower, 31 * value_forecast as value_90_upper, 24 * value_forecast as value_95_lower, 32 * value_forecast as value_95_upper
)
from predictions.kpi_forecasts f where horizon_days = 28 and kpi in ('page_view_count', 'session_count', 'revenue_net');

insert into predictions.kpi_forecasts
select f.* replace (f.forecast_date - k::integer as forecast_date, f.event_date - k::integer as event_date)
from predictions.kpi_forecasts f, range(1, 40) made (k)
where f.horizon_days = 7 and f.kpi in ('ux_score', 'lcp_p75_ms', 'session_count');

create table predictions.kpi_forecast_backtests as
select
    f.kpi, b.model_name, '1' as model_version, ($as_of::date - 28 * c.cutoff::integer)::date as cutoff_date, 28 as horizon_days,
    b.mase * (1 + 0.1 * noise(f.kpi || cutoff::varchar || b.model_name)) as mase, 0.08 * b.mase as smape, 0.79 as coverage_80, 0.9 as coverage_90, 0.94 as coverage_95, false as is_hourly, 4.1 as msis,
    b.model_name = f.model_name as is_chosen, $as_of::date as forecast_date
from (select distinct kpi, model_name from predictions.kpi_forecasts) f, (values ('ridge', 0.83), ('seasonal_naive', 1.0)) b (model_name, mase), range(1, 5) c (cutoff);

create table executive.fct_traffic_hourly as
select event_date + to_hours(h.hour::integer) as hour_at, 100::bigint + h.hour as page_view_count, 40::bigint as session_count, 300::bigint as request_count
from days, range(24) h (hour);

create table predictions.traffic_forecasts as
select
    'page_view_count' as kpi, $as_of::date as forecast_date, ($as_of::date + 1)::timestamp + to_hours(step::integer - 1) as hour_at,
    step::integer as horizon_hours, 200 + 100 * sin(step / 4) as value_forecast, value_forecast * 0.9 as value_80_lower, value_forecast * 1.1 as value_80_upper,
    value_forecast * 0.85 as value_90_lower, value_forecast * 1.15 as value_90_upper, value_forecast * 0.8 as value_95_lower,
    value_forecast * 1.2 as value_95_upper, 'ridge' as model_name, 'beats_naive' as model_reason, '1' as model_version
from range(1, 49) s (step);

create table predictions.budget_exhaustion as
select
    o.objective, ($as_of::date + step::integer)::date as exhaustion_date, least(1, step / 28 * o.slope) as probability, $as_of::date as forecast_date,
    'ridge' as model_name, '1' as model_version
from (values ('checkout-availability', 1.2), ('product-fast-lcp', 0.1)) o (objective, slope), range(1, 29) s (step);

create table predictions.target_breaches as
select
    'lcp_p75_ms' as kpi, 2500.0 as target_value, true as is_upper_limit, step / 28 as probability, ($as_of::date + step::integer)::date as breach_date,
    $as_of::date as forecast_date, 'ridge' as model_name, '1' as model_version
from range(7, 29) s (step);

create table predictions.error_costs as
select
    'grp-1' as error_group_id, 'costs_orders' as verdict, 112::bigint as session_count, 104::bigint as matched_session_count,
    9000::bigint as control_session_count, 40::bigint as stratum_count, 0.01 as conversion_share, 0.09 as matched_conversion_share, -0.08 as effect,
    -0.12 as effect_lower, -0.04 as effect_upper, 0.0001 as p_value, 0.0004 as q_value, 8.3 as lost_order_count, 4.2 as lost_order_lower,
    12.5 as lost_order_upper, $as_of::date as event_date, 'matched_conversion' as model_name, '1' as model_version;

create table predictions.release_errors as
select
    'r-41' as release, 'r-40' as previous_release, 'worse' as verdict, 9000::bigint as page_view_count, 8000::bigint as previous_page_view_count,
    180::bigint as error_page_view_count, 80::bigint as previous_error_page_view_count, 0.02 as error_share, 0.01 as previous_error_share, 2.0 as ratio,
    1.4 as ratio_lower, 2.9 as ratio_upper, 0.0002 as p_value, 0.0002 as q_value, $as_of::date as event_date, 'mantel_haenszel_errors' as model_name,
    '1' as model_version;

create table predictions.traffic_anomalies as
select
    a.series, $as_of::timestamp - to_hours(a.back) as hour_at, 1 as window_hours, a.value, 1000.0 as baseline_forecast,
    800.0 as baseline_lower, 1200.0 as baseline_upper, a.value / 1000 - 1 as change_share, hour_at::date as event_date,
    'robust_hourly_baseline' as model_name, '2' as model_version
from (values ('page_views', 100, 300.0), ('page_views', 99, 250.0), ('requests', 99, 400.0), ('errors', 40, 1900.0)) a (series, back, value);

create table predictions.vitals_degradations as
select
    v.metric, v.page_group, v.device, v.country, 'all' as browser, v.event_date, v.p75_value as value, v.p75_value * 0.8 as baseline_forecast, v.p75_value * 0.75 as baseline_lower,
    v.p75_value * 0.86 as baseline_upper, 0.25 as change_share, 0.24 as within_change_share, 'two_days' as test, 0.0004 as p_value, 0.006 as q_value,
    v.page_group = 'product' and v.device = 'mobile' and v.country = 'DE' and v.metric = 'LCP' and v.event_date > $as_of::date - 3 as is_degraded, v.page_view_count as sample_count, 'robust_weekly' as model_name, '2' as model_version
from experience.fct_vitals_daily v where v.event_date > $as_of::date - 10;

create table predictions.degradation_episodes as
select
    md5(d.page_group || d.country) as degradation_id, d.*, 0.25 as change_share, 0.16 as change_lower, 0.33 as change_upper, 0.26 as total_change_share,
    0.24 as within_change_share, 0.016 as mix_change_share, 0.0004 as q_value, 2100::bigint as sample_count, 3::bigint as day_count, 4::bigint as series_count,
    d.last_on - 2 as started_on, d.last_on - 1 as found_on, 'robust_weekly' as model_name, '2' as model_version
from (values
    ('LCP', 'product', 'mobile', 'DE', 'all', 'step', 2800.0, 2240.0, $as_of::date),
    ('CLS', 'all', 'all', 'FR', 'all', 'drift', 0.19, 0.15, $as_of::date - 9))
    d (metric, page_group, device, country, browser, kind, value, baseline_forecast, last_on);

create table predictions.degradation_segments as
select e.degradation_id, s.*, e.last_on
from predictions.degradation_episodes e, (values
    ('mobile', 'DE', 'Chrome', 0.3, 0.32, 2210.0, 2800.0, 0.8), ('other', 'other', 'other', 0.7, 0.68, 2400.0, 2500.0, 0.2))
    s (device, country, browser, before_share, since_share, before_p75, since_p75, carried_share);

create table predictions.business_effects as
select b.*, b.exposure || ' and ' || b.outcome as effect_unit, 0.04 as outcome_mean, 2 * effect as unadjusted_effect, 2 * effect_lower as unadjusted_lower,
    2 * effect_upper as unadjusted_upper, q_value / 2 as p_value, if(verdict = 'associated', 'monotone', null) as shape, 1.8 as confounding_needed,
    12.0 as segment_count, 0.92 as same_sign_share, 0.4 as i_squared, 0.03 as heterogeneity_p, 0.21 as slow_share, 4200.0 as at_risk_month,
    -40000 * effect as gain_month, -40000 * effect_upper as gain_lower, -40000 * effect_lower as gain_upper, 81000::bigint as session_count, 90::bigint as day_count,
    0.021 as missing_share, if(outcome in ('conversion', 'bounce'), 0.034, null) as missing_share_with,
    if(outcome in ('conversion', 'bounce'), 0.012, null) as missing_share_without, effect_lower - 0.001 as bound_lower, effect_upper + 0.001 as bound_upper,
    0.001 as curve_p_value, 0.004 as curve_q_value, 'slope_in_strata' as model_name, '3' as model_version, $as_of::date as event_date from (values
    ('lcp_ms', 'conversion', false, -0.0041, -0.0062, -0.0021, 0.002, 'associated', 'association, not proof'),
    ('lcp_ms', 'revenue', false, -0.41, -0.62, -0.21, 0.002, 'associated', 'association, not proof'),
    ('lcp_ms', 'bounce', false, 0.018, 0.011, 0.026, 0.001, 'associated', 'association, not proof'),
    ('inp_ms', 'conversion', false, -0.0006, -0.0021, 0.0008, 0.55, 'not proven', 'association, not proof'),
    ('lcp_ms', 'conversion', true, 0.0002, -0.001, 0.0014, 0.8, 'not proven', 'negative control'),
    ('outage', 'conversion', false, 'nan'::double, null, null, null, 'not proven', 'varied on too few days'))
    b (exposure, outcome, is_control, effect, effect_lower, effect_upper, q_value, verdict, caveat);

create table predictions.business_effect_strata as
select b.*, if(dimension = 'page_group', 0.4, null) as request_share, if(dimension = 'page_group', -0.1, null) as rank_correlation,
    if(dimension = 'page_group', -0.04, null) as impact_score, 9000::bigint as session_count, 'lcp_ms' as exposure, 'conversion' as outcome, $as_of::date as event_date
from (values ('device', 'mobile', -0.003, -0.005, -0.001), ('device', 'desktop', -0.006, -0.01, -0.002), ('page_group', 'product', -0.004, -0.007, -0.001),
    ('page_group', '=home', 0.001, -0.003, 0.005)) b (dimension, segment, effect, effect_lower, effect_upper);

create table predictions.kpi_correlations as
select *, correlation as correlation_same_day, 0.0004 as p_value, 90::bigint as day_count, $as_of::date as event_date from (values
    ('bounce_share', 'lcp_p75_ms', 'associated', 0, 0.5, 0.002, false), ('good_lcp_share', 'lcp_p75_ms', 'associated', 0, -0.9, 0.001, true),
    ('bounce_share', 'good_lcp_share', 'not proven', -3, 0.1, 0.7, false)) k (kpi, other_kpi, verdict, lag_days, correlation, q_value, is_same_source);

create table predictions.release_effects as
select *, 0.8 as before_share, 0.66 as after_share, 0.9 as control_before_share, 0.9 as control_after_share, effect - 0.05 as effect_lower, effect + 0.05 as effect_upper,
    q_value / 2 as p_value, 6::bigint as day_count, $as_of::date - 8 as released_on, $as_of::date as event_date from (values
    ('r-41', 'product', 'good_lcp', 'against untouched page groups', 'worse', -0.14, 0.001), ('r-41', 'home', 'bounce', 'against untouched page groups', 'not proven', 0.01, 0.8))
    r (release, page_group, outcome, comparison, verdict, effect, q_value);

create table predictions.business_effect_doses as
select 'lcp_ms' as exposure, o.outcome, b.bucket, b.value_from, b.value_to, o.mean - b.bucket * 0.004 as outcome_mean, o.mean - b.bucket * 0.002 as adjusted_mean,
    o.mean - b.bucket * 0.002 - 0.003 as adjusted_lower, o.mean - b.bucket * 0.002 + 0.003 as adjusted_upper, 9000::bigint as session_count, $as_of::date as event_date
from (values ('conversion', 0.05), ('bounce', 0.4)) o (outcome, mean), (values (0, 0.0, 1000.0), (1, 1000.0, 2500.0), (2, 2500.0, null)) b (bucket, value_from, value_to);
