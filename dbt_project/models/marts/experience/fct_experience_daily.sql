with

page_views as (

    select
        *,
        lcp_ms is not null and cls is not null as is_judged,
        {{ vitals_rating("'LCP'", 'lcp_ms') }} = 'good' and {{ vitals_rating("'CLS'", 'cls') }} = 'good'
        and {{ vitals_rating("'INP'", 'coalesce(inp_ms, 0)') }} = 'good' and is_judged as is_passed
    from {{ ref('fct_page_views') }}
    where {{ rebuilt('event_date') }}

),

failed as (

    {{ failed_views() }}

),

cells as (

    select
        page_views.page_group,
        page_views.device,
        page_views.country,
        page_views.navigation_type,
        count(*) as page_view_count,
        sum(page_views.weight) as weight_sum,
        sum(page_views.weight * page_views.weight) as weight_square_sum,
        coalesce(sum(page_views.weight) filter (where page_views.ux_score is not null), 0) as ux_score_weight,
        coalesce(
            sum(page_views.weight * page_views.weight) filter (where page_views.ux_score is not null), 0
        ) as ux_score_weight_square_sum,
        coalesce(sum(page_views.weight * page_views.ux_score), 0) as ux_score_sum,
        -- Cut to six places, so that the product fits a decimal; sums of doubles would differ from run to run.
        coalesce(sum(
            page_views.weight * cast(page_views.ux_score * page_views.ux_score as decimal(18, 6))
        ), 0) as ux_score_square_sum,
        count(failed.page_view_id) as error_page_view_count,
        coalesce(sum(page_views.weight) filter (where failed.page_view_id is not null), 0) as error_weight_sum,
        count(*) filter (where page_views.is_judged) as vitals_page_view_count,
        coalesce(sum(page_views.weight) filter (where page_views.is_judged), 0) as vitals_weight_sum,
        coalesce(sum(page_views.weight * page_views.weight) filter (where page_views.is_judged), 0)
            as vitals_weight_square_sum,
        coalesce(sum(page_views.weight) filter (where page_views.is_passed), 0) as vitals_pass_weight_sum,
        page_views.event_date
    from page_views
    left join failed using (page_view_id, event_date)
    group by
        page_views.event_date,
        page_views.page_group,
        page_views.device,
        page_views.country,
        page_views.navigation_type

),

final as (

    select
        cells.* exclude (event_date),
        {{ mean_score('ux_score_sum', 'ux_score_weight') }} as ux_score,
        greatest(0, {{ mean_interval(
            'lower', 'ux_score_sum', 'ux_score_square_sum', 'ux_score_weight', 'ux_score_weight_square_sum'
        ) }}) as ux_score_lower,
        least(100, {{ mean_interval(
            'upper', 'ux_score_sum', 'ux_score_square_sum', 'ux_score_weight', 'ux_score_weight_square_sum'
        ) }}) as ux_score_upper,
        {{ is_headline('navigation_type') }} as is_headline,
        event_date
    from cells
    {{ history_union() }}

)

select * from final
order by event_date, page_group, device, country, navigation_type
