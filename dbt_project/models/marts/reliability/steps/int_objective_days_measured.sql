with
objectives as (select * from {{ source('config', 'objectives') }}),

windows as (select * from {{ ref('int_objective_windows_dated') }}),

-- In millionths, as whole numbers, whose sums are exact; products are of hundredths, so that those of 1e8 events of the
-- highest weight fit. With weights, n = (Σw)² / Σw².
days as (
    select
        objective,
        amount_unit,
        (good_amount * 1000000)::hugeint as good,
        (total_amount * 1000000)::hugeint as total,
        (excluded_amount * 1000000)::hugeint as excluded,
        round(good_amount * 100)::hugeint as good_100,
        round(total_amount * 100)::hugeint as total_100,
        if(weight_square_sum > 0, power(total_amount, 2) / weight_square_sum, event_count)::bigint as event_count,
        event_date
    from {{ ref('int_sli_days_summed') }}
),

summed as (
    select
        windows.*,
        objectives.slice_s,
        (1 - objectives.target_share)::double as allowed,
        (days.total - days.good) / nullif(days.total, 0) as day_bad_share,
        max(days.amount_unit) over w as amount_unit,
        coalesce(sum(days.good) over w, 0) as good,
        coalesce(sum(days.total) over w, 0) as total,
        coalesce(sum(days.excluded) over w, 0) as excluded,
        coalesce(sum(days.event_count) over w, 0)::bigint as event_count,
        sum(days.good_100 * days.good_100) over w as good_good,
        sum(days.good_100 * days.total_100) over w as good_total,
        sum(days.total_100 * days.total_100) over w as total_total,
        coalesce(count_if(days.total > 0) over w, 0)::bigint as day_count
    from windows
    inner join objectives using (objective)
    left join days using (objective, event_date)
    window w as (
        partition by windows.objective
        order by windows.event_date
        range between to_days(windows.event_date - windows.window_starts_on) preceding and current row -- noqa: PRS
    )
),

-- Bad events come in clusters (outages): the binomial interval is taken at the number of independent events that would
-- vary as much as the days of the window do (design effect; Kish 1965, Korn and Graubard 1998).
clustered as (
    select
        *,
        good / nullif(total, 0) as sli,
        sli * (1 - sli) / nullif(event_count, 0) as binomial_variance,
        day_count / nullif(day_count - 1, 0)
        * (good_good - 2 * sli * good_total + sli * sli * total_total) / power(total / 1e4, 2) as day_variance,
        event_count / greatest(1, coalesce(day_variance / nullif(binomial_variance, 0), 1)) as effective_count
    from summed
),

-- What is left of a calendar window is taken to be as busy as its days so far: its budget is that of the whole window.
projected as (
    select
        *,
        total * (1 + rest_s / nullif(known_s, 0)) as window_total,
        window_total / nullif(case amount_unit
            when 's' then 60e6
            when 'slices' then 60e6 / slice_s
            else total / nullif(known_s, 0) * 60
        end, 0) as window_minutes
    from clustered
),

final as (
    select
        objective,
        amount_unit,
        day_count,
        passed_day_count,
        window_day_count,
        event_count * (window_total / nullif(total, 0)) * allowed as budget_event_count,
        good / 1e6 as good_count,
        total / 1e6 as total_count,
        excluded / 1e6 as excluded_amount,
        sli as sli_share,
        {{ wilson('lower', 'sli * effective_count', 'effective_count') }} as sli_lower,
        {{ wilson('upper', 'sli * effective_count', 'effective_count') }} as sli_upper,
        allowed * window_total / 1e6 as budget_total,
        (total - good) / 1e6 as budget_spent,
        (total - good) / nullif(window_total, 0) as window_bad_share,
        1 - window_bad_share / allowed as budget_remaining_share,
        day_bad_share,
        window_minutes,
        (allowed - window_bad_share) * window_minutes as minutes_left,
        window_starts_on,
        event_date
    from projected
)

select * from final
