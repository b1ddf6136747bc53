with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

pairs as (
    select
        kpis.kpi,
        kpis.unit,
        (run.as_of_date - kpis.event_date) % 7 as days_back,
        max(kpis.value) filter (kpis.event_date > run.as_of_date - 7) as value,
        max(kpis.value) filter (kpis.event_date <= run.as_of_date - 7) as previous_value
    from {{ ref('fct_kpi_daily') }} as kpis
    inner join run on kpis.event_date between run.as_of_date - 13 and run.as_of_date
    group by kpis.kpi, kpis.unit, days_back
),

-- Each day against the same weekday a week before: seven differences, whose mean has a t interval with 6 degrees of
-- freedom, whatever the KPI is made of. Sums of fractions depend on their order: here and below it is one for all runs.
weeks as (
    select
        kpi,
        unit,
        avg(value order by days_back) as value,
        avg(previous_value order by days_back) as previous_value,
        avg(value - previous_value order by days_back) as change,
        2.446912 * stddev_samp(value - previous_value order by days_back) / sqrt(7) as reach
    from pairs
    group by kpi, unit
    having count(value - previous_value) = 7
),

limits as (
    select
        upper(split_part(kpi, '_', 1)) as metric,
        previous_value as slow
    from weeks
    where kpi like '%\_p75%' escape '\'
),

views as (
    select
        days.event_date > run.as_of_date - 7 as is_now,
        case
            when grouping(device) = 0 then 'device'
            when grouping(country) = 0 then 'country'
            else 'page_group'
        end as dimension,
        coalesce(device, country, page_group) as segment,
        cast(sum(days.weight_sum) as double) as views,
        cast(sum(days.error_weight_sum) as double) as errors,
        cast(sum(days.vitals_weight_sum) as double) as judged,
        cast(sum(days.vitals_pass_weight_sum) as double) as passing,
        cast(sum(days.ux_score_weight) filter (days.is_headline) as double) as scored,
        cast(sum(days.ux_score_sum) filter (days.is_headline) as double) as points
    from {{ ref('fct_experience_daily') }} as days
    inner join run on days.event_date between run.as_of_date - 13 and run.as_of_date
    group by is_now, grouping sets (device, country, page_group)
),

sessions as (
    select
        days.event_date > run.as_of_date - 7 as is_now,
        if(grouping(device) = 0, 'device', 'country') as dimension,
        coalesce(device, country) as segment,
        cast(sum(days.session_count) as double) as sessions,
        cast(sum(days.converted_session_count) as double) as converted,
        cast(sum(days.bounce_count) as double) as bounces,
        cast(sum(days.order_count) as double) as orders,
        cast(sum(days.revenue_net) as double) as revenue
    from {{ ref('fct_business_daily') }} as days
    inner join run on days.event_date between run.as_of_date - 13 and run.as_of_date
    group by is_now, grouping sets (device, country)
),

buckets as (
    select
        days.event_date > run.as_of_date - 7 as is_now,
        days.roll_up as dimension,
        case days.roll_up when 'device' then days.device when 'country' then days.country else days.page_group end
            as segment,
        days.metric,
        unnest(list_transform(days.histogram, lambda item: item['bucket'])) as bucket,
        unnest(list_transform(days.histogram, lambda item: item['weight'])) as weight
    from {{ ref('fct_vitals_roll_ups_daily') }} as days
    inner join run on days.event_date between run.as_of_date - 13 and run.as_of_date
    where days.roll_up in ('device', 'country', 'page_group')
),

-- A p75 moves as the share of page views that are slower than it was.
slow as (
    select
        buckets.is_now,
        buckets.dimension,
        buckets.segment,
        lower(buckets.metric) || '_p75' || if(buckets.metric = 'CLS', '', '_ms') as kpi,
        cast(sum(if({{ bucket_value('metric', 'bucket') }} > limits.slow, weight, 0)) as double) as numerator,
        cast(sum(weight) as double) as denominator
    from buckets
    inner join limits using (metric)
    group by all
),

