{{ config(materialized='table') }}

with
months as (select * from {{ ref('fct_mttr_monthly') }}),

means as (
    select * from {{ ref('int_incident_means_estimated') }}
    where month = {{ lifetime() }}
),

medians as (
    select * from {{ ref('int_incident_medians_estimated') }}
    where month = {{ lifetime() }}
),

restored as (
    select
        service,
        severity,
        coalesce(means.n, 0) as mttr_restore_count,
        means.mean_s as mttr_restore_mean_s,
        means.mean_lower_s as mttr_restore_lower_s,
        means.mean_upper_s as mttr_restore_upper_s,
        medians.median_s as mttr_restore_median_s,
        medians.median_lower_s as mttr_restore_median_lower_s,
        medians.median_upper_s as mttr_restore_median_upper_s
    from medians
    left join means using (service, severity, measure)
    where measure = 'mttr_restore'
),

-- Every month has a row, so that a lifetime is the sum of them. Whole microseconds: a sum of them is the same in every
-- run.
summed as (
    select
        service,
        severity,
        sum(incident_count)::bigint as incident_count,
        sum(open_count)::bigint as open_count,
        sum(failure_count)::bigint as failure_count,
        sum(gap_count)::bigint as gap_count,
        sum((1e6 * gap_count * gap_mean_s)::hugeint) / 1e6 as gap_s,
        sum((1e6 * operating_s)::hugeint) / 1e6 as operating_s,
        sum((1e6 * downtime_s)::hugeint) / 1e6 as downtime_s,
        min(month) as first_month,
        max(month) as event_date
    from months
    group by service, severity
),

final as (
    select
        summed.service,
        summed.severity,
        summed.incident_count,
        summed.open_count,
        summed.failure_count,
        coalesce(restored.mttr_restore_count, 0) as mttr_restore_count,
        restored.mttr_restore_mean_s,
        restored.mttr_restore_lower_s,
        restored.mttr_restore_upper_s,
        restored.mttr_restore_median_s,
        restored.mttr_restore_median_lower_s,
        restored.mttr_restore_median_upper_s,
        summed.operating_s / nullif(summed.failure_count, 0) as mtbf_s,
        summed.operating_s / {{ poisson_limit('upper', 'summed.failure_count') }} as mtbf_lower_s,
        summed.operating_s / nullif({{ poisson_limit('lower', 'summed.failure_count') }}, 0) as mtbf_upper_s,
        summed.gap_count,
        summed.gap_s / nullif(summed.gap_count, 0) as gap_mean_s,
        summed.operating_s,
        summed.downtime_s,
        summed.first_month,
        summed.event_date
    from summed
    left join restored using (service, severity)
)

select * from final
order by service, severity
