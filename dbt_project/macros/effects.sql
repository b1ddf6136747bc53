{#
    Where the bucket that holds a value starts or ends: limits of ratings, and round values between. An upper end belongs to
    its bucket, as with ratings; the last bucket has none.
#}
{% macro bucket_edge(edge, metric, value) -%}
    {%- set limits = {
        'LCP': [1000, 1500, 2000, 2500, 3000, 4000, 6000],
        'INP': [50, 100, 150, 200, 300, 500, 1000],
        'CLS': [0.01, 0.05, 0.1, 0.15, 0.25, 0.5],
        'TTFB': [100, 200, 400, 600, 800, 1200, 1800],
    }[metric] -%}
    cast(case
        {%- if edge == 'start' %}
        {%- for limit in limits | reverse %} when {{ value }} > {{ limit }} then {{ limit }}{% endfor %}
        when {{ value }} is not null then 0
        {%- else %}
        {%- for limit in limits %} when {{ value }} <= {{ limit }} then {{ limit }}{% endfor %}
        {%- endif %}
    end as double)
{%- endmacro %}


{# The buckets that the metrics of a session's first page view lie in; without edges where one was not measured. #}
{% macro first_view_buckets() -%}
    [
        {%- for metric, column in [
            ('LCP', 'first_lcp_ms'), ('INP', 'first_inp_ms'), ('CLS', 'first_cls'), ('TTFB', 'first_ttfb_ms')
        ] %}
        {
            metric: '{{ metric }}',
            value_from: {{ bucket_edge('start', metric, column) }},
            value_to: {{ bucket_edge('end', metric, column) }}
        }{{ ',' if not loop.last }}
        {%- endfor %}
    ]
{%- endmacro %}


{#
    What may matter for a session, each with the value `x` that a slope is about (0 at the good limit, above it beyond),
    and the bucket of its curve. Values are limited before they are scaled, so that one hung tab does not decide; least()
    and greatest() pass over NULL, and what was not measured would be the limit.
#}
{% macro session_exposures() -%}
    [
        {%- for exposure, metric, lowest, highest, good in [
            ('lcp_ms', 'LCP', 100, 60000, 2500), ('inp_ms', 'INP', 8, 10000, 200), ('ttfb_ms', 'TTFB', 10, 60000, 800)
        ] %}
        {
            exposure: '{{ exposure }}',
            x: if(first_{{ exposure }} is null, null, log2(least(greatest(first_{{ exposure }}, {{ lowest }}), {{ highest }}) / {{ good }})),
            bucket: {{ bucket_edge('start', metric, 'first_' ~ exposure) }}
        },
        {%- endfor %}
        {
            exposure: 'cls',
            x: if(first_cls is null, null, least(first_cls, 1) / 0.1 - 1),
            bucket: {{ bucket_edge('start', 'CLS', 'first_cls') }}
        },
        {exposure: 'error', x: if(first_error_count > 0, 1, 0), bucket: null},
        {exposure: 'outage', x: if(is_in_outage, 1, 0), bucket: null},
        {exposure: 'outage_next_day', x: if(is_in_outage_next_day, 1, 0), bucket: null}
    ]
{%- endmacro %}


{# What a session may lead to: columns of `sessions`. #}
{% macro outcome_names() -%}
    conversion, bounce, duration, pages, revenue
{%- endmacro %}


{# Sums over sessions of x and the outcomes; decimals, because sums of doubles differ from run to run. #}
{% macro effect_sums() -%}
    count(*) as session_count,
    sum(weight) as w,
    sum(cast(weight * x as decimal(38, 6))) as wx,
    sum(cast(weight * x * x as decimal(38, 6))) as wxx,
    {%- for outcome in outcome_names().split(', ') %}
    sum(cast(weight * {{ outcome }} as decimal(38, 6))) as {{ outcome }}_sum,
    sum(cast(weight * {{ outcome }} * x as decimal(38, 6))) as {{ outcome }}_x,
    {%- endfor %}
    sum(if(x > 0, weight, 0)) as slow_weight_sum,
    sum(cast(if(x > 0, weight * revenue, 0) as decimal(38, 6))) as slow_revenue_sum,
    sum(cast(if(x > 0, weight * x, 0) as decimal(38, 6))) as excess_sum
{%- endmacro %}


{# Of cells with those sums: Σw(x - x̄)² and, for each outcome, Σw(x - x̄)(y - ȳ), the means being those of the cell. #}
{% macro centred_sums() -%}
    cast(wxx - 1.0::double * wx * wx / w as decimal(38, 9)) as variation,
    {%- for outcome in outcome_names().split(', ') %}
    cast({{ outcome }}_x - 1.0::double * wx * {{ outcome }}_sum / w as decimal(38, 9)) as {{ outcome }}_covariation,
    {%- endfor %}
{%- endmacro %}


{# What cells of a segment add up to. #}
{% macro added_cells() -%}
    cast(sum(session_count) as bigint) as session_count,
    sum(w) as weight_sum,
    sum(variation) as variation,
    {%- for outcome in outcome_names().split(', ') %}
    sum({{ outcome }}_sum) as {{ outcome }}_sum,
    sum({{ outcome }}_covariation) as {{ outcome }}_covariation,
    {%- endfor %}
    sum(slow_weight_sum) as slow_weight_sum,
    sum(slow_revenue_sum) as slow_revenue_sum,
    sum(excess_sum) as excess_sum
{%- endmacro %}


{#
    Sessions of `sessions` with `cell`, a number for what they are compared in: the finest stratum of the day in which a
    session has company; device and country are always held. Where a stratum does not hold a dimension, the field is
    empty. Four are company, because a cell of n sessions tells as much as n - 1 that could be compared freely.
#}
{% macro sessions_in_strata() -%}
    {%- set tries = [
        ['page_group', 'channel', 'visitor_kind', 'part_of_day'],
        ['page_group', 'channel', 'visitor_kind'],
        ['page_group'],
        [],
    ] -%}
    select
        *,
        hash(event_date, try, device, country, {{ tries[0] | join(', ') }}) as cell,
        'effect' as term
    from (
        select * replace (
            {%- for name in tries[0] %}
            {%- set holding = [] %}
            {%- for held in tries if name in held %}{% do holding.append(loop.index0) %}{% endfor %}
            if(try in ({{ holding | join(', ') }}), {{ name }}, null) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
        from (
        {%- for held in tries[:-1] | reverse %}
        select
            * replace (coalesce(try, if(
                count(*) over (partition by {{ (['event_date', 'device', 'country'] + held) | join(', ') }}, try is null) >= 4,
                {{ tries.index(held) }}, {{ 'null' if not loop.first else tries | length - 1 }}
            )) as try)
        from (
        {%- endfor %}
        select
            *,
            cast(null as integer) as try
        from sessions
        {{ ')' * (tries | length - 1) }}
        )
    )
{%- endmacro %}


{# Sums of `relation` by exposure, day and `keys`. #}
{% macro effect_cells(relation, keys) -%}
    select
        exposure,
        term,
        event_date,
        {{ keys | join(', ') }},
        any_value(device) as device,
        any_value(country) as country,
        any_value(page_group) as page_group,
        any_value(channel) as channel,
        any_value(visitor_kind) as visitor_kind,
        {{ effect_sums() }}
    from {{ relation }}
    group by exposure, term, event_date, {{ keys | join(', ') }}
{%- endmacro %}


{# `cells` added up by segment; controls and missing exposures for the site only, and beside them what comparing whole days would give. #}
{% macro effect_segments() -%}
    select
        exposure,
        term,
        dimension,
        segment,
        event_date,
        {{ added_cells() }}
    from (
        select
            *,
            {{ centred_sums() }}
            unnest(if(term in ('control', 'missing'), [{dimension: 'all', segment: 'all'}], [
                {dimension: 'all', segment: 'all'},
                {dimension: 'device', segment: device},
                {dimension: 'country', segment: country},
                {dimension: 'device, country', segment: device || ', ' || country},
                {dimension: 'page_group', segment: page_group},
                {dimension: 'channel', segment: channel},
                {dimension: 'visitor_kind', segment: visitor_kind}
            ]), recursive := true)
        from cells
    ) as told
    where segment is not null
    group by exposure, term, dimension, segment, event_date
    union all by name
    select
        exposure,
        'unadjusted' as term,
        'all' as dimension,
        'all' as segment,
        event_date,
        {{ added_cells() }}
    from (
        select
            *,
            {{ centred_sums() }}
        from (
            select
                exposure,
                event_date,
                sum(session_count) as session_count,
                {%- for outcome in outcome_names().split(', ') %}
                sum({{ outcome }}_sum) as {{ outcome }}_sum,
                sum({{ outcome }}_x) as {{ outcome }}_x,
                {%- endfor %}
                sum(slow_weight_sum) as slow_weight_sum,
                sum(slow_revenue_sum) as slow_revenue_sum,
                sum(excess_sum) as excess_sum,
                sum(w) as w,
                sum(wx) as wx,
                sum(wxx) as wxx
            from cells
            where term = 'effect'
            group by exposure, event_date
        ) as added
    ) as whole_days
    group by exposure, event_date
{%- endmacro %}


{# Sums of each bucket of each cell, with those of its cell. #}
{% macro filled_buckets() -%}
    select
        *,
        sum(w) over of_cell as w_cell
        {%- for outcome in outcome_names().split(', ') %},
        sum({{ outcome }}_sum) over of_cell as {{ outcome }}_cell
        {%- endfor %}
    from ({{ effect_cells('drawn where bucket is not null', ['cell', 'bucket']) }}) as sums
    window of_cell as (partition by exposure, event_date, cell)
{%- endmacro %}


{# How each bucket overlaps with every other one in the same cells. #}
{% macro overlapping_buckets() -%}
    select
        exposure,
        event_date,
        bucket,
        list({segment: format('{:g}', other_bucket), overlap: overlap} order by other_bucket) as bucket_overlaps
    from (
        select
            one.exposure,
            one.event_date,
            one.bucket,
            other.bucket as other_bucket,
            sum(cast(
                if(one.bucket = other.bucket, one.w, 0) - 1.0::double * one.w * other.w / one.w_cell
                as decimal(38, 9)
            )) as overlap
        from filled as one
        inner join filled as other using (exposure, event_date, cell)
        group by one.exposure, one.event_date, one.bucket, other.bucket
    ) as pairs
    group by exposure, event_date, bucket
{%- endmacro %}


{#
    Normal equations of the curve of each exposure: what a bucket differs from its cells, and how it overlaps with every
    other bucket in the same cells. Fixed effects of cells (Frisch, Waugh 1933) are taken out of both.
#}
{% macro effect_buckets() -%}
    select
        exposure,
        'dose' as term,
        'bucket' as dimension,
        format('{:g}', bucket) as segment,
        event_date,
        cast(sum(session_count) as bigint) as session_count,
        sum(w) as weight_sum,
        {%- for outcome in outcome_names().split(', ') %}
        sum({{ outcome }}_sum) as {{ outcome }}_sum,
        sum(cast({{ outcome }}_sum - 1.0::double * w * {{ outcome }}_cell / w_cell as decimal(38, 9))) as {{ outcome }}_covariation,
        {%- endfor %}
        any_value(bucket_overlaps) as bucket_overlaps
    from filled
    inner join overlapping using (exposure, event_date, bucket)
    group by exposure, event_date, bucket
{%- endmacro %}
