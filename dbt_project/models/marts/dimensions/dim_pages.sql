with

page_views as (

    select * from {{ ref('fct_page_views') }}
    where event_date between {{ as_of() }} - 27 and {{ as_of() }}

),

final as (

    select
        page_path,
        any_value(page_group) as page_group,
        count(*) as page_view_count
    from page_views
    group by page_path

)

select * from final
order by page_path
