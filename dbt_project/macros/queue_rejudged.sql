{#
    The post-hook of the judgements of rules: the days that it has judged anew wait for the ledger of alerts
    (orchestration/alerts/batch.py), written in the transaction that judged them.
#}
{% macro queue_rejudged() -%}
    {%- if execute -%}
        {%- set ranges = [] if flags.FULL_REFRESH else rebuilt_ranges(0, 0) -%}
        insert into pipeline.rejudged_dates
        select days.event_date
        from (
            {%- for range in ranges %}
                select cast(unnest(range(
                    date '{{ range[0] }}', date '{{ range[1] }}' + 1, interval 1 day
                )) as date) as event_date
                union
            {%- endfor %}
            select distinct event_date from {{ this }}
            where {{ 'true' if flags.FULL_REFRESH else 'false' }}
        ) as days
        anti join pipeline.rejudged_dates using (event_date)
    {%- endif -%}
{%- endmacro %}
