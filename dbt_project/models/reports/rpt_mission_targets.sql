with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

judged as (select * from {{ ref('fct_mission_targets') }}),

changes as (
    select * from {{ source('predictions', 'mttr_changes') }}
    where event_date = (select as_of_date from run)
),

restored as (
    select
        'mttr_reduction_share' as target,
        changes.reduction_share as value,
        changes.reduction_lower as value_lower,
        changes.reduction_upper as value_upper,
        targets.value as goal,
        '>=' as comparison,
        'share' as unit,
        coalesce(changes.baseline_count + changes.current_count, 0) as sample_count,
        coalesce(changes.verdict, 'not_proven') as verdict,
        coalesce(changes.reason, 'The times to restore have not been compared yet.') as reason,
        run.as_of_date as event_date
    from {{ source('config', 'targets') }} as targets
    cross join run
    left join changes on true
    where targets.target = 'mttr_reduction_share'
),

accuracy as (
    select
        * exclude (rule, verdict, event_date),
        verdict as accuracy_verdict
    from {{ ref('fct_alert_accuracy') }}
    where rule = 'all'
),

compared as (
    select
        judged.* exclude (sample_count),
        accuracy.*,
        case
            when judged.unit = 's' then accuracy.timed_count
            when accuracy.incident_count > 0 then accuracy.alert_count
            else 0
        end as sample_count
    from judged
    cross join accuracy
    where judged.target in ('alert_false_positive_share', 'alert_latency_s')
),

-- The share of alerts that came late has bounds, the seconds have none: the target is met when under one in twenty is
-- late, beyond chance.
alerted as (
    select
        target,
        if(unit = 'share', false_positive_share, latency_p95_s) as value,
        if(unit = 'share', false_positive_lower, null) as value_lower,
        if(unit = 'share', false_positive_upper, null) as value_upper,
        goal,
        comparison,
        unit,
        sample_count,
        case
            when unit = 'share' then accuracy_verdict
            when late_upper < 0.05 then 'met'
            when late_lower > 0.05 then 'missed'
            else 'not_proven'
        end as verdict,
        case
            when unit = 'share' and sample_count = 0 and alert_count > 0
                then 'No incident is on record, so that nobody knows which alerts were right.'
            when sample_count = 0 then reason
            when unit = 's' then late_count || ' of ' || sample_count || ' came later.'
            else false_count || ' of ' || sample_count || ' alerts had no recorded incident.'
        end as reason,
        event_date
    from compared
),

final as (
    select * from judged
    where target not in ('alert_false_positive_share', 'alert_latency_s')
    union all by name
    select * from alerted
    union all by name
    select * from restored
)

select * from final
order by target
