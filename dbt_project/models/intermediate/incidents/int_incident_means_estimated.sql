with
durations as (select * from {{ ref('int_incident_durations_unpivoted') }}),

-- Logarithms as decimals: their sums are the same in every run, whatever the order in which rows are added. People note
-- times by the minute: to the spread, what is shorter (detected at once) is one.
means as (
    select
        month,
        service,
        severity,
        measure,
        count(*) as n,
        avg((1e6 * duration_s)::bigint) / 1e6 as mean_s,
        sum(ln(greatest(60, duration_s))::decimal(18, 9))::double / n as log_mean,
        sum(power(ln(greatest(60, duration_s)), 2)::decimal(18, 9))::double as log_square_sum,
        greatest(0, log_square_sum - n * power(log_mean, 2)) / nullif(n - 1, 0) as log_variance
    from durations
    where duration_s is not null
    group by month, service, severity, measure
),

-- Interval of the mean of log-normal durations (Cox's method with Student's t: Olsson 2005, J. Statistics Education
-- 13:1), from three on; widened to the plain mean where that lies outside.
bounded as (
    select
        *,
        exp(log_mean + log_variance / 2) as log_normal_mean_s,
        exp({{ student_t_975('(n - 1)') }} * sqrt(log_variance / n + power(log_variance, 2) / (2 * (n - 1)))) as factor
    from means
),

final as (
    select
        month,
        service,
        severity,
        measure,
        n,
        mean_s,
        if(n >= 3, least(log_normal_mean_s / factor, mean_s), null) as mean_lower_s,
        if(n >= 3, greatest(log_normal_mean_s * factor, mean_s), null) as mean_upper_s
    from bounded
)

select * from final
