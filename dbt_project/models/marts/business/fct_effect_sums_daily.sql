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

measured as (
    select
        * replace (
            if(exposure = 'outage_next_day', 'outage', exposure) as exposure,
            if(exposure = 'outage_next_day', 'control', 'effect') as term
        )
    from (
        select
            *,
            unnest({{ session_exposures() }}, recursive := true)
        from ({{ sessions_in_strata() }})
    )
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

cells as ({{ effect_cells('(select * from drawn union all by name select * from controls) as placed', ['cell']) }}),

parts as ({{ effect_segments() }}),

filled_buckets as (
    select
        *,
        sum(w) over of_cell as w_cell,
        {% for outcome in outcome_names().split(', ') %}
        sum({{ outcome }}_sum) over of_cell as {{ outcome }}_cell{{ ',' if not loop.last }}
        {% endfor %}
    from ({{ effect_cells('drawn where bucket is not null', ['cell', 'bucket']) }})
    window of_cell as (partition by exposure, event_date, cell)
),

overlapping as (
    select
        exposure,
        event_date,
        bucket,
        list({segment: format('{:g}', other_bucket), overlap: overlap} order by other_bucket) as bucket_overlaps
    from (
        select
            one.exposure,
            one.event_date,
            one.bucket,
            other.bucket as other_bucket,
            sum(cast(
                if(one.bucket = other.bucket, one.w, 0) - 1.0::double * one.w * other.w / one.w_cell
                as decimal(28, 9)
            )) as overlap
        from filled_buckets as one
        inner join filled_buckets as other using (exposure, event_date, cell)
        group by one.exposure, one.event_date, one.bucket, other.bucket
    )
    group by exposure, event_date, bucket
),

buckets as ({{ effect_buckets() }}),

final as (
    select
        exposure,
        term,
        dimension,
        segment,
        session_count,
        weight_sum,
        {% for outcome in outcome_names().split(', ') %}{{ outcome }}_sum, {% endfor %}
        variation,
        {% for outcome in outcome_names().split(', ') %}{{ outcome }}_covariation, {% endfor %}
        slow_weight_sum,
        slow_revenue_sum,
        excess_sum,
        bucket_overlaps,
        event_date
    from (
        select * from parts
        union all by name
        select * from buckets
    )
    {{ history_union() }}
)

select * from final
order by event_date, exposure, term, dimension, segment
