with

attributed as (

    select
        page_view_id,
        metric,
        arg_max(value, _receipt_order) as value,
        arg_max(struct_pack(target := target, parts := parts), _receipt_order) as told,
        view_date as event_date
    from {{ ref('int_reports_classified') }}
    where status = 'used' and (target is not null or parts is not null) and {{ loaded('event_date', forward=1) }}
    group by page_view_id, metric, view_date

),

page_views as (

    select * from {{ ref('fct_page_views') }}
    where {{ is_headline('navigation_type') }} and {{ rebuilt('event_date') }}

),

matched as (

    select
        attributed.page_view_id,
        page_views.page_group,
        page_views.device,
        attributed.metric,
        attributed.told.target,
        attributed.told.parts,
        attributed.value,
        case attributed.metric
            when 'LCP' then page_views.lcp_loss
            when 'INP' then page_views.inp_loss
            when 'CLS' then page_views.cls_loss
            when 'FCP' then page_views.fcp_loss
            when 'TTFB' then page_views.ttfb_loss
        end as loss,
        page_views.weight,
        attributed.event_date
    from attributed
    inner join page_views
        on attributed.page_view_id = page_views.page_view_id and attributed.event_date = page_views.event_date
    where
        -- A later report without attribution may have changed the value: then nobody knows what it is made of.
        attributed.value = case attributed.metric
            when 'LCP' then page_views.lcp_ms
            when 'INP' then page_views.inp_ms
            when 'CLS' then page_views.cls
            when 'FCP' then page_views.fcp_ms
            when 'TTFB' then page_views.ttfb_ms
        end

)

select
    *,
    case
        when len(parts) is null then null
        else
            len(list_filter(parts, lambda part: part >= 0 and part <= 600000)) = len(parts)
            and abs(list_sum(parts) - value) <= case when metric = 'INP' then 8 else 1 end
    end as is_sum_valid
from matched
