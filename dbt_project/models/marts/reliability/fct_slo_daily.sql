{{ config(materialized='table') }}

with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

slos as (select * from {{ source('config', 'slos') }}),

services as (select * from {{ source('config', 'services') }}),

availability as (
    select * from {{ ref('fct_availability_daily') }}
    where is_contractual
),

-- Page views of headline navigations; page_group is 'all' for the whole site.
vitals as (
    select
        'good_' || lower(metric) as indicator,
        page_group,
        event_date,
        good_count,
        weight_sum,
        weight_square_sum
    from {{ ref('int_vitals_days_rolled_up') }}
    where device = 'all' and country = 'all' and event_date <= (select as_of_date from run)
),

-- In millionths, as whole numbers: their sums and products are exact. An event is a check or a page view.
days as (
    select
        slos.slo,
        availability.event_date,
        (1e6 * availability.good_amount)::bigint as good,
        (1e6 * availability.total_amount)::bigint as total,
        (availability.total_amount / if(
            availability.amount_unit = 's', coalesce(services.probe_interval_s, 300), 1
        ))::bigint as event_count,
        availability.amount_unit as unit
    from slos
    inner join availability on slos.indicator = 'availability' and slos.service = availability.service
    left join services on slos.service = services.service
    union all
    select
        slos.slo,
        vitals.event_date,
        (1e6 * vitals.good_count)::bigint as good,
        (1e6 * vitals.weight_sum)::bigint as total,
        (power(vitals.weight_sum, 2) / nullif(vitals.weight_square_sum, 0))::bigint as event_count,
        'page_views' as unit
    from slos
    inner join vitals on slos.indicator = vitals.indicator and coalesce(slos.page_group, 'all') = vitals.page_group
),

calendar as (
    select
        slos.slo,
        unnest(range(
            coalesce(min(days.event_date), max(run.as_of_date))::timestamp,
            max(run.as_of_date) + interval 1 day,
            interval 1 day
        ))::date as event_date
    from slos
    cross join run
    left join days on slos.slo = days.slo
    group by slos.slo
),

summed as (
    select
        slos.*,
        calendar.event_date,
        days.good as day_good,
        days.total as day_total,
        coalesce(sum(days.good) over w, 0) as good,
        coalesce(sum(days.total) over w, 0) as total,
        coalesce(sum(days.event_count) over w, 0) as event_count,
        sum(days.good * days.good::hugeint) over w as good_good,
        sum(days.good * days.total::hugeint) over w as good_total,
        sum(days.total * days.total::hugeint) over w as total_total,
        coalesce(count_if(days.total > 0) over w, 0)::bigint as day_count,
        max(days.unit) over w as window_unit,
        count(*) over w as calendar_day_count
    from calendar
    inner join slos using (slo)
    left join days using (slo, event_date)
    window w as (
        partition by slos.slo
        order by calendar.event_date
        range between to_days(slos.window_days - 1) preceding and current row -- noqa: PRS
    )
),

-- Bad events come in clusters (outages): the binomial interval is taken at the number of independent events that would
-- vary as much as the days of the window do (design effect; Kish 1965, Korn and Graubard 1998).
judged as (
    select
        *,
        good / nullif(total, 0) as sli,
        1 - target_share as allowed,
        sli * (1 - sli) / nullif(event_count, 0) as binomial_variance,
        day_count / nullif(day_count - 1, 0)
        * (good_good - 2 * sli * good_total + sli * sli * total_total) / power(total, 2) as day_variance,
        event_count / greatest(1, coalesce(day_variance / nullif(binomial_variance, 0), 1)) as effective_count,
        1 - (total - good) / nullif(allowed * total, 0) as remaining
    from summed
),

final as (
    select
        slo,
        service,
        indicator,
        page_group,
        case
            when total = 0 or event_count * allowed < 1 or 2 * day_count < calendar_day_count then 'insufficient_data'
            when remaining < 0 then 'breached'
            when remaining < 0.25 then 'warning'
            else 'ok'
        end as state,
        coalesce(window_unit, if(indicator = 'availability', 's', 'page_views')) as unit,
        target_share::double as target_share,
        window_days,
        day_count,
        good / 1e6 as good_count,
        total / 1e6 as total_count,
        sli as sli_share,
        {{ wilson('lower', 'sli * effective_count', 'effective_count') }} as sli_lower,
        {{ wilson('upper', 'sli * effective_count', 'effective_count') }} as sli_upper,
        allowed * total / 1e6 as budget_total,
        (total - good) / 1e6 as budget_spent,
        remaining as budget_remaining_share,
        (day_total - day_good) / nullif(day_total, 0) / allowed as burn_rate,
        event_date
    from judged
)

select * from final
order by event_date, slo
