with
scores as (select * from {{ ref('rpt_kpi_scorecard') }}),

targets as (
    select
        target,
        verdict,
        case verdict
            when 'met' then 'Target met: '
            when 'missed' then 'Target missed: '
            else 'Not proven: target '
        end
        || if(target = 'ux_score', 'over ' || goal::integer, 'at least ' || {{ goal_text('goal') }}) as verdict_text
    from {{ ref('rpt_mission_targets') }}
),

found as (
    select
        count(*) filter (kind = 'regression') as regression_count,
        count(*) filter (kind = 'incident') as open_count,
        count(*) filter (kind = 'error') as news_count,
        count(*) filter (kind = 'error' and state = 'new') as new_count,
        count(*) filter (kind = 'error' and state = 'escalating') as escalating_count,
        count(*) filter (kind = 'error' and state = 'regressed') as back_count,
        {{ is_delivered('errors') }} as knows_errors
    from {{ ref('rpt_statements') }}
),

-- The first of these that the site has a value of is its card.
kinds (card, label, kpi, position, is_better_high) as (
    values
    ('experience', 'Experience', 'ux_score', 1, true),
    ('availability', 'Availability', 'availability_share', 2, true),
    ('business', 'Business', 'revenue_net', 3, true),
    ('business', 'Business', 'conversion_share', 4, true),
    ('business', 'Business', 'session_count', 5, true),
    ('errors', 'Errors', 'error_page_view_share', 6, false),
    ('errors', 'Errors', 'request_error_share', 7, false),
    ('incidents', 'Incidents', 'incident_count', 8, false)
),

chosen as (
    select
        kinds.card,
        kinds.label,
        kinds.position,
        kinds.is_better_high,
        scores.*
    from kinds
    inner join scores using (kpi)
    where scores.value is not null
    qualify row_number() over (partition by kinds.card order by kinds.position) = 1
),

final as (
    select
        chosen.card,
        chosen.label,
        chosen.* exclude (card, label, position, is_better_high),
        case chosen.card
            when 'experience' then if(found.regression_count > 0, 'degraded', ux.verdict)
            when 'availability' then up.verdict
            when
                'business'
                then case when conversion.is_change_proven then if(conversion.change_share > 0, 'better', 'worse') end
            when 'errors'
                then
                    case
                        when found.news_count > 0 then 'escalating'
                        when found.knows_errors then 'ok'
                    end
            else if(found.open_count > 0, 'open', 'closed')
        end as state,
        case chosen.card
            when 'experience'
                then
                    if(
                        found.regression_count > 0,
                        {{ count_text('found.regression_count', 'page speed regression') }} || ' running',
                        ux.verdict_text
                    )
            when 'availability' then up.verdict_text
            when 'business'
                then
                    case
                        when conversion.value is null then null
                        when conversion.is_change_proven
                            then
                                concat(
                                    'Conversion rate ', if(conversion.change_share > 0, 'rose', 'fell'), ' to ',
                                    {{ share_text('conversion.value') }}
                                )
                        else 'Conversion rate ' || {{ share_text('conversion.value') }} || ', no proven change'
                    end
            when 'errors'
                then
                    case
                        when found.news_count > 0
                            then
                                array_to_string(list_filter([
                                    if(found.new_count > 0, found.new_count || ' new', null),
                                    if(found.escalating_count > 0, found.escalating_count || ' escalating', null),
                                    if(found.back_count > 0, found.back_count || ' back', null)
                                ], lambda words: words is not null), ', ') || ' in 7 days'
                        when found.knows_errors then 'No new or escalating error'
                    end
            when 'incidents' then concat(
                if(found.open_count > 0, found.open_count || ' open', 'None open'),
                ', restored after ' || {{ duration_text('restored.value') }} || ' on average'
            )
        end as verdict,
        chosen.is_better_high,
        chosen.position
    from chosen
    cross join found
    left join targets as ux on ux.target = 'ux_score'
    left join targets as up on up.target = 'availability'
    left join scores as conversion on conversion.kpi = 'conversion_share'
    left join scores as restored on restored.kpi = 'mttr_restore_s'
)

select * from final
order by position
