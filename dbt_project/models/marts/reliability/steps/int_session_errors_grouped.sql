with
errors as (
    select * from {{ ref('int_errors_grouped') }}
    where {{ loaded('event_date', forward=2) }}
),

attributed as (select * from {{ ref('int_errors_attributed') }}),

final as (
    select distinct
        attributed.session_id,
        errors.error_group_id,
        attributed.session_date as event_date
    from attributed
    inner join errors using (_source_file, _source_line)
    where {{ rebuilt('attributed.session_date') }}
)

select * from final
