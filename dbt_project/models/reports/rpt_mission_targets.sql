{% set times = duration_text('current_mttr_s') ~ " || ' against ' || " ~ duration_text('baseline_mttr_s') %}
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

judged as (select * from {{ ref('fct_mission_targets') }}),

names (target, label) as (
    values
    ('journeys_monitored_share', 'Critical journeys monitored'),
    ('alert_false_positive_share', 'False positives among alerts'),
    ('alert_latency_s', 'Alert latency'),
    ('history_days', 'History kept'),
    ('mttr_reduction_share', 'MTTR (restore)'),
    ('ux_score', 'UX score'),
    ('availability', 'Availability')
),

changes as (
    select
        *,
        baseline_open_count + current_open_count as open_count,
        {{ times }} as figure
    from {{ source('predictions', 'mttr_changes') }}
    where event_date = (select as_of_date from run)
),

restored as (
    select
        'mttr_reduction_share' as target,
        if(changes.verdict <> 'not_proven', changes.reduction_share, null) as value,
        if(changes.verdict <> 'not_proven', changes.reduction_lower, null) as value_lower,
        if(changes.verdict <> 'not_proven', changes.reduction_upper, null) as value_upper,
        changes.figure,
        targets.value as goal,
        '>=' as comparison,
        'share' as unit,
        coalesce(changes.baseline_count + changes.current_count, 0) as sample_count,
        coalesce(changes.verdict, 'not_proven') as verdict,
        case
            when changes.verdict = 'not_proven' and changes.figure is not null
                then
                    concat(
                        'Not judgeable yet: ',
                        changes.figure,
                        if(
                            changes.open_count > 0,
                            ', ' || changes.open_count || ' open.',
                            ', after ' || changes.baseline_count || ' and ' || changes.current_count || ' incidents.'
                        )
                    )
            else coalesce(changes.reason, 'No baseline period has been compared yet.')
        end as reason,
        run.as_of_date as event_date
    from {{ source('config', 'targets') }} as targets
    cross join run
    left join changes on true
    where targets.target = 'mttr_reduction_share' and {{ is_delivered('incidents') }}
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
            else accuracy.true_count + accuracy.false_count
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
                then 'No incident is on record and no alert was reviewed, so that nobody knows which alerts were right.'
            when sample_count = 0 then reason
            when unit = 's' then late_count || ' of ' || sample_count || ' came later.'
            else
                false_count || ' of ' || sample_count || ' judged alerts were false; ' || unreviewed_count || ' of '
                || alert_count || ' are unreviewed.'
        end as reason,
        event_date
    from compared
),

united as (
    select * from judged
    where target not in ('alert_false_positive_share', 'alert_latency_s')
    union all by name
    select * from alerted
    union all by name
    select * from restored
),

final as (
    select
        united.*,
        names.label
    from united
    inner join names using (target)
)

select * from final
order by target
