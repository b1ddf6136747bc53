-- Clopper and Pearson 1934: the upper bound is the share with which so few hits happen with probability alpha, found by
-- halving; the lower one is that of the misses, turned round. Fifty halvings are as fine as a double is. Of alerts that
-- nobody has judged, the upper bound takes all as false and the lower one none.
with recursive
counted as (select * from {{ ref('int_alert_accuracy_counted') }}),

asked as (
    {%- for bound, hits, trials, alpha, is_lower in [
        ('false_positive_upper', 'alert_count - true_count', 'alert_count', 0.05, false),
        ('false_positive_lower', 'alert_count - false_count', 'alert_count', 0.05, true),
        ('recall_upper', 'found_count', 'incident_count', 0.025, false),
        ('recall_lower', 'incident_count - found_count', 'incident_count', 0.025, true),
        ('late_upper', 'late_count', 'timed_count', 0.05, false),
        ('late_lower', 'timed_count - late_count', 'timed_count', 0.05, true),
    ] %}
        select
            rule,
            '{{ bound }}' as bound,
            {{ hits }} as hits,
            {{ trials }} as trials,
            {{ alpha }}::double as alpha,
            {{ is_lower }} as is_lower
        from counted
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

numbered as (
    select
        *,
        unnest(range(hits + 1)) as k
    from asked
    where hits < trials
),

-- ln of the number of ways in which k of n can be hits.
terms as (
    select
        *,
        lgamma(trials + 1) - lgamma(k + 1) - lgamma(trials - k + 1) as ln_choose
    from numbered
),

halved as (
    select
        rule,
        bound,
        false as is_probable,
        0.0::double as low,
        1.0::double as high,
        0 as step
    from asked
    where hits < trials
    union all
    select
        halved.rule,
        halved.bound,
        sum(exp(
            terms.ln_choose
            + terms.k * ln((halved.low + halved.high) / 2)
            + (terms.trials - terms.k) * ln(1 - (halved.low + halved.high) / 2)
        )) > any_value(terms.alpha) as exceeds,
        if(exceeds, (halved.low + halved.high) / 2, halved.low) as low,
        if(exceeds, halved.high, (halved.low + halved.high) / 2) as high,
        halved.step + 1 as step
    from halved
    inner join terms using (rule, bound)
    where halved.step < 50
    group by halved.rule, halved.bound, halved.low, halved.high, halved.step
),

bounds as (
    select
        asked.rule,
        asked.bound,
        if(asked.trials > 0 and asked.hits is not null, coalesce((halved.low + halved.high) / 2, 1), null) as share,
        if(asked.is_lower, 1 - share, share) as value
    from asked
    left join halved on asked.rule = halved.rule and asked.bound = halved.bound and halved.step = 50
),

final as (
    select
        rule,
        any_value(value) filter (bound = 'false_positive_lower') as false_positive_lower,
        any_value(value) filter (bound = 'false_positive_upper') as false_positive_upper,
        any_value(value) filter (bound = 'recall_lower') as recall_lower,
        any_value(value) filter (bound = 'recall_upper') as recall_upper,
        any_value(value) filter (bound = 'late_lower') as late_lower,
        any_value(value) filter (bound = 'late_upper') as late_upper
    from bounds
    group by rule
)

select * from final
