with

targets as (

    select * from {{ source('config', 'targets') }}

),

measures as (

    select * from {{ ref('int_mission_measures_derived') }}

),

kinds (target, comparison, unit, unproven_reason) as (

    values
    ('journeys_monitored_share', '>=', 'share', 'No step has been seen yet.'),
    ('alert_false_positive_share', '<=', 'share', 'No alert was raised yet; 59 without a false one would prove 5 %.'),
    ('alert_latency_s', '<=', 's', 'No critical alert was raised from a landed file yet.'),
    ('history_days', '>=', 'days', 'The history is shorter than that so far.'),
    ('ux_score', '>=', 'score', 'The interval includes the goal.'),
    ('availability', '>=', 'share', 'Time without a check may have been up or down.')

),

-- A target stands only where the site delivers what it is measured on.
spoken as (

    select * from kinds
    where case target
        when 'ux_score' then {{ is_delivered('vitals') }}
        when 'availability' then {{ is_delivered('probes') }}
        when 'journeys_monitored_share'
            then (select coalesce(bool_or(is_critical), false) from {{ source('config', 'journeys') }})
        when 'history_days'
            then
                {{ is_delivered('page_views') }}
                or {{ is_delivered('probes') }}
                or {{ is_delivered('requests') }}
                or {{ is_delivered('orders') }}
                or {{ is_delivered('incidents') }}
        when 'alert_false_positive_share' then {{ is_delivered('incidents') }} or {{ is_delivered('alert_reviews') }}
        else
            {{ is_delivered('probes') }}
            or {{ is_delivered('requests') }}
            or {{ is_delivered('page_views') }}
            or {{ is_delivered('errors') }}
    end

),

judged as (

    select
        spoken.*,
        targets.value as goal,
        measures.value,
        measures.value_lower,
        measures.value_upper,
        coalesce(measures.sample_count, 0) as sample_count,
        measures.detail,
        case
            when measures.value is null then 'not_proven'
            when spoken.comparison = '>=' and measures.value_lower >= targets.value then 'met'
            when spoken.comparison = '>=' and measures.value_upper < targets.value then 'missed'
            when spoken.comparison = '<=' and measures.value_upper <= targets.value then 'met'
            when spoken.comparison = '<=' and measures.value_lower > targets.value then 'missed'
            else 'not_proven'
        end as verdict
    from spoken
    inner join targets on spoken.target = targets.target
    left join measures on spoken.target = measures.target

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
            when verdict = 'not_proven' and target = 'history_days' and value < goal
                then concat('Reached on ', {{ as_of() }} + cast(goal - value as integer), ' if deliveries go on.')
            when verdict = 'not_proven' then unproven_reason
            when detail is not null then 'Missing: ' || detail || '.'
            when value_lower = value_upper then 'Measured without gaps.'
            when verdict = 'met' then 'The whole interval meets the target.'
            else 'The whole interval misses the target.'
        end as reason,
        {{ as_of() }} as event_date
    from judged

)

select * from final
order by target
