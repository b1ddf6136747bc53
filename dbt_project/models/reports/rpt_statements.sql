with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

services as (
    select
        'health' as kind,
        subject_kind || ' ' || subject as subject,
        case health when 'critical' then 'critical' when 'degraded' then 'medium' else 'low' end as severity,
        health as state,
        if(subject_kind = 'journey', 'Journey ', '') || subject || ': ' || reason as sentence,
        if(subject_kind = 'journey', 'reliability.html#journeys', 'reliability.html#services') as page,
        since_at::date as since_date
    from {{ ref('fct_health_changes') }}
    where
        ended_at is null
        and subject_kind in ('service', 'journey')
        and (health in ('critical', 'degraded') or health = 'unknown' and {{ is_delivered('probes') }})
),

objectives as (
    select
        'objective' as kind,
        objective as subject,
        if(state = 'breached', 'high', 'medium') as severity,
        state,
        concat(
            objective, ': ',
            if(
                state = 'breached', 'the error budget is spent', {{ share_text('budget_remaining_share') }}
                || ' of the error budget is left'
            ),
            ' (', {{ share_text('sli_share') }}, ' in ', window_days, ' days, target ',
            {{ goal_text('target_share') }}, ')'
        ) as sentence,
        'objectives.html#objectives' as page,
        budget_remaining_share as value
    from {{ ref('rpt_objectives') }}
    where state in ('breached', 'warning')
),

exhaustions as (
    select
        'exhaustion' as kind,
        objective as subject,
        'medium' as severity,
        'forecast' as state,
        concat(
            objective, ': the error budget will probably be spent by ', {{ day_text('median_date') }}, ' (',
            {{ share_text('spent_share') }}, ' likely by ', {{ day_text('ends_on') }}, ')'
        ) as sentence,
        'forecasts.html#budgets' as page,
        spent_share as value
    from {{ ref('rpt_budget_forecasts') }}
    where is_likely
),

policies as (
    select
        'policy' as kind,
        objective as subject,
        if(bool_or(consequence = 'freeze'), 'high', 'medium') as severity,
        'in_force' as state,
        concat(
            objective, ': budget policy in force below ', {{ goal_text('min(remaining_share_below)') }}, ': ',
            arg_min(coalesce(description, consequence), remaining_share_below)
        ) as sentence,
        'objectives.html#policies' as page,
        min(in_force_since_date) as since_date
    from {{ ref('fct_error_budget_policies') }}
    where is_in_force and event_date = (select as_of_date from run)
    group by objective
),

incidents as (
    select
        'incident' as kind,
        incident_id as subject,
        case min(list_position(['critical', 'major'], severity)) when 1 then 'critical' when 2 then 'high' else 'medium'
        end as severity,
        'open' as state,
        concat(
            'Incident open since ', {{ day_text('min(started_at)') }}, ': ', any_value(coalesce(title, incident_id)),
            ' (', string_agg(distinct service, ', ' order by service), ')'
        ) as sentence,
        'incidents.html#list' as page,
        min(started_at)::date as since_date
    from {{ ref('fct_incidents') }}
    where is_open and not is_excluded
    group by incident_id
),

alerts as (
    select
        'alert' as kind,
        alert_id as subject,
        'critical' as severity,
        'critical' as state,
        concat(
            'Alert open since ',
            {{ day_text('opened_at') }},
            ': ',
            replace(alerts.kind, '_', ' '),
            ' of ',
            alerts.subject
        ) as sentence,
        'alerts.html#open' as page,
        opened_at::date as since_date
    from {{ source('alerts', 'alerts') }} as alerts
    where state = 'open' and alerts.severity = 'critical' and not is_silenced
),

scopes as (
    select
        degradations.*,
        concat_ws(
            ', ', nullif(degradations.page_group, 'all'), nullif(degradations.device, 'all'),
            coalesce(countries.name, nullif(degradations.country, 'all')), nullif(degradations.browser, 'all')
        ) as scope
    from {{ ref('rpt_degradations') }} as degradations
    left join {{ ref('dim_countries') }} as countries on degradations.country = countries.country
    where degradations.is_going_on
),

