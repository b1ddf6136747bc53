with

failed as (

    {{ failed_views() }}

),

page_views as (

    select
        {{ dimensions_of_views() }},
        {{ is_headline('navigation_type') }} as is_headline,
        weight,
        weight * weight as weight_square,
        case when ux_score is not null then weight else 0 end as score_weight,
        weight * ux_score as score,
        -- Cut to six places, so that the product fits a decimal; sums of doubles would differ from run to run.
        weight * cast(ux_score * ux_score as decimal(18, 6)) as score_square,
        weight * lcp_loss as lcp_loss,
        weight * inp_loss as inp_loss,
        weight * cls_loss as cls_loss,
        weight * fcp_loss as fcp_loss,
        weight * ttfb_loss as ttfb_loss,
        case when failed.page_view_id is not null then weight else 0 end as error_weight,
        follow_up_count,
        broken_chain_count,
        event_date
    from {{ ref('fct_page_views') }}
    left join failed using (page_view_id, event_date)
    where {{ rebuilt('event_date') }}

),

cells as (

    {{ rolled_up('page_views', ['event_date'], [
        'count(*) as page_view_count',
        'sum(weight) as weight_sum',
        'sum(weight_square) as weight_square_sum',
        'sum(score_weight) as ux_score_weight',
        'sum(score_weight * score_weight) as ux_score_weight_square_sum',
        'coalesce(sum(score), 0) as ux_score_sum',
        'coalesce(sum(score_square), 0) as ux_score_square_sum',
        'coalesce(sum(lcp_loss), 0) as lcp_loss_sum',
        'coalesce(sum(inp_loss), 0) as inp_loss_sum',
        'coalesce(sum(cls_loss), 0) as cls_loss_sum',
        'coalesce(sum(fcp_loss), 0) as fcp_loss_sum',
        'coalesce(sum(ttfb_loss), 0) as ttfb_loss_sum',
        'sum(error_weight) as error_weight_sum',
        'cast(sum(follow_up_count) as bigint) as follow_up_count',
        'cast(sum(broken_chain_count) as bigint) as broken_chain_count',
    ]) }}

),

final as (

    select
        roll_up,
        {{ roll_up_dimensions() | join(', ') }},
        page_view_count,
        weight_sum,
        weight_square_sum,
        {{ mean_score('ux_score_sum', 'ux_score_weight') }} as ux_score,
        greatest(0, {{ mean_interval(
            'lower', 'ux_score_sum', 'ux_score_square_sum', 'ux_score_weight', 'ux_score_weight_square_sum'
        ) }}) as ux_score_lower,
        least(100, {{ mean_interval(
            'upper', 'ux_score_sum', 'ux_score_square_sum', 'ux_score_weight', 'ux_score_weight_square_sum'
        ) }}) as ux_score_upper,
        ux_score_weight,
        ux_score_weight_square_sum,
        ux_score_sum,
        ux_score_square_sum,
        lcp_loss_sum,
        inp_loss_sum,
        cls_loss_sum,
        fcp_loss_sum,
        ttfb_loss_sum,
        error_weight_sum,
        follow_up_count,
        broken_chain_count,
        event_date
    from cells
    {{ history_union() }}

)

select * from final
order by event_date, roll_up, {{ roll_up_dimensions() | join(', ') }}
