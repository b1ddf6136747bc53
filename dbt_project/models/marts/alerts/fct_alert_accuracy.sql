{{ config(materialized='table', tags=['replay', 'after_alerts']) }}

with
counted as (select * from {{ ref('int_alert_accuracy_counted') }}),

bounded as (select * from {{ ref('int_alert_shares_bounded') }}),

goals as (
    select value as goal from {{ source('config', 'targets') }}
    where target = 'alert_false_positive_share'
),

final as (
    select
        counted.rule,
        counted.alert_count,
        counted.true_count,
        counted.false_count,
        counted.unreviewed_count,
        counted.reviewed_count,
        counted.true_count / nullif(counted.true_count + counted.false_count, 0) as precision_share,
        1 - bounded.false_positive_upper as precision_lower,
        1 - bounded.false_positive_lower as precision_upper,
        counted.false_count / nullif(counted.true_count + counted.false_count, 0) as false_positive_share,
        bounded.false_positive_lower,
        bounded.false_positive_upper,
        counted.incident_count,
        counted.found_count,
        counted.found_count / nullif(counted.incident_count, 0) as recall_share,
        bounded.recall_lower,
        bounded.recall_upper,
        counted.delay_median_s,
        counted.delay_p90_s,
        counted.timed_count,
        counted.late_count,
        bounded.late_lower,
        bounded.late_upper,
        counted.latency_median_s,
        counted.latency_p95_s,
        case
            when bounded.false_positive_upper < goals.goal then 'met'
            when bounded.false_positive_lower > goals.goal then 'missed'
            else 'not_proven'
        end as verdict,
        {{ as_of() }} as event_date
    from counted
    inner join bounded using (rule)
    cross join goals
)

select * from final
order by rule
