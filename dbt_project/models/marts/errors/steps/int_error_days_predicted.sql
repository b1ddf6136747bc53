{{ config(materialized='view') }}

-- What the 28 days before, and only those, predict for the days of groups that had errors enough for a look on one of
-- them. A day with fewer is predicted, for who wants to see it, and not tested.
with
settings as (select * from {{ source('config', 'error_settings') }}),

days as (
    select
        error_group_id,
        event_date,
        coalesce(max(error_count) filter (is_total), sum(error_count))::bigint as error_count,
        coalesce(max(greatest(page_view_count, session_count, user_count)) filter (is_total), 1) as met_count
    from {{ ref('int_errors_counted') }}
    where event_date <= {{ as_of() }}
    group by error_group_id, event_date
),

-- More page views meet more errors, which is most of the season of the week; without beacons all days are alike.
exposures as (
    select
        event_date,
        greatest(sum(page_view_count), 1)::double as exposure
    from {{ ref('fct_experience_daily') }}
    group by event_date
),

candidates as (
    select
        days.*,
        days.error_count >= settings.escalation_smallest_count as is_tested,
        greatest(min(days.event_date) over (partition by days.error_group_id), days.event_date - 28) as from_date
    from days
    cross join settings
    qualify
        max(days.error_count) over (partition by days.error_group_id) >= settings.escalation_smallest_count
        and days.event_date - from_date >= 7
),

pasts as (
    select
        *,
        unnest(range(from_date, event_date, interval 1 day))::date as day
    from candidates
),

before as (
    select
        pasts.error_group_id,
        pasts.event_date,
        pasts.error_count,
        pasts.met_count,
        pasts.is_tested,
        pasts.day,
        coalesce(exposures.exposure, 1) as exposure,
        coalesce(days.error_count, 0)::double as count
    from pasts
    left join exposures on pasts.day = exposures.event_date
    left join days on pasts.error_group_id = days.error_group_id and pasts.day = days.event_date
),

summed as (
    select
        before.error_group_id,
        before.event_date,
        any_value(before.error_count) as error_count,
        any_value(before.met_count) as met_count,
        any_value(before.is_tested) as is_tested,
        coalesce(any_value(exposures.exposure), 1) as exposure,
        count(*) as day_count,
        sum(before.count) as count_sum,
        sum(before.exposure) as exposure_sum,
        sum(before.count * before.count / before.exposure) as square_sum,
        coalesce(sum(before.count) filter ((before.event_date - before.day) % 7 = 0), 0) as weekday_count,
        coalesce(sum(before.exposure) filter ((before.event_date - before.day) % 7 = 0), 0) as weekday_exposure
    from before
    left join exposures on before.event_date = exposures.event_date
    group by before.error_group_id, before.event_date
),

-- The weekday's own effect is held towards none by four days' worth of errors. Errors come in clusters, of days and of
-- one visitor who meets the same again and again: the variance is as many times that of Poisson.
expected as (
    select
        *,
        greatest(4 * count_sum / day_count, 4) as prior_count,
        exposure / exposure_sum
        * (weekday_count + prior_count) / (count_sum * weekday_exposure / exposure_sum + prior_count) as share,
        greatest(
            1, coalesce((exposure_sum / nullif(count_sum, 0) * square_sum - count_sum) / (day_count - 1), 1),
            error_count / greatest(met_count, 1)
        ) as dispersion
    from summed
),

-- The difference of two counts on the scale of square roots, where their variance does not depend on their size. The
-- dispersion is an estimate too, hence Student's t with as many degrees of freedom as days, brought to a normal z.
final as (
    select
        error_group_id,
        event_date,
        count_sum * share as expected_count,
        power(
            sqrt(share * (count_sum + 0.375)) + 1.959964 / 2 * sqrt(dispersion * (1 + share)), 2
        ) - 0.375 as expected_upper,
        2 * (sqrt(error_count + 0.375) - sqrt(share * (count_sum + 0.375))) / sqrt(dispersion * (1 + share)) as t,
        t * (1 - 1 / (4 * (day_count - 1))) / sqrt(1 + t * t / (2 * (day_count - 1))) as z,
        if(is_tested, {{ normal_upper_tail('z') }}, null) as p_value
    from expected
)

select * exclude (t, z) from final
