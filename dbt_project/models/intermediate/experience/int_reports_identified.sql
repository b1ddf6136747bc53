with

reports as not materialized (

    -- Two days more than are kept: an orphan is known from two days back, an unnamed view from one.
    select *
    from {{ ref('stg_web_vitals__beacons') }}
    where {{ loaded('event_date', back=2) }}
    union all by name
    select *
    from {{ ref('int_reports_translated') }}
    where {{ loaded('event_date', back=2) }}

),

unnamed as (

    select
        _receipt_order,
        event_date,
        client_clock_ms,
        metric,
        report_id,
        navigation_type,
        md5(concat_ws(
            '|',
            coalesce(session_id, user_agent, ''),
            coalesce(navigation_url, ''),
            coalesce(navigation_id, ''),
            coalesce(navigation_start_ms, -1)
        )) as navigation_key
    from reports
    where page_view_id is null

),

with_day_before as (

    select
        *,
        event_date as own_date
    from unnamed
    union all
    select
        *,
        event_date + 1 as own_date
    from unnamed

),

spaced as (

    -- Clocks more than 10 s apart are separate views.
    select
        *,
        client_clock_ms - lag(client_clock_ms) over by_clock <= 10000 as is_close
    from with_day_before
    window by_clock as (partition by navigation_key, own_date order by client_clock_ms, _receipt_order)

),

clustered as (

    select
        *,
        coalesce(
            max(case when coalesce(is_close, false) then null else client_clock_ms end) over (
                partition by navigation_key, own_date order by client_clock_ms, _receipt_order
            ),
            0
        ) as cluster_ms
    from spaced

),

-- A browser gives each metric one id in a view, and a view has one navigation type: two of either are two views, such
-- as two tabs that opened one page within seconds, or a return from the back-forward cache. Few clusters have that.
identified as (

    select
        navigation_key,
        own_date,
        cluster_ms,
        metric,
        report_id as id,
        client_clock_ms
    from clustered
    where client_clock_ms is not null
    union all
    select
        navigation_key,
        own_date,
        cluster_ms,
        '' as metric,
        navigation_type as id,
        client_clock_ms
    from clustered
    where client_clock_ms is not null and navigation_type is not null

),

doubled as (

    select
        navigation_key,
        own_date,
        cluster_ms,
        arg_max(metric, (id_count, metric)) as leading_metric
    from (
        select
            navigation_key,
            own_date,
            cluster_ms,
            metric,
            count(distinct id) as id_count
        from identified
        group by navigation_key, own_date, cluster_ms, metric
    ) as metrics
    group by navigation_key, own_date, cluster_ms
    having max(id_count) > 1

),

-- What has the most ids tells when the views began, and what else was measured belongs to the nearest of them.
begun as (

    select
        identified.navigation_key,
        identified.own_date,
        identified.cluster_ms,
        identified.id,
        min(identified.client_clock_ms) as began_ms,
        row_number() over (
            partition by identified.navigation_key, identified.own_date, identified.cluster_ms
            order by min(identified.client_clock_ms), identified.id
        ) as view_number
    from identified
    inner join doubled using (navigation_key, own_date, cluster_ms)
    where identified.metric = doubled.leading_metric
    group by identified.navigation_key, identified.own_date, identified.cluster_ms, identified.id

),

own as (

    select * from clustered
    where event_date = own_date

),

numbered as (

    select
        own._receipt_order,
        arg_min(begun.id, (
            begun.id not in (own.report_id, coalesce(own.navigation_type, '')),
            abs(own.client_clock_ms - begun.began_ms),
            begun.view_number
        )) as began_id,
        arg_min(begun.view_number, (
            begun.id not in (own.report_id, coalesce(own.navigation_type, '')),
            abs(own.client_clock_ms - begun.began_ms),
            begun.view_number
        )) as view_number
    from own
    inner join begun using (navigation_key, own_date, cluster_ms)
    group by own._receipt_order

),

named as (

    select
        own._receipt_order,
        md5(concat_ws(
            '|', own.navigation_key, own.cluster_ms, if(numbered.view_number > 1, numbered.began_id, null)
        )) as page_view_id
    from own
    left join numbered on own._receipt_order = numbered._receipt_order

)

select
    reports.* exclude (page_view_id),
    coalesce(reports.page_view_id, named.page_view_id) as page_view_id
from reports
left join named on reports.page_view_id is null and reports._receipt_order = named._receipt_order
