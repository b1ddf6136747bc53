{{ config(materialized='table') }}

with
cells as (select * from {{ ref('int_incident_cells_expanded') }}),

downtimes as (select * from {{ ref('int_downtime_months_counted') }}),

incidents as (
    select * from cells
    where not is_excluded
),

-- Logarithms as decimals: their sums are the same in every run, whatever the order in which rows are added.
means as (
    select
        month,
        service,
        severity,
        count(*) as incident_count,
        count_if(is_open)::bigint as open_count,
        avg((1e6 * mttd_s)::bigint) / 1e6 as mttd_mean_s,
        avg((1e6 * mtta_s)::bigint) / 1e6 as mtta_mean_s,
        avg((1e6 * restore_s)::bigint) / 1e6 as mttr_restore_mean_s,
        avg((1e6 * resolve_s)::bigint) / 1e6 as mttr_resolve_mean_s,
        count(restore_s) as n,
        sum(ln(restore_s)::decimal(18, 9))::double / n as log_mean,
        sum(power(ln(restore_s), 2)::decimal(18, 9))::double as log_square_sum,
        (log_square_sum - n * power(log_mean, 2)) / nullif(n - 1, 0) as log_variance
    from incidents
    group by month, service, severity
),

-- Kaplan-Meier: the first duration by which at most half of the incidents go on. Open ones count as long as they were
-- seen to go on, then they leave.
at_risk as (
    select
        month,
        service,
        severity,
        lasted_s,
        count(restore_s) as ended_count,
        sum(count(*)) over (partition by month, service, severity order by lasted_s desc) as risk_count
    from incidents
    group by month, service, severity, lasted_s
),

survival as (
    select
        *,
        product(1 - ended_count / risk_count) over (
            partition by month, service, severity order by lasted_s
        ) as share_left
    from at_risk
),

medians as (
    select
        month,
        service,
        severity,
        min(lasted_s) filter (share_left <= 0.5 + 1e-9) as mttr_restore_median_s
    from survival
    group by month, service, severity
),

excluded as (
    select
        month,
        service,
        severity,
        count(*) as excluded_count
    from cells
    where is_excluded
    group by month, service, severity
),

-- Interval of the mean of log-normal durations (Cox's method with Student's t: Olsson 2005, J. Statistics Education
-- 13:1), from three incidents on; widened to the plain mean where that lies outside.
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
        coalesce(bounded.incident_count, 0) as incident_count,
        coalesce(bounded.open_count, 0) as open_count,
        coalesce(excluded.excluded_count, 0) as excluded_count,
        coalesce(downtimes.failure_count, 0) as failure_count,
        bounded.mttd_mean_s,
        bounded.mtta_mean_s,
        bounded.mttr_restore_mean_s,
        medians.mttr_restore_median_s,
        if(bounded.n >= 3, least(bounded.log_normal_mean_s / bounded.factor, bounded.mttr_restore_mean_s), null)
            as mttr_restore_lower_s,
        if(bounded.n >= 3, greatest(bounded.log_normal_mean_s * bounded.factor, bounded.mttr_restore_mean_s), null)
            as mttr_restore_upper_s,
        bounded.mttr_resolve_mean_s,
        (downtimes.elapsed_us - downtimes.downtime_us) / nullif(downtimes.failure_count, 0) / 1e6 as mtbf_s,
        coalesce(downtimes.downtime_us, 0) / 1e6 as downtime_s,
        month as event_date
    from bounded
    full join medians using (month, service, severity)
    full join excluded using (month, service, severity)
    full join downtimes using (month, service, severity)
)

select * from final
order by event_date, service, severity
