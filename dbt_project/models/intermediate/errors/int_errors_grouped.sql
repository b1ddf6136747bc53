with
errors as (
    select
        *,
        {{ error_kind() }} as kind
    from {{ ref('int_errors_united') }}
    where {{ rebuilt() }}
),

names as (select * from {{ source('config', 'error_merges') }}),

grouped as (
    {{ grouped_errors('errors') }}
),

-- The configuration may name a group as it was called before the grouping changed.
merged as (
    select
        grouped.* exclude (error_group_id),
        coalesce(left(md5('merged|' || names.name), 16), grouped.error_group_id) as error_group_id
    from grouped
    left join names on names.error_group_id in (grouped.error_group_id, grouped.earlier_group_id)
    qualify row_number() over (
        partition by grouped.kind order by names.error_group_id = grouped.error_group_id desc, names.name
    ) = 1
),

final as (
    select
        -- By what it says and not by where it stands, so that a file delivered again with other lines keeps its ids.
        md5(concat_ws('|', errors.occurred_at, errors.kind, errors.page_view_id, row_number() over (
            partition by errors.occurred_at, errors.kind, errors.page_view_id
            order by
                errors.session_id, errors.visitor_id, errors.page_group, errors.release, errors.browser, errors.country,
                errors.handled
        ))) as error_id,
        merged.error_group_id,
        merged.earlier_group_id,
        errors.page_view_id,
        errors.session_id,
        errors.visitor_id,
        merged.category,
        merged.type,
        merged.message,
        merged.culprit,
        merged.culprit_line,
        merged.culprit_column,
        coalesce(errors.page_group, 'unknown') as page_group,
        errors.browser,
        errors.release,
        coalesce(left(errors.country, 50), 'unknown') as country,
        coalesce(errors.handled, false) as is_handled,
        errors.event_date,
        errors.occurred_at,
        errors._source_file,
        errors._source_line
    from errors
    inner join merged using (kind)
)

select * from final
