{#
    What the chain of a metric's reports says: each goes from `value - delta` to `value`, the first from 0, so that all of
    them are one trail, and where a trail ends is a matter of degrees: at the value that is reached once more than it is
    left. That holds whatever the order of receipt. INP may go 200, 152, 200, 152 and then ends at 152, so that a report
    that repeats an earlier one is a duplicate only if the trail is none with it.

    Tried are all reports, then those that do not repeat the one received before, then those that repeat none. Returned is a
    row for each report of a trail: whether it is a duplicate, and its place in the order of receipt, where the report that
    ends the trail has changed places with the one received last. Where a beacon is lost there is no trail and no row. A
    trail lies within a day, so that what comes on the next one changes no closed day.

    Reads `_receipt_order`, page_view_id, view_date, event_date, metric, report_id, value, delta, is_bot, invalid_reason.
#}
{% macro chained_reports(reports) -%}
    {%- set chain = ['page_view_id', 'view_date', 'event_date', 'metric', 'report_id'] | join(', ') -%}
    with
    several as (
        select {{ chain }}
        from {{ reports }}
        where not is_bot and invalid_reason is null and view_date is not null and metric <> 'page_view'
        group by {{ chain }}
        having count(*) > 1
    ),

    links as (
        select
            {{ chain }},
            _receipt_order,
            round(value * 1e6)::bigint as value_key,
            if(isfinite(delta) and abs(delta) <= 1e9, round((value - delta) * 1e6)::bigint, null) as before_key,
            row_number() over (
                partition by {{ chain }}, value_key, before_key order by _receipt_order
            ) > 1 as is_repeat,
            coalesce(
                lag((value_key, before_key)) over (partition by {{ chain }} order by _receipt_order)
                = (value_key, before_key), false
            ) as is_repeat_of_last
        from {{ reports }}
        semi join several using ({{ chain }})
        where not is_bot and invalid_reason is null
    ),

    tries as (
        select
            links.*,
            attempts.attempt,
            case attempts.attempt
                when 1 then is_repeat and value_key = before_key
                when 2 then is_repeat_of_last or is_repeat and value_key = before_key
                else is_repeat
            end as is_duplicate
        from links
        cross join (select unnest([1, 2, 3]) as attempt) as attempts
    ),

    degrees as (
        select
            {{ chain }},
            attempt,
            value_key,
            sum(degree) as degree
        from (
            select {{ chain }}, attempt, value_key, 1 as degree from tries where not is_duplicate
            union all
            select {{ chain }}, attempt, before_key as value_key, -1 as degree from tries where not is_duplicate
        ) as ends
        group by {{ chain }}, attempt, value_key
    ),

    trails as (
        select
            {{ chain }},
            attempt,
            coalesce(max(value_key) filter (degree = 1), 0) as end_key
        from degrees
        group by {{ chain }}, attempt
        having
            max(abs(degree)) <= 1
            and count(*) = count(value_key)
            and count(*) filter (degree = 1) = count(*) filter (degree = -1)
            and count(*) filter (degree = 1) <= 1
            and count(*) filter (value_key = 0 and degree <= 0) = 1
            and coalesce(min(value_key) filter (degree = -1), 0) = 0
        qualify attempt = min(attempt) over (partition by {{ chain }})
    ),

    placed as (
        select
            tries._receipt_order,
            tries.is_duplicate,
            max(tries._receipt_order) filter (not tries.is_duplicate) over per_chain as last_order,
            max(tries._receipt_order) filter (not tries.is_duplicate and tries.value_key = trails.end_key)
                over per_chain as end_order
        from tries
        inner join trails using ({{ chain }}, attempt)
        window per_chain as (partition by {{ chain }})
    )

    select
        _receipt_order,
        is_duplicate,
        case _receipt_order when end_order then last_order when last_order then end_order else _receipt_order end
            as chain_order
    from placed
{%- endmacro %}
