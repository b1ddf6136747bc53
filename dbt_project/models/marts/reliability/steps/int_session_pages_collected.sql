-- Only the page groups that an objective on sessions names: the others nobody asks for.
with
page_views as (select * from {{ ref('int_page_views_sessionized') }}),

page_groups as (
    select distinct page_group from {{ source('config', 'objectives') }}
    where indicator in ('error_free_sessions', 'order_success')
),

final as (
    select distinct
        page_views.session_id,
        page_views.page_group,
        page_views.session_date as event_date
    from page_views
    inner join page_groups using (page_group)
    where {{ rebuilt('page_views.session_date') }}
)

select * from final
