{#
    UX score of a page view, 0 to 100: the weighted mean of a log-normal score of each metric that is there. Control
    points and weights as in the Sentry Web Vitals score; the curve as in Lighthouse (shared/statistics.js). Tablets use
    the mobile curve. In three steps, so that a curve of 60 terms stands in the SQL once for each metric.
#}
{% macro ux_scales() -%}
    {{ return([
        {'metric': 'lcp_ms', 'weight': 0.30, 'mobile': (2500, 4000), 'desktop': (1200, 2400)},
        {'metric': 'inp_ms', 'weight': 0.30, 'mobile': (200, 500), 'desktop': (200, 500)},
        {'metric': 'cls', 'weight': 0.15, 'mobile': (0.1, 0.25), 'desktop': (0.1, 0.25)},
        {'metric': 'fcp_ms', 'weight': 0.15, 'mobile': (1800, 3000), 'desktop': (900, 1600)},
        {'metric': 'ttfb_ms', 'weight': 0.10, 'mobile': (800, 1800), 'desktop': (200, 400)},
    ]) }}
{%- endmacro %}


{# Step 1, columns `<metric>_z`: how far a value lies from the median of its curve; 1.28155 is the 90th percentile. #}
{% macro ux_deviations() -%}
    {%- for scale in ux_scales() %}
        {%- set value = 'ln(nullif(greatest(' ~ scale.metric ~ ', 0), 0))' %}
        case
            when device = 'desktop' then ({{ value }} - ln({{ scale.desktop[1] }}))
                * 1.2815515655446006 / (ln({{ scale.desktop[1] }}) - ln({{ scale.desktop[0] }}))
            else ({{ value }} - ln({{ scale.mobile[1] }}))
                * 1.2815515655446006 / (ln({{ scale.mobile[1] }}) - ln({{ scale.mobile[0] }}))
        end as {{ scale.metric }}_z{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}


{#
    Step 2, columns `<metric>_lost`: the weight of a metric times what its score lacks to 1, and `ux_weight`, the weights of
    the metrics that are there; empty without LCP, INP and CLS. A value up to p10 scores at least 0.9 and up to p50 at
    least 0.5, or rounding would flip a score of exactly 90.
#}
{% macro ux_losses() -%}
    {%- for scale in ux_scales() -%}
        {%- set metric = scale.metric %}
        {{ scale.weight }} * (1 - case
            when {{ metric }} is null then null
            when {{ metric }} <= 0 then 1
            else greatest({{ normal_upper_tail(metric ~ '_z') }}, case
                when {{ metric }} <= case when device = 'desktop' then {{ scale.desktop[0] }} else {{ scale.mobile[0] }} end
                    then 0.9
                when {{ metric }} <= case when device = 'desktop' then {{ scale.desktop[1] }} else {{ scale.mobile[1] }} end
                    then 0.5
                else 0
            end)
        end) as {{ metric }}_lost,
    {%- endfor %}
    case when coalesce(lcp_ms, inp_ms, cls) is not null then
        {%- for scale in ux_scales() %}
        {{ '+ ' if not loop.first }}case when {{ scale.metric }} is null then 0 else {{ scale.weight }} end
        {%- endfor %}
    end as ux_weight
{%- endmacro %}


{# Step 3: the score, and the points of it that each metric costs; with the score they add up to 100. #}
{% macro ux_score() -%}
    cast(100 * (1 - (
        {%- for scale in ux_scales() %}{{ ' + ' if not loop.first }}coalesce({{ scale.metric }}_lost, 0){% endfor -%}
    ) / ux_weight) as decimal(9, 6)) as ux_score
    {%- for scale in ux_scales() %},
    cast(100 * {{ scale.metric }}_lost / ux_weight as decimal(9, 6)) as {{ scale.metric | replace('_ms', '') }}_loss
    {%- endfor %}
{%- endmacro %}


{#
    1 − Φ(z), which is ½(1 − erf(z / √2)); DuckDB has no erf. Hart's rational approximation as given by West (Better
    approximations to cumulative normal functions, 2005): off by less than 1e-12, and 0 or 1 beyond 7 sigma.
#}
{% macro normal_upper_tail(z) -%}
    {%- set a = 'abs(' ~ z ~ ')' -%}
    {%- set numerator = ['0.0352624965998911', '0.700383064443688', '6.37396220353165', '33.912866078383',
        '112.079291497871', '221.213596169931', '220.206867912376'] -%}
    {%- set denominator = ['0.0883883476483184', '1.75566716318264', '16.064177579207', '86.7807322029461',
        '296.564248779674', '637.333633378831', '793.826512519948', '440.413735824752'] -%}
    case
        when {{ z }} > 7 then 0
        when {{ z }} < -7 then 1
        when {{ z }} >= 0 then exp(-{{ z }} * {{ z }} / 2) * {{ horner(numerator, a) }} / {{ horner(denominator, a) }}
        else 1 - exp(-{{ z }} * {{ z }} / 2) * {{ horner(numerator, a) }} / {{ horner(denominator, a) }}
    end
{%- endmacro %}


{% macro horner(coefficients, x) -%}
    {{ '(' * (coefficients | length - 1) }}{{ coefficients[0] }}::double
    {%- for coefficient in coefficients[1:] %} * {{ x }} + {{ coefficient }}){% endfor %}
{%- endmacro %}


{# The mean of scores from its sums; a quotient of tiny weights is rounded to more than 100 else. #}
{% macro mean_score(score_sum, weight_sum) -%}
    case when {{ weight_sum }} > 0 then least(100, {{ score_sum }}::double / {{ weight_sum }}) end
{%- endmacro %}
