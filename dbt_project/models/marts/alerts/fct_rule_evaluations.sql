{{ config(tags=['fast', 'after_checks', 'replay'], post_hook='{{ queue_rejudged() }}') }}

-- Rules are judged at the end of every bucket of five minutes up to the newest event of their feed: what a bucket says
-- is told again when more of it has come. What is found once a day is judged at its end.
{%- set kinds = [
    ref('int_burn_rules_judged'),
    ref('int_outage_rules_judged'),
    ref('int_health_rules_judged'),
    ref('int_request_rules_judged'),
    ref('int_silence_rules_judged'),
    ref('int_findings_judged'),
    ref('int_exhaustion_rules_judged'),
    ref('int_error_rules_judged'),
] %}

with
judged as (
    {%- for kind in kinds %}
        select * from {{ kind }}
        {{ 'union all by name' if not loop.last }}
    {%- endfor %}
),

windows as (select * from {{ ref('dim_maintenance_windows') }}),

final as (
    select
        judged.rule,
        judged.kind,
        judged.subject,
        judged.service,
        judged.feed,
        judged.severity,
        judged.window_s,
        judged.short_window_s,
        judged.value,
        judged.short_value,
        judged.threshold,
        judged.event_count,
        judged.outcome = 'met' as is_met,
        coalesce(judged.event_at < windows.ends_at, false) as is_silenced,
        judged.outcome,
        judged.inputs,
        judged.event_date,
        judged.event_at,
        judged.evaluated_at
    from judged
    asof left join windows
        on judged.service = windows.service and judged.event_at >= windows.starts_at
)

select * from final
{{ in_order('event_date, evaluated_at, rule, subject, severity, window_s, short_window_s') }}
