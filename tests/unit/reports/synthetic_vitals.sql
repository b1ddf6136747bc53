-- What pages about web vitals read beside the daily cells: roll-ups, parts, elements, beacons, single page views.

create temp table sizes as
select *, (share * part * 9)::bigint as n, 1500 * slow * pace * (1 + 0.1 * noise(event_date::varchar || page_group)) as lcp_ms
from cells;

create temp table roll_ups as
select
    coalesce(nullif(concat_ws(', ', if(page_group is null, null, 'page_group'), if(device is null, null, 'device'),
        if(country is null, null, 'country'), if(region is null, null, 'region')), ''), 'site') as roll_up,
    coalesce(page_group, 'all') as page_group, coalesce(device, 'all') as device, coalesce(country, 'all') as country,
    coalesce(region, 'all') as region, 'all' as browser, 'all' as browser_version, 'all' as connection,
    'all' as navigation_type, 'all' as release, 'all' as visitor_kind, sum(n)::bigint as page_view_count,
    avg(lcp_ms) as lcp_ms, event_date
from (select *, country || ' region' as region from sizes)
group by grouping sets (
    (event_date), (event_date, page_group), (event_date, device), (event_date, country), (event_date, country, region),
    (event_date, page_group, device), (event_date, page_group, device, country)
);

create table experience.fct_vitals_roll_ups_daily as
select
    r.* exclude (lcp_ms, event_date), m.metric, page_view_count::decimal(38, 6) as weight_sum,
    page_view_count::decimal(38, 12) as weight_square_sum, (page_view_count * 0.7)::decimal(38, 6) as good_count,
    (page_view_count * 0.1)::decimal(38, 6) as poor_count, weight_sum - good_count - poor_count as needs_improvement_count,
    lcp_ms * m.good / 2500 as p75_value, p75_value * 0.95 as p75_lower, p75_value * 1.06 as p75_upper,
    [
        {'bucket': bucket - 20, 'weight': (page_view_count * 0.7)::decimal(38, 6)},
        {'bucket': bucket, 'weight': (page_view_count * 0.3)::decimal(38, 6)},
    ] as histogram,
    event_date
from roll_ups r, (values ('LCP', 2500, 370), ('INP', 200, 240), ('CLS', 0.1, 40), ('FCP', 1800, 350), ('TTFB', 800, 300)) m (metric, good, bucket);

create table experience.fct_experience_roll_ups_daily as
select
    * exclude (lcp_ms, event_date), page_view_count::decimal(38, 6) as weight_sum, page_view_count::decimal(38, 6) as ux_score_weight,
    page_view_count::decimal(38, 12) as ux_score_weight_square_sum, (page_view_count * 92)::decimal(38, 12) as ux_score_sum,
    (page_view_count * 8600)::decimal(38, 12) as ux_score_square_sum, (page_view_count * 5)::decimal(38, 12) as lcp_loss_sum,
    page_view_count::decimal(38, 12) as inp_loss_sum, page_view_count::decimal(38, 12) as cls_loss_sum,
    (page_view_count * 0.5)::decimal(38, 12) as fcp_loss_sum, (page_view_count * 0.5)::decimal(38, 12) as ttfb_loss_sum,
    (page_view_count * 0.01)::decimal(38, 6) as error_weight_sum, page_view_count // 3 as follow_up_count,
    page_view_count // 200 as broken_chain_count, event_date
from roll_ups;

create table experience.fct_vitals_parts_daily as
select
    m.metric, m.part, page_group, device, n as page_view_count, 2::bigint as invalid_page_view_count,
    n::decimal(38, 6) as weight_sum, (n * 100)::decimal(38, 9) as part_sum, (n * 100 * m.parts)::decimal(38, 9) as value_sum, event_date
from sizes, (values
    ('LCP', 'time_to_first_byte', 4), ('LCP', 'resource_load_delay', 4), ('LCP', 'resource_load_duration', 4),
    ('LCP', 'element_render_delay', 4), ('INP', 'input_delay', 3), ('INP', 'processing_duration', 3),
    ('INP', 'presentation_delay', 3), ('TTFB', 'waiting_duration', 1)
) m (metric, part, parts)
where country = 'DE';

create table experience.fct_vitals_elements_daily as
select
    m.metric, page_group, m.target, n as page_view_count, n::decimal(38, 6) as weight_sum,
    (n * 0.2)::decimal(38, 6) as not_good_weight_sum, (n * 900)::decimal(38, 10) as value_sum, (n * 4)::decimal(38, 12) as loss_sum, event_date
from sizes, (values ('LCP', 'main>img.hero'), ('INP', 'button#buy'), ('CLS', 'div.banner')) m (metric, target)
where country = 'DE' and device = 'mobile';

create table experience.fct_page_view_arrivals_daily as
select
    900::bigint as session_count, 4::bigint as silent_session_count, 896::bigint as matched_session_count, 30::bigint as unlisted_session_count, 3000::bigint as expected_page_view_count,
    2980::bigint as received_page_view_count, event_date
from days;

create table experience.fct_page_requests_daily as
select page_group, 400::bigint as expected_page_view_count, 388::decimal(38, 6) as received_weight_sum, event_date
from days, (values ('home'), ('cart')) g (page_group);

create table dimensions.dim_metric_breaks as
select
    m.metric, 'library' as kind, 'web-vitals 7' as change, 'All is measured in another way' as effect, null::varchar as browser,
    'https://vitals.example/7' as source, 'day' as dated_to, $as_of::date - 20 as event_date
from (values ('LCP'), ('INP')) m (metric);
