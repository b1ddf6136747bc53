-- What models and quality checks found, once for each day: here it only becomes the judgement of a rule.
with
rules as (
    select * from {{ source('config', 'alert_rules') }}
    where is_enabled
),

tested as (
    select
        metric,
        page_group,
        max(sample_count) as event_count,
        event_date
    from {{ source('predictions', 'vitals_degradations') }}
    where {{ rebuilt() }}
    group by metric, page_group, event_date
),

episodes as (
    select * from {{ source('predictions', 'degradation_episodes') }}
),

-- Known from the day that proved it; before, nobody could have been told.
degradations as (
    select
        'vitals_degradation' as kind,
        tested.metric || ' ' || tested.page_group as subject,
        null as severity,
        max(episodes.change_share) as value,
        any_value(tested.event_count) as event_count,
        count(episodes.degradation_id) > 0 as is_over,
        {
            'since': min(episodes.started_on),
            'kind': arg_max(episodes.kind, episodes.change_share),
            'worst': arg_max(
                concat_ws(' ', episodes.device, episodes.country, episodes.browser), episodes.change_share
            )
        }::json::varchar as inputs,
        tested.event_date
    from tested
    left join episodes
        on
            tested.metric = episodes.metric
            and tested.page_group = episodes.page_group
            and tested.event_date between episodes.found_on and episodes.last_on
    group by tested.metric, tested.page_group, tested.event_date
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
