-- What models and quality checks found, once for each day: here it only becomes the judgement of a rule.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where is_enabled
),

degradations as (
    select
        'vitals_degradation' as kind,
        metric || ' ' || page_group as subject,
        null as severity,
        max(change_share) filter (is_degraded) as value,
        max(sample_count) as event_count,
        bool_or(is_degraded) as is_over,
        {
            'degraded_count': count_if(is_degraded),
            'worst': arg_max(device || ' ' || country, change_share) filter (is_degraded)
        }::json::varchar as inputs,
        event_date
    from {{ source('predictions', 'vitals_degradations') }}
    where {{ rebuilt() }}
    group by metric, page_group, event_date
),

checks as (
    select
        'data_quality' as kind,
        check_name as subject,
        if(is_blocking, 'critical', null) as severity,
        null as value,
        null as event_count,
        not is_passed as is_over,
        { 'observed': observed, 'expected': expected, 'missing': missing }::json::varchar as inputs,
        event_date
    from {{ source('operations', 'fct_quality_results') }}
    where {{ rebuilt() }}
),

final as (
    select
        rules.rule,
        rules.kind,
        found.subject,
        null::varchar as service,
        null::varchar as feed,
        coalesce(found.severity, rules.severity) as severity,
        null::integer as window_s,
        null::integer as short_window_s,
        found.value::double as value,
        null::double as short_value,
        null::double as threshold,
        found.event_count::bigint as event_count,
        case
            when not found.is_over then 'not_met'
            when found.event_count < rules.minimum_event_count then 'insufficient_data'
            else 'met'
        end as outcome,
        if(found.is_over, found.inputs, null) as inputs,
        found.event_date,
        (found.event_date + 1)::timestamp - interval 1 second as event_at,
        (found.event_date + 1)::timestamp as evaluated_at
    from (
        select * from degradations
        union all by name
        select * from checks
    ) as found
    inner join rules using (kind)
)

select * from final
