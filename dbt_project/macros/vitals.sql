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
    values the exact ranks for 97 % of all n, and one rank off for the others. Of 13 values the exact upper rank is 13, which the
    approximation misses by one: no rank lies beyond the last value.
#}
{% macro p75_rank(end, n) -%}
    {%- if end == 'lower' -%}
        floor({{ n }} * 0.75 - 1.959964 * sqrt({{ n }} * 0.1875) - 0.236788 + 0.5)
    {%- else -%}
        least({{ n }}, ceil({{ n }} * 0.75 + 1.959964 * sqrt({{ n }} * 0.1875) - 0.236788 + 0.5))
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


{#
    The CTEs `cells` and `histograms`: of each `cell` (a number) of `days` and each window (first_date, last_date, and
    `keys` by which windows are told apart), the sums and the merged histogram of its days. A number, because grouping
    millions of buckets by names costs five times as much.
#}
{% macro merged_cells(windows, days, keys=['event_date']) -%}
    {%- set window = windows ~ '.' ~ keys | join(', ' ~ windows ~ '.') -%}
    cells as (

        select
            {{ window }},
            {{ days }}.cell,
            cast(sum({{ days }}.page_view_count) as bigint) as page_view_count,
            cast(sum({{ days }}.weight_sum) as decimal(38, 6)) as weight_sum,
            cast(sum({{ days }}.weight_square_sum) as decimal(38, 12)) as weight_square_sum,
            cast(sum({{ days }}.good_count) as decimal(38, 6)) as good_count,
            cast(sum({{ days }}.poor_count) as decimal(38, 6)) as poor_count
        from {{ windows }}
        inner join {{ days }} on {{ days }}.event_date between {{ windows }}.first_date and {{ windows }}.last_date
        group by {{ window }}, {{ days }}.cell

    ),

    entries as (

        select
            cell,
            event_date,
            unnest(histogram, recursive := true)
        from {{ days }}

    ),

    merged as (

        select
            {{ window }},
            entries.cell,
            entries.bucket,
            cast(sum(entries.weight) as decimal(38, 6)) as weight
        from {{ windows }}
        inner join entries on entries.event_date between {{ windows }}.first_date and {{ windows }}.last_date
        group by {{ window }}, entries.cell, entries.bucket

    ),

    histograms as (

        select
            {{ keys | join(', ') }},
            cell,
            list(struct_pack(bucket := bucket, weight := weight) order by bucket) as histogram
        from merged
        group by {{ keys | join(', ') }}, cell

    )
{%- endmacro %}


{# Whether each cell passes Core Web Vitals: 75 % good for LCP and CLS, and for INP or INP missing; NULL without LCP or CLS. #}
{% macro passes_core_web_vitals(cell) -%}
    case
        when max(good_count * 4) filter (where metric = 'LCP') over {{ cell }} is null then null
        when max(good_count * 4) filter (where metric = 'CLS') over {{ cell }} is null then null
        else coalesce(bool_and(good_count * 4 >= weight_sum * 3) filter (
            where metric in ('LCP', 'CLS', 'INP')
        ) over {{ cell }}, false)
    end
{%- endmacro %}


{# The dimensions of roll-ups in the order in which they name one, each behind `prefix`. #}
{% macro dimension_names(prefix='') -%}
    {%- for name in [
        'page_group', 'device', 'country', 'region', 'browser', 'browser_version', 'connection', 'navigation_type', 'release',
        'visitor_kind'
    ] -%}
        {{ prefix }}{{ name }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}


{% macro roll_up_dimensions() -%}
    {{ return(dimension_names().split(', ')) }}
{%- endmacro %}


{# The dimensions as columns of page views, `unknown` where a view does not say. #}
{% macro dimensions_of_views() -%}
    page_group,
    device,
    country,
    coalesce(region, 'unknown') as region,
    browser,
    coalesce(browser_version, 'unknown') as browser_version,
    coalesce(connection, 'unknown') as connection,
    navigation_type,
    coalesce(release, 'unknown') as release,
    case when is_new_user then 'new' when not is_new_user then 'returning' else 'unknown' end as visitor_kind
{%- endmacro %}


{#
    Counts `relation` once for each roll-up of the configuration: one aggregate for each, not one of all dimensions
    crossed. Headline views only, unless a roll-up tells navigation types apart. A dimension that is rolled up is 'all'.
#}
{% macro rolled_up(relation, keys, measures) -%}
    {%- set headline, every = [], [] -%}
    {%- for dimensions in configured_roll_ups() -%}
        {%- do (every if 'navigation_type' in dimensions else headline).append(dimensions) -%}
    {%- endfor -%}
    select
        coalesce(nullif(concat_ws(', '
            {%- for dimension in roll_up_dimensions() %}, case when {{ dimension }} is not null then '{{ dimension }}' end{% endfor -%}
        ), ''), 'site') as roll_up,
        * replace (
            {%- for dimension in roll_up_dimensions() %}
            coalesce({{ dimension }}, 'all') as {{ dimension }}{{ ',' if not loop.last }}
            {%- endfor %}
        )
    from (
        {{ counted_by(relation ~ ' where is_headline', keys, measures, headline) if headline }}
        {{ 'union all by name' if headline and every }}
        {{ counted_by(relation, keys, measures, every) if every }}
    ) as counted
{%- endmacro %}


{% macro counted_by(relation, keys, measures, roll_ups) -%}
    {%- set used = roll_ups | sum(start=[]) -%}
    select
        {% for dimension in roll_up_dimensions() -%}
            {{ dimension if dimension in used else 'cast(null as varchar) as ' ~ dimension }},
        {% endfor -%}
        {{ (keys + measures) | join(', ') }}
    from {{ relation }}
    group by grouping sets (
        {%- for dimensions in roll_ups %}
        ({{ (keys + dimensions) | join(', ') }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}


{# Lists of dimensions; only the site's own where no database can be asked. #}
{% macro configured_roll_ups() -%}
    {%- set found = [] -%}
    {%- if execute and target.name != 'program' -%}
        {%- for row in run_query("select array_to_string(dimensions, ',') from config.roll_ups order by position").rows -%}
            {%- do found.append(row[0].split(',') if row[0] else []) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found or [[]]) }}
{%- endmacro %}


{#
    The value at which the cumulative weight of a histogram reaches `target`, as a bucket: an exact fold, in the order of
    buckets, that stops where it is reached. Shares of weights are doubles: a billionth less than reached is reached.
#}
{% macro bucket_at(histogram, target) -%}
    list_reduce(
        {{ histogram }},
        lambda found, next: case
            when cast(found.weight as double) >= ({{ target }}) * 0.999999999 then found
            else struct_pack(bucket := next.bucket, weight := cast(found.weight + next.weight as decimal(38, 6)))
        end
    ).bucket
{%- endmacro %}


{# Columns of a cell with `histogram`: the buckets of its percentiles and of the ends of the interval of its p75. #}
{% macro percentile_buckets() -%}
    {%- set n = '(cast(weight_sum as double) * weight_sum / weight_square_sum)' -%}
    {%- for percent in [50, 75, 90, 99] %}
        {{ bucket_at('histogram', 'weight_sum * ' ~ percent ~ '.0 / 100') }} as p{{ percent }}_bucket,
    {%- endfor %}
        case when {{ n }} >= 13 then {{ bucket_at('histogram', p75_rank('lower', n) ~ ' * weight_sum / ' ~ n) }} end
            as lower_bucket,
        case when {{ n }} >= 13 then {{ bucket_at('histogram', p75_rank('upper', n) ~ ' * weight_sum / ' ~ n) }} end
            as upper_bucket
{%- endmacro %}


{# The values of those buckets: a percentile of a histogram is the middle of the bucket in which it lies. #}
{% macro percentile_values() -%}
    {%- for name in ['p50', 'p75', 'p90', 'p99'] -%}
        {{ bucket_value('metric', name ~ '_bucket') }} as {{ name }}_value,
    {% endfor -%}
    case when lower_bucket is not null then {{ bucket_value('metric', 'lower_bucket') }} end as p75_lower,
    case when upper_bucket is not null then {{ bucket_value('metric', 'upper_bucket') }} end as p75_upper
{%- endmacro %}


{# One row per page view with a captured error, of the rebuilt days; a view lasts for its first day and the next. #}
{% macro failed_views() -%}
    select distinct
        page_views.page_view_id,
        page_views.event_date
    from {{ ref('fct_page_views') }} as page_views
    inner join (
        select
            page_view_id,
            min(event_date) as first_error_date
        from {{ ref('int_errors_united') }}
        where page_view_id is not null and {{ loaded('event_date', forward=1) }}
        group by page_view_id, event_date
    ) as errors
        on
            page_views.page_view_id = errors.page_view_id
            and errors.first_error_date between page_views.event_date and page_views.event_date + 1
    where {{ rebuilt('page_views.event_date') }}
{%- endmacro %}


{# Page views (effective sample) below which a page is not quoted by itself: the interval of its p75 would reach from p66 to p83. #}
{% macro fewest_to_quote() -%}
    100
{%- endmacro %}