-- A sum is a ratio to nothing: its parts are counts.
parts as (
    select
        is_now,
        dimension,
        segment,
        unnest(['page_view_count', 'error_page_view_share', 'core_web_vitals_pass_share', 'ux_score']) as kpi,
        unnest([views, errors, passing, points]) as numerator,
        unnest([null, views, judged, scored]) as denominator
    from views
    union all by name
    select
        is_now,
        dimension,
        segment,
        unnest(['session_count', 'conversion_share', 'bounce_share', 'order_count', 'revenue_net']) as kpi,
        unnest([sessions, converted, bounces, orders, revenue]) as numerator,
        unnest([null, sessions, sessions, null, null]) as denominator
    from sessions
    union all by name
    select * from slow
),

paired as (
    select
        kpi,
        dimension,
        segment,
        bool_or(denominator is not null) as is_ratio,
        coalesce(max(numerator) filter (is_now), 0) as n1,
        coalesce(max(numerator) filter (not is_now), 0) as n0,
        coalesce(max(denominator) filter (is_now), 0) as d1,
        coalesce(max(denominator) filter (not is_now), 0) as d0
    from parts
    group by kpi, dimension, segment
),

shares as (
    select
        *,
        if(is_ratio, d0, n0) / nullif(sum(if(is_ratio, d0, n0)) over whole, 0) as volume_share,
        d1 / nullif(sum(d1) over whole, 0) as w1,
        d0 / nullif(sum(d0) over whole, 0) as w0,
        coalesce(n1 / nullif(d1, 0), n0 / nullif(d0, 0)) as r1,
        coalesce(n0 / nullif(d0, 0), n1 / nullif(d1, 0)) as r0,
        (sum(n1) over whole / nullif(sum(d1) over whole, 0) + sum(n0) over whole / nullif(sum(d0) over whole, 0)) / 2
            as middle
    from paired
    window whole as (
        partition by kpi, dimension
        order by segment rows between unbounded preceding and unbounded following
    )
),

-- The change of a ratio is, exactly, the sum over segments of what changed within them and of what their growing or
-- shrinking changed (Kitagawa, JASA 50, 1955).
split as (
    select
        *,
        if(is_ratio, (w1 + w0) / 2 * (r1 - r0), n1 - n0) as within_change,
        if(is_ratio, (w1 - w0) * ((r1 + r0) / 2 - middle), 0) as mix_change
    from shares
),

carried as (
    select
        *,
        (within_change + mix_change) / nullif(sum(within_change + mix_change) over whole, 0) as carried_share,
        mix_change / nullif(within_change + mix_change, 0) as mix_share
    from split
    window whole as (
        partition by kpi, dimension
        order by segment rows between unbounded preceding and unbounded following
    )
),

-- Who carries more than its volume explains. The largest segment always carries most of what befalls all.
foremost as (
    select *
    from carried
    where carried_share - volume_share >= 0.2
    qualify row_number() over (
        partition by kpi
        order by round(carried_share - volume_share, 9) desc, dimension asc, segment asc
    ) = 1
),

final as (
    select
        weeks.kpi,
        weeks.unit,
        weeks.value,
        weeks.previous_value,
        weeks.change / nullif(abs(weeks.previous_value), 0) as change_share,
        weeks.change - weeks.reach as change_lower,
        weeks.change + weeks.reach as change_upper,
        abs(weeks.change) > weeks.reach as is_change_proven,
        foremost.dimension as driver_dimension,
        foremost.segment as driver,
        foremost.carried_share as driver_carried_share,
        foremost.volume_share as driver_volume_share,
        foremost.mix_share as driver_mix_share,
        run.as_of_date as event_date
    from weeks
    cross join run
    left join foremost on weeks.kpi = foremost.kpi
)

select * from final
order by kpi
