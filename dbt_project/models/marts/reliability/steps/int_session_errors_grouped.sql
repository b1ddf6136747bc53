with
errors as (
    select
        *,
        {{ error_kind() }} as kind
    from {{ ref('stg_web_errors__errors') }}
    where {{ loaded('event_date', forward=2) }}
),

grouped as (
    {{ grouped_errors('errors') }}
),

attributed as (select * from {{ ref('int_errors_attributed') }}),

final as (
    select distinct
        attributed.session_id,
        grouped.error_group_id,
        attributed.session_date as event_date
    from attributed
    inner join errors using (_source_file, _source_line)
    inner join grouped using (kind)
    where {{ rebuilt('attributed.session_date') }}
)

select * from final
