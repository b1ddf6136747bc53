-- Asked of the ledger where a file of the feed proves it, and of the marts where a file may hold something else too:
-- page views without vitals, page views that name no session.
with

files as (

    select
        raw_table,
        unnest(event_dates) as event_date
    from {{ source('pipeline', 'ingested_files') }}
    where rows_kept > 0

),

kinds (feed, raw_table) as (

    values
    ('errors', 'raw_web_errors.errors'),
    ('errors', 'raw_faro.signals'),
    ('errors', 'raw_opentelemetry.log_records'),
    ('probes', 'raw_probes.checks'),
    ('maintenance', 'raw_maintenance.windows'),
    ('incidents', 'raw_incidents.incidents'),
    ('orders', 'raw_orders.orders'),
    ('requests', 'raw_requests.requests'),
    ('releases', 'raw_releases.releases'),
    ('session_lists', 'raw_sessions.sessions'),
    ('alert_reviews', 'raw_alert_reviews.reviews'),
    ('access_logs', 'raw_access_log.requests')

),

days as (

    select
        kinds.feed,
        files.event_date
    from files
    inner join kinds using (raw_table)
    union
    select
        'page_views' as feed,
        event_date
    from {{ ref('fct_experience_daily') }}
    union
    select
        'vitals' as feed,
        event_date
    from {{ ref('fct_vitals_roll_ups_daily') }}
    where roll_up = 'site'
    union
    select
        'sessions' as feed,
        event_date
    from {{ ref('fct_business_daily') }}
    where sample_count > 0
    union
    select
        'page_requests' as feed,
        event_date
    from {{ ref('fct_page_requests_daily') }}

),

feeds (feed) as (

    select feed from kinds
    union
    values ('page_views'), ('vitals'), ('sessions'), ('page_requests')

),

final as (

    select
        feeds.feed,
        count(distinct days.event_date) as day_count,
        count(days.event_date) > 0 as is_delivered,
        min(days.event_date) as first_date,
        max(days.event_date) as last_date
    from feeds
    left join days on feeds.feed = days.feed and days.event_date <= {{ as_of() }}
    group by feeds.feed

)

select * from final
order by feed
