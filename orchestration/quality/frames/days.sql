-- One row per day of the week that ends with the run: what two ways of counting the same thing disagree about. NULL on
-- a day of which neither knows anything.
with

days as (
    select cast(unnest(generate_series($as_of - 6, $as_of, interval 1 day)) as date) as event_date
),

page_views as (
    select event_date, count(*) as page_view_count, count(*) - count(distinct page_view_id) as repeated_page_views
    from experience.fct_page_views
    where event_date between $as_of - 6 and $as_of
    group by all
),

experience as (
    select event_date, sum(page_view_count) as page_view_count
    from experience.fct_experience_daily
    where event_date between $as_of - 6 and $as_of
    group by all
),

sessions as (
    select event_date, count(*) as session_count
    from business.fct_sessions
    where event_date between $as_of - 6 and $as_of
    group by all
),

orders as (
    select event_date, sum(revenue_net) as revenue_net
    from business.fct_orders
    where event_date between $as_of - 6 and $as_of
    group by all
),

business as (
    select event_date, sum(sample_count) as session_count, sum(revenue_net) as revenue_net
    from business.fct_business_daily
    where event_date between $as_of - 6 and $as_of
    group by all
)

select
    cast(event_date as varchar) as cell,
    if(
        coalesce(page_views.page_view_count, experience.page_view_count) is null,
        null,
        coalesce(page_views.page_view_count, 0) - coalesce(experience.page_view_count, 0)
    ) as page_view_difference,
    if(
        coalesce(sessions.session_count, nullif(business.session_count, 0)) is null,
        null,
        coalesce(sessions.session_count, 0) - coalesce(business.session_count, 0)
    ) as session_difference,
    if(
        coalesce(orders.revenue_net, nullif(business.revenue_net, 0)) is null,
        null,
        cast(coalesce(orders.revenue_net, 0) - coalesce(business.revenue_net, 0) as double)
    ) as revenue_difference,
    repeated_page_views
from days
left join page_views using (event_date)
left join experience using (event_date)
left join sessions using (event_date)
left join orders using (event_date)
left join business using (event_date)
order by event_date
