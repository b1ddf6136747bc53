{{
    config(
        materialized='incremental',
        meta={'reach': {'raw_probes.checks': {}, 'raw_maintenance.windows': {}}, 'closes': 0, 'history': true},
    )
}}

-- Methods differ in what a check in announced maintenance is worth, so these are counted apart.
with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ rebuilt() }}
),

windows as (select * from {{ ref('int_maintenance_windows_merged') }}),

placed as (
    select
        checks.service,
        checks.status,
        coalesce(checks.checked_at < windows.ends_at, false) as is_excluded,
        checks.event_date,
        time_bucket(interval 5 minute, checks.checked_at) as bucket_starts_at
    from checks
    asof left join windows
        on checks.service = windows.service and checks.checked_at >= windows.starts_at
),

opened as (
    select
        service,
        {%- for status in ('up', 'degraded', 'down', 'pending') %}
            count_if(status = '{{ status }}' and not is_excluded)::bigint as {{ status }}_count,
            count_if(status = '{{ status }}' and is_excluded)::bigint as excluded_{{ status }}_count,
        {%- endfor %}
        count_if(status = 'maintenance')::bigint as maintenance_count,
        event_date,
        bucket_starts_at
    from placed
    group by service, event_date, bucket_starts_at
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
