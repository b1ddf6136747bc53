with

reviews as (

    select
        * replace ({{ own_name('service') }} as service),
        coalesce(alert_id = service || ' ' || alerted_at, false) as is_by_moment
    from {{ source('raw_alert_reviews', 'reviews') }}

),

-- A file may be delivered again later than a review elsewhere: the time of the review decides, not that of the file.
newest as (

    select *
    from reviews
    qualify row_number() over (
        partition by alert_id
        order by reviewed_at desc, _export_date desc, _source_file desc, _source_line desc
    ) = 1

)

select * from newest
