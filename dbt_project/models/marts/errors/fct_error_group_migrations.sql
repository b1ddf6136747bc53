{{
    config(
        meta={'reach': {'raw_web_errors.errors': {}}, 'closes': 0, 'history': true},
    )
}}

with
errors as (
    select * from {{ ref('int_errors_grouped') }}
    where {{ rebuilt() }}
),

opened as (
    select
        earlier_group_id,
        error_group_id,
        {{ fingerprint_version() }} - 1 as earlier_version,
        {{ fingerprint_version() }} as fingerprint_version,
        count(*) as error_count,
        event_date
    from errors
    group by earlier_group_id, error_group_id, event_date
),

final as (
    select * from opened
    {{ history_union() }}
)

select * from final
order by event_date, earlier_group_id, error_group_id
