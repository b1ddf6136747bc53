{# good, needs_improvement or poor; limits are inclusive, as in the web-vitals library (CrUX uses half-open bins). #}
{% macro vitals_rating(metric, value) -%}
    case
        when {{ value }} <= {{ vitals_limit('good', metric) }} then 'good'
        when {{ value }} <= {{ vitals_limit('poor', metric) }} then 'needs_improvement'
        else 'poor'
    end
{%- endmacro %}


{# The largest value that is still good, or not yet poor. FID: 100 and 300 ms, as long as there was FID. #}
{% macro vitals_limit(limit, metric) -%}
    {%- set limits = {
        'good': {'LCP': 2500, 'INP': 200, 'CLS': 0.1, 'FCP': 1800, 'TTFB': 800, 'FID': 100},
        'poor': {'LCP': 4000, 'INP': 500, 'CLS': 0.25, 'FCP': 3000, 'TTFB': 1800, 'FID': 300},
    }[limit] -%}
    case {{ metric }}{% for name, value in limits.items() %} when '{{ name }}' then {{ value }}{% endfor %} end
{%- endmacro %}


{#
    The rating of a cell from its p75 and interval: undecided where the interval crosses a limit, or where n is under 13,
    for which the interval has no upper end (0.75^12 > 2.5 %).
#}
{% macro cell_rating(metric, value, lower, upper) -%}
    case
        when {{ lower }} is null or {{ upper }} is null then 'undecided'
        when {{ vitals_rating(metric, lower) }} <> {{ vitals_rating(metric, upper) }} then 'undecided'
        else {{ vitals_rating(metric, value) }}
    end
{%- endmacro %}


{#
    Buckets of the mergeable histogram. 0 holds zeros, 1 what lies up to 1 ms, then each is 2 % wider than the one before:
    its geometric middle is within 1 % of every value in it. CLS has buckets of 0.002: the middle is within 0.001.
#}
{% macro histogram_bucket(metric, value) -%}
    cast(case
        when {{ value }} <= 0 then 0
        when {{ metric }} = 'CLS' then ceil({{ value }} / 0.002)
        when {{ value }} <= 1 then 1
        else 1 + ceil(ln({{ value }}) / ln(1.02))
    end as integer)
{%- endmacro %}


{# The value that stands for a bucket. #}
{% macro bucket_value(metric, bucket) -%}
    case
        when {{ bucket }} = 0 then 0
        when {{ metric }} = 'CLS' then ({{ bucket }} - 0.5) * 0.002
        when {{ bucket }} = 1 then 0.5
        else power(1.02, {{ bucket }} - 1.5)
    end
{%- endmacro %}


{#
    Ranks between which the p75 of n independent values lies in 95 % of samples: the quantiles of the binomial (n, 0.75),
    by the normal approximation with its skewness term (Cornish and Fisher) and continuity correction: for 13 to 2 000
    values the exact ranks for 97 % of all n, and one rank off for the others.
#}
{% macro p75_rank(end, n) -%}
    {%- if end == 'lower' -%}
        floor({{ n }} * 0.75 - 1.959964 * sqrt({{ n }} * 0.1875) - 0.236788 + 0.5)
    {%- else -%}
        ceil({{ n }} * 0.75 + 1.959964 * sqrt({{ n }} * 0.1875) - 0.236788 + 0.5)
    {%- endif -%}
{%- endmacro %}


{% macro is_headline(navigation_type) -%}
    {{ navigation_type }} in ('navigate', 'reload', 'back-forward', 'back-forward-cache', 'prerender', 'restore')
{%- endmacro %}


{# The columns of a daily cell, of `relation` if given. #}
{% macro vitals_cell(relation=none) -%}
    {%- for column in ['page_group', 'device', 'country', 'navigation_type', 'metric', 'event_date'] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{# The CTE `entries`: one row for each bucket of each histogram of `cells`. #}
{% macro unnested_histograms(cells) -%}
    entries as (

        select
            page_group,
            device,
            country,
            metric,
            event_date,
            unnest(histogram, recursive := true)
        from {{ cells }}

    )
{%- endmacro %}


{#
    The CTE `percentiles`: `cells` with p75, its interval and the histogram that `buckets` (weight by cell and bucket)
    make. A percentile of a merged histogram is the middle of the bucket in which the cumulative weight reaches it.
#}
{% macro merged_percentiles(buckets, cells) -%}
    {%- set n = 'effective_count' -%}
    running as (

        select
            *,
            cast({{ cells }}.weight_sum as double) * {{ cells }}.weight_sum / {{ cells }}.weight_square_sum
                as effective_count,
            sum({{ buckets }}.weight) over (
                partition by page_group, device, country, metric, event_date
                order by {{ buckets }}.bucket
                rows unbounded preceding
            ) as running_weight
        from {{ buckets }}
        inner join {{ cells }} using (page_group, device, country, metric, event_date)

    ),

    ranked as (

        select
            page_group,
            device,
            country,
            metric,
            event_date,
            any_value(effective_count) as effective_count,
            min(bucket) filter (where running_weight * 4 >= weight_sum * 3) as p75_bucket,
            min(bucket) filter (where running_weight * {{ n }} >= {{ p75_rank('lower', n) }} * weight_sum) as lower_bucket,
            min(bucket) filter (where running_weight * {{ n }} >= {{ p75_rank('upper', n) }} * weight_sum) as upper_bucket,
            list({'bucket': bucket, 'weight': cast(weight as decimal(38, 6))} order by bucket) as histogram
        from running
        group by page_group, device, country, metric, event_date

    ),

    percentiles as (

        select
            {{ cells }}.*,
            {{ bucket_value('metric', 'p75_bucket') }} as p75_value,
            case when effective_count >= 13 then {{ bucket_value('metric', 'lower_bucket') }} end as p75_lower,
            case when effective_count >= 13 then {{ bucket_value('metric', 'upper_bucket') }} end as p75_upper,
            ranked.histogram
        from {{ cells }}
        inner join ranked using (page_group, device, country, metric, event_date)

    )
{%- endmacro %}
