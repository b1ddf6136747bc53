with
-- An outage of a critical service counts for who came while it lasted; that of tomorrow can have done nothing today.
outages as (
    select
        outages.started_at,
        coalesce(outages.ended_at, timestamp 'infinity') as ended_at
    from {{ ref('fct_outages') }} as outages
    inner join {{ source('config', 'services') }} as services using (service)
    where services.is_critical
),

sessions as (
    select
        * replace (coalesce(channel, 'unknown') as channel),
        landing_page_group as page_group,
        if(is_converted, 1, 0) as conversion,
        if(is_bounce, 1, 0) as bounce,
        -- A tab left open is not engagement.
        least(duration_s, 3600) as duration,
        least(page_view_count, 100) as pages,
        case when is_new_user then 'new' when not is_new_user then 'returning' else 'unknown' end as visitor_kind,
        cast(hour(started_at) // 6 as varchar) as part_of_day,
        exists(
            select 1 from outages
            where sessions.started_at >= outages.started_at and sessions.started_at < outages.ended_at
        ) as is_in_outage,
        exists(
            select 1 from outages
            where
                sessions.started_at + interval 1 day >= outages.started_at
                and sessions.started_at + interval 1 day < outages.ended_at
        ) as is_in_outage_next_day
    from {{ ref('fct_sessions') }} as sessions
    where {{ rebuilt('event_date') }}
),

in_strata as (
    {{ sessions_in_strata() }}
),

exposed as (
    select
        *,
        unnest({{ session_exposures() }}, recursive := true)
    from in_strata
),

measured as (
    select
        * replace (
            if(exposure = 'outage_next_day', 'outage', exposure) as exposure,
            if(exposure = 'outage_next_day', 'control', 'effect') as term
        )
    from exposed
    where x is not null
),

-- The control: every session gets the exposure of another one of its cell, drawn by lot.
drawn as (
    select
        *,
        row_number() over (partition by exposure, cell order by session_id) as place,
        row_number() over (partition by exposure, cell order by md5(session_id)) as lot
    from measured
),

controls as (
    select drawn.* replace ('control' as term, others.x as x)
    from drawn
    inner join drawn as others
        on drawn.exposure = others.exposure and drawn.cell = others.cell and drawn.place = others.lot
    where drawn.exposure <> 'outage'
),

-- Who leaves before a metric is measured lacks it. x = 1 for those: the sums say whether they did as like ones.
missing as (
    select * replace ('missing' as term, if(x is null, 1, 0) as x)
    from exposed
    where exposure not in ('error', 'outage', 'outage_next_day')
),

placed as (
    select * from drawn
    union all by name
    select * from missing
    union all by name
    select * from controls
),

cells as (
    {{ effect_cells('placed', ['cell']) }}
),

parts as (
    {{ effect_segments() }}
),

filled as (
    {{ filled_buckets() }}
),

overlapping as (
    {{ overlapping_buckets() }}
),

buckets as (
    {{ effect_buckets() }}
),

told as (
    select * from parts
    union all by name
    select * from buckets
),

final as (
    select
        exposure,
        term,
        dimension,
        segment,
        session_count,
        weight_sum,
        conversion_sum,
        bounce_sum,
        duration_sum,
        pages_sum,
        revenue_sum,
        variation,
        conversion_covariation,
        bounce_covariation,
        duration_covariation,
        pages_covariation,
        revenue_covariation,
        slow_weight_sum,
        slow_revenue_sum,
        excess_sum,
        bucket_overlaps,
        event_date
    from told
    {{ history_union() }}
)

select * from final
order by event_date, exposure, term, dimension, segment
