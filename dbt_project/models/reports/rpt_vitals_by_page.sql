with

run as (

    select as_of_date from {{ source('pipeline', 'run') }}

),

page_views as (

    select
        page_group,
        page_path,
        weight,
        unnest(['LCP', 'INP', 'CLS', 'FCP', 'TTFB']) as metric,
        unnest([lcp_ms, inp_ms, cls, fcp_ms, ttfb_ms]) as value
    from {{ ref('fct_page_views') }}
    where
        event_date > (select as_of_date - 28 from run)
        and event_date <= (select as_of_date from run)
        and {{ is_headline('navigation_type') }}

),

buckets as (

    select
        page_group,
        page_path,
        metric,
        {{ histogram_bucket('metric', 'value') }} as bucket,
        count(*) as page_view_count,
        cast(sum(weight) as decimal(38, 6)) as weight_sum,
        sum(weight * weight) as weight_square_sum
    from page_views
    where value is not null
    group by page_group, page_path, metric, bucket

),

pages as (

    select
        page_group,
        page_path,
        metric,
        cast(sum(page_view_count) as bigint) as page_view_count,
        sum(weight_sum) as weight_sum,
        sum(weight_square_sum) as weight_square_sum,
        cast(sum(weight_sum) as double) * sum(weight_sum) / sum(weight_square_sum) as effective_count,
        list(struct_pack(bucket := bucket, weight := weight_sum) order by bucket) as histogram
    from buckets
    group by page_group, page_path, metric

),

valued as (

    select
        *,
        {{ percentile_values() }}
    from (
        select
            *,
            {{ percentile_buckets() }} -- noqa: PRS
        from pages
    ) as ranked

),

-- Groups and the site, by the same days.
wider as (

    select
        *,
        cast(weight_sum as double) * weight_sum / weight_square_sum as effective_count
    from {{ ref('fct_vitals_28d') }}
    where event_date = (select as_of_date from run) and device = 'all' and country = 'all'

),

chosen as (

    select
        valued.page_path,
        valued.page_group,
        valued.metric,
        valued.page_view_count as own_page_view_count,
        case
            when valued.effective_count >= {{ fewest_to_quote() }} then 'page'
            when page_groups.effective_count >= {{ fewest_to_quote() }} then 'page_group'
            else 'site'
        end as level,
        case level
            when 'page' then valued.page_view_count
            when 'page_group' then page_groups.page_view_count
            else sites.page_view_count
        end as page_view_count,
        {% for column in ['p75_value', 'p75_lower', 'p75_upper'] -%}
            case level
                when 'page' then valued.{{ column }}
                when 'page_group' then page_groups.{{ column }}
                else sites.{{ column }}
            end as {{ column }},
        {% endfor -%}
        (select as_of_date from run) as event_date
    from valued
    left join wider as page_groups on valued.page_group = page_groups.page_group and valued.metric = page_groups.metric
    left join wider as sites on sites.page_group = 'all' and valued.metric = sites.metric

),

final as (

    select
        *,
        {{ cell_rating('metric', 'p75_value', 'p75_lower', 'p75_upper') }} as rating
    from chosen

)

select * from final
