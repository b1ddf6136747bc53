with

published as (

    select
        break_date as event_date,
        dated_to,
        kind,
        unnest(string_split(metrics, ' ')) as metric,
        browser,
        change,
        effect,
        source
    from {{ ref('metric_breaks') }}

),

libraries as (

    select
        library,
        sum(report_count) as report_count,
        event_date
    from {{ ref('fct_beacon_integrity_daily') }}
    where metric <> 'page_view'
    group by library, event_date

),

-- The day on which most reports come from another library, or another major version of it, than the day before.
foremost as (

    select
        arg_max(library, report_count) as library,
        event_date
    from libraries
    group by event_date

),

switched as (

    select
        *,
        lag(library) over (order by event_date) as library_before
    from foremost

),

final as (

    select * from published
    union all by name
    select
        event_date,
        'day' as dated_to,
        'own_library' as kind,
        unnest(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']) as metric,
        library || ' here' as change,
        'Most reports come from ' || library || ', and no longer from ' || library_before as effect
    from switched
    where library <> library_before

)

select
    metric,
    kind,
    change,
    effect,
    browser,
    source,
    dated_to,
    event_date
from final
order by event_date, metric, change
