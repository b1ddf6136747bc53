with

incidents as (

    select * replace (list_transform(services, lambda name: {{ own_name('name') }}) as services)
    from {{ source('raw_incidents', 'incidents') }}

),

newest as (

    select *
    from incidents
    qualify row_number() over (
        partition by incident_id
        order by _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