regressions as (
    select
        'regression' as kind,
        degradation_id as subject,
        'medium' as severity,
        'degraded' as state,
        concat(
            metric, ' on ', coalesce(nullif(scope, ''), 'the whole site'), ' is ', {{ share_text('change_share') }},
            ' over its baseline since ', {{ day_text('started_on') }}
        ) as sentence,
        'degradations.html#d-' || degradation_id as page,
        change_share as value,
        started_on as since_date
    from scopes
),

errors as (
    select
        'error' as kind,
        error_group_id as subject,
        'medium' as severity,
        case error_news.kind when 'new' then 'new' when 'worse' then 'escalating' else 'regressed' end as state,
        concat(
            case error_news.kind
                when 'new' then 'New error' when 'worse' then 'Escalating error' else 'Error is back'
            end,
            ': ', title, ' (', error_count_28d, ' in 28 days)'
        ) as sentence,
        'errors-digest.html' as page,
        error_count_28d as value,
        coalesce(escalated_date, regressed_date, first_seen_date) as since_date
    from {{ ref('rpt_error_news') }} as error_news
    where error_news.kind <> 'gone'
),

intakes as (
    select
        'intake' as kind,
        raw_table as subject,
        'critical' as severity,
        'failing' as state,
        newest_alarm as sentence,
        'data-quality.html#rejects' as page,
        newest_rows_rejected as value,
        newest_export_date as since_date
    from {{ ref('rpt_data_intake') }}
    where newest_alarm <> ''
),

checks as (
    select
        if(check_name = 'every_feed_is_fresh', 'feed', 'check') as kind,
        suite || ' ' || check_name as subject,
        if(is_blocking, 'critical', 'medium') as severity,
        if(check_name = 'every_feed_is_fresh', 'late', 'failing') as state,
        if(check_name = 'every_feed_is_fresh', 'Late: ' || missing, concat(
            'Data check fails: ', replace(check_name, '_', ' '), coalesce(' (' || missing || ')', '')
        )) as sentence,
        'data-quality.html#checks' as page
    from {{ source('operations', 'fct_quality_results') }}
    where
        not is_passed
        and event_date = (select max(event_date) from {{ source('operations', 'fct_quality_results') }})
),

targets as (
    select
        'target' as kind,
        target as subject,
        'medium' as severity,
        verdict as state,
        'Target missed: ' || label || '. ' || reason as sentence,
        'targets.html' as page,
        value
    from {{ ref('rpt_mission_targets') }}
    where verdict = 'missed'
),

outlooks as (
    select
        'outlook' as kind,
        outlooks.target as subject,
        'low' as severity,
        'forecast' as state,
        concat(
            targets.label,
            ': the target will probably be missed over 28 days from ',
            {{ day_text('outlooks.crosses_on') }}
        ) as sentence,
        'forecasts.html#targets' as page
    from {{ ref('rpt_target_outlook') }} as outlooks
    inner join {{ ref('rpt_mission_targets') }} as targets using (target)
    where outlooks.is_met and outlooks.crosses_on is not null
),

united as (
    select * from services
    {% for part in [
        'objectives', 'exhaustions', 'policies', 'incidents', 'alerts', 'regressions', 'errors', 'intakes', 'checks',
        'targets', 'outlooks',
    ] %}
        union all by name
        select * from {{ part }}
    {% endfor %}
),

final as (
    select
        united.kind || ': ' || united.subject as statement_id,
        united.*,
        run.as_of_date as event_date
    from united
    cross join run
)

select * from final
order by
    list_position(['critical', 'high', 'medium', 'low'], severity),
    list_position(
        [
            'intake', 'health', 'alert', 'incident', 'objective', 'policy', 'regression', 'exhaustion', 'error',
            'check', 'feed', 'target', 'outlook'
        ],
        kind
    ),
    if(kind = 'objective', value, -value) nulls last,
    statement_id
