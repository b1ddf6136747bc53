{# kind, condition, words for one, words for several; worst first. #}
{% set clauses = [
    ('intake', 'true', 'feed brought no usable row', 'feeds brought no usable row'),
    ('objective', "state = 'breached'", 'objective is breached', 'objectives are breached'),
    ('objective', "state = 'warning'", 'objective is at risk', 'objectives are at risk'),
    ('incident', 'true', 'incident is open', 'incidents are open'),
    ('regression', 'true', 'page speed regression is running', 'page speed regressions are running'),
    ('error', 'true', 'error is new or worse', 'errors are new or worse'),
    ('check', 'true', 'data check fails', 'data checks fail'),
    ('feed', 'true', 'feed is late', 'feeds are late'),
    ('target', 'true', 'target is missed', 'targets are missed'),
] %}
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

health as (
    select
        max(health) as status,
        max(reason) as reason
    from {{ ref('fct_health_changes') }}
    where
        subject_kind = 'application'
        and ended_at is null
        and (health <> 'unknown' or {{ is_delivered('probes') }})
),

known as (select coalesce(bool_or(is_delivered), false) as has_data from {{ ref('dim_feeds') }}),

found as (
    select
        {%- for kind, condition, one, several in clauses %}
            count(*) filter (kind = '{{ kind }}' and {{ condition }}) as found_{{ loop.index }},
        {%- endfor %}
        min(list_position(['critical', 'high', 'medium', 'low'], severity)) as worst,
        count(*) as statement_count
    from {{ ref('rpt_statements') }}
),

said as (
    select
        list_filter([
            {%- for kind, condition, one, several in clauses %}
                case
                    when found_{{ loop.index }} = 1 then '1 {{ one }}'
                    when found_{{ loop.index }} > 1 then found_{{ loop.index }} || ' {{ several }}'
                end{{ ',' if not loop.last }}
            {%- endfor %}
        ], lambda words: words is not null) as clauses,
        if(len(clauses) > 1, array_to_string(clauses[:-2], ', ') || ' and ' || clauses[-1], clauses[1]) as listed,
        worst,
        statement_count
    from found
),

final as (
    select
        site.name || case
            when health.status is null and said.listed is null and not known.has_data then ' has no data yet'
            when health.status is null and said.listed is null then ': nothing needs attention'
            when health.status is null then ': ' || said.listed
            when health.status = 'healthy' and said.listed is null then ' is healthy'
            when health.status = 'healthy' then ' is up, but ' || said.listed
            when health.status = 'unknown'
                then ' has services without a recent check' || coalesce('; ' || said.listed, '')
            else concat(
                ' is ', health.status, ' (', split_part(health.reason, ': ', 1), ')', coalesce('; ' || said.listed, '')
            )
        end || '.' as sentence,
        coalesce(['critical', 'high', 'medium', 'low'][said.worst], 'none') as severity,
        health.status as health,
        said.statement_count,
        run.as_of_date as event_date
    from run
    cross join {{ source('config', 'site') }} as site
    cross join health
    cross join said
    cross join known
)

select * from final
