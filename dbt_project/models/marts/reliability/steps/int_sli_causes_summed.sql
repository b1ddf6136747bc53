-- Of events only: a time slice is not bad for one country. A session may have met errors of several groups.
with
objectives as (
    select
        *,
        coalesce(if(window_kind = 'calendar', window_timezone, null), 'UTC') as zone
    from {{ source('config', 'objectives') }}
    where budgeting_method = 'Occurrences'
),

countries as (
    select
        objective,
        'country' as cause_kind,
        country as cause,
        coalesce(total_amount, 0) - coalesce(good_amount, 0) as spent_amount,
        event_date,
        slice_starts_at as happened_at
    from {{ ref('int_sli_experience_counted') }}
),

sessions as (
    select * from {{ ref('fct_sessions') }}
    where {{ rebuilt() }} and error_count > 0
),

error_groups as (
    select
        objectives.objective,
        'error_group' as cause_kind,
        errors.error_group_id as cause,
        sessions.weight as spent_amount,
        sessions.event_date,
        sessions.started_at as happened_at
    from sessions
    inner join {{ ref('int_session_errors_grouped') }} as errors using (session_id, event_date)
    cross join objectives
    left join {{ ref('int_session_pages_collected') }} as pages
        on
            sessions.session_id = pages.session_id
            and sessions.event_date = pages.event_date
            and objectives.page_group = pages.page_group
    left join {{ ref('int_sli_exclusions_merged') }} as exclusions
        on
            objectives.objective = exclusions.objective
            and sessions.event_date = exclusions.event_date
            and sessions.started_at >= exclusions.starts_at
            and sessions.started_at < exclusions.ends_at
    where
        objectives.indicator = 'error_free_sessions'
        and (objectives.page_group is null or pages.session_id is not null)
        and exclusions.objective is null
),

causes as (
    select * from countries
    union all
    select * from error_groups
),

opened as (
    select
        causes.objective,
        causes.cause_kind,
        causes.cause,
        sum(causes.spent_amount)::decimal(28, 6) as spent_amount,
        causes.event_date,
        timezone(objectives.zone, timezone('UTC', causes.happened_at))::date as budget_date
    from causes
    inner join objectives using (objective)
    where causes.spent_amount > 0
    group by causes.objective, causes.cause_kind, causes.cause, causes.event_date, budget_date
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
