with

days as (

    select cast(unnest(generate_series(date '2000-01-01', date '2049-12-31', interval 1 day)) as date) as event_date

),

final as (

    select
        cast(date_trunc('week', event_date) as date) as week_date,
        cast(date_trunc('month', event_date) as date) as month_date,
        cast(date_trunc('quarter', event_date) as date) as quarter_date,
        cast(isodow(event_date) as integer) as weekday,
        isodow(event_date) > 5 as is_weekend,
        event_date
    from days

)

select * from final
order by event_date
