{{ config(materialized='table') }}

with
counted as (
    select
        month,
        service,
        severity,
        count_if(not is_excluded)::bigint as incident_count,
        count_if(not is_excluded and is_open)::bigint as open_count,
        count_if(is_excluded)::bigint as excluded_count,
        count_if(exclusion_reason = 'zero_length')::bigint as excluded_zero_length_count,
        count_if(exclusion_reason = 'negative')::bigint as excluded_negative_count,
        count_if(exclusion_reason = 'unordered')::bigint as excluded_unordered_count
    from {{ ref('int_incident_cells_expanded') }}
    where month > {{ lifetime() }}
    group by month, service, severity
),

means as (select * from {{ ref('int_incident_means_estimated') }}),

medians as (select * from {{ ref('int_incident_medians_estimated') }}),

measured as (
    select
        {%- for measure in ('mttd', 'mtta', 'mttr_restore', 'mttr_resolve') %}
            {%- set that = "filter (medians.measure = '" ~ measure ~ "')" %}
            coalesce(max(means.n) {{ that }}, 0) as {{ measure }}_count,
            max(means.mean_s) {{ that }} as {{ measure }}_mean_s,
            max(means.mean_lower_s) {{ that }} as {{ measure }}_lower_s,
            max(means.mean_upper_s) {{ that }} as {{ measure }}_upper_s,
            max(medians.median_s) {{ that }} as {{ measure }}_median_s,
            max(medians.median_lower_s) {{ that }} as {{ measure }}_median_lower_s,
            max(medians.median_upper_s) {{ that }} as {{ measure }}_median_upper_s,
        {%- endfor %}
        medians.month,
        medians.service,
        medians.severity
    from medians
    left join means using (month, service, severity, measure)
    where medians.month > {{ lifetime() }}
    group by medians.month, medians.service, medians.severity
),

-- Failures are taken as a Poisson process, seen for the operating time: the interval is that of their number.
downtimes as (
    select
        *,
        greatest(0, elapsed_us - downtime_us) / 1e6 as operating_s
    from {{ ref('int_downtime_months_counted') }}
),

final as (
    select
        month,
        service,
        severity,
        coalesce(counted.incident_count, 0) as incident_count,
        coalesce(counted.open_count, 0) as open_count,
        coalesce(counted.excluded_count, 0) as excluded_count,
        coalesce(counted.excluded_zero_length_count, 0) as excluded_zero_length_count,
        coalesce(counted.excluded_negative_count, 0) as excluded_negative_count,
        coalesce(counted.excluded_unordered_count, 0) as excluded_unordered_count,
        coalesce(downtimes.failure_count, 0) as failure_count,
        coalesce(downtimes.gap_count, 0) as gap_count,
        {%- for measure in ('mttd', 'mtta', 'mttr_restore', 'mttr_resolve') %}
            coalesce(measured.{{ measure }}_count, 0) as {{ measure }}_count,
            {%- for part in ('mean', 'lower', 'upper', 'median', 'median_lower', 'median_upper') %}
                measured.{{ measure }}_{{ part }}_s,
            {%- endfor %}
        {%- endfor %}
        downtimes.operating_s / nullif(downtimes.failure_count, 0) as mtbf_s,
        downtimes.operating_s / {{ poisson_limit('upper', 'downtimes.failure_count') }} as mtbf_lower_s,
        downtimes.operating_s / nullif({{ poisson_limit('lower', 'downtimes.failure_count') }}, 0) as mtbf_upper_s,
        downtimes.gap_us / 1e6 / nullif(downtimes.gap_count, 0) as gap_mean_s,
        downtimes.operating_s,
        coalesce(downtimes.downtime_us, 0) / 1e6 as downtime_s,
        month as event_date
    from counted
    full join measured using (month, service, severity)
    full join downtimes using (month, service, severity)
)

select * from final
order by event_date, service, severity
