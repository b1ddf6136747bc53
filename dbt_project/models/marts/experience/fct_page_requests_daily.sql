with

requests as (

    select
        {{ page_path('url') }} as page_path,
        event_date
    from {{ ref('stg_access_log__requests') }}
    where name is null and {{ rebuilt('event_date') }}

),

pages as (

    {{ grouped_pages('requests') }}

),

-- What the configuration does not name may be an interface as well as a page.
expected as (

    select
        pages.page_group,
        requests.event_date,
        count(*) as expected_page_view_count
    from requests
    inner join pages using (page_path)
    semi join {{ ref('dim_page_groups') }} as named on pages.page_group = named.page_group
    group by pages.page_group, requests.event_date

),

-- Soft navigations and pages that come back from the browser's memory ask no server.
viewed as (

    select
        page_group,
        event_date,
        sum(weight_sum) as weight_sum
    from {{ ref('fct_experience_daily') }}
    where
        navigation_type in ('navigate', 'reload', 'back-forward', 'prerender')
        and {{ rebuilt('event_date') }}
    group by page_group, event_date

),

final as (

    select
        expected.page_group,
        expected.expected_page_view_count,
        cast(
            least(expected.expected_page_view_count, coalesce(viewed.weight_sum, 0)) as decimal(38, 6)
        ) as received_weight_sum,
        expected.event_date
    from expected
    left join viewed using (page_group, event_date)
    {{ history_union() }}

)

select * from final
order by event_date, page_group
