with

page_views as (

    select * from {{ ref('fct_page_views') }}
    where {{ rebuilt('event_date') }}

),

unpivoted as (

    select
        page_group,
        device,
        country,
        navigation_type,
        unnest(['LCP', 'INP', 'CLS', 'FCP', 'TTFB', 'FID']) as metric,
        unnest([lcp_ms, inp_ms, cls, fcp_ms, ttfb_ms, fid_ms]) as value,
        weight,
        event_date
    from page_views

),

final as (

    select * from unpivoted
    where value is not null
    union all
    -- Once more for the whole site, whose p75 of a day is exact too.
    select
        'all' as page_group,
        'all' as device,
        'all' as country,
        'all' as navigation_type,
        metric,
        value,
        weight,
        event_date
    from unpivoted
    where value is not null and {{ is_headline('navigation_type') }}

)

select * from final
