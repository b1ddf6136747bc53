{#
    A key of a table of events, tested on the days around those that the run rebuilt. A primary key would be tested on
    all of them and make replacing a day of 100 000 rows 20 times slower, growing with history.
#}
{% test unique_in_rebuilt_days(model, columns) %}
    select
        {{ columns | join(', ') }},
        count(*) as row_count
    from {{ model }}
    {% if not flags.FULL_REFRESH %}
        where
            event_date in (
                select touched_dates.event_date + cast(around.days as integer)
                from pipeline.touched_dates cross join range(-7, 8) as around (days)
            )
    {% endif %}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{% endtest %}
