with

targets as (

    select * from {{ source('config', 'targets') }}

),

measures as (

    select * from {{ ref('int_mission_measures_derived') }}

),

kinds (target, comparison, unit, unproven_reason) as (

    values
    ('journeys_monitored_share', '>=', 'share', 'No journey is declared critical.'),
    ('alert_false_positive_share', '<=', 'share', 'No alert was raised yet; 59 without a false one would prove 5 %.'),
    ('alert_latency_s', '<=', 's', 'No critical alert came from a landing file yet.'),
    ('history_days', '>=', 'days', 'Deliveries do not reach back so far yet.'),
    ('ux_score', '>=', 'score', 'The interval includes the goal, or there are no page views.'),
    ('availability', '>=', 'share', 'Times without a check may have been up or down.')

),

judged as (

    select
        kinds.*,
        targets.value as goal,
        measures.value,
        measures.value_lower,
        measures.value_upper,
        coalesce(measures.sample_count, 0) as sample_count,
        measures.detail,
        case
            when measures.value is null then 'not_proven'
            when kinds.comparison = '>=' and measures.value_lower >= targets.value then 'met'
            when kinds.comparison = '>=' and measures.value_upper < targets.value then 'missed'
            when kinds.comparison = '<=' and measures.value_upper <= targets.value then 'met'
            when kinds.comparison = '<=' and measures.value_lower > targets.value then 'missed'
            else 'not_proven'
        end as verdict
    from kinds
    inner join targets on kinds.target = targets.target
    left join measures on kinds.target = measures.target

),

final as (

    select
        target,
        value,
        value_lower,
        value_upper,
        goal,
        comparison,
        unit,
        cast(sample_count as bigint) as sample_count,
        verdict,
        case
            when verdict = 'not_proven' then unproven_reason
            when detail is not null then 'Missing: ' || detail || '.'
            when value_lower = value_upper and verdict = 'met' then 'Known without a gap, and it meets the goal.'
            when value_lower = value_upper then 'Known without a gap, and it misses the goal.'
            when verdict = 'met' then 'The whole interval meets the goal.'
            else 'The whole interval misses the goal.'
        end as reason,
        {{ as_of() }} as event_date
    from judged

)

select * from final
order by target
