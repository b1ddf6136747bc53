with
durations as (select * from {{ ref('int_incident_durations_unpivoted') }}),

-- Kaplan-Meier: the first duration by which at most half of the incidents go on. Open ones count as long as they were
-- seen to go on, then they leave.
at_risk as (
    select
        month,
        service,
        severity,
        measure,
        seen_s,
        count(duration_s) as ended_count,
        sum(count(*)) over (partition by month, service, severity, measure order by seen_s desc) as risk_count
    from durations
    group by month, service, severity, measure, seen_s
),

survival as (
    select
        *,
        product(1 - ended_count / risk_count) over w as share_left,
        sum(ended_count / nullif(risk_count * (risk_count - ended_count), 0)) over w as greenwood
    from at_risk
    window w as (partition by month, service, severity, measure order by seen_s)
),

-- How far the share left is from a half, in standard errors on the scale of ln(-ln) (Brookmeyer and Crowley 1982 with
-- the transformation of Borgan and Liestoel 1990); where none is left it has no error.
departed as (
    select
        *,
        if(
            share_left > 1e-9 and share_left < 1,
            (ln(-ln(share_left)) - ln(-ln(0.5))) * -ln(share_left) / sqrt(greenwood),
            null
        ) as errors_past_half
    from survival
),

final as (
    select
        month,
        service,
        severity,
        measure,
        min(seen_s) filter (share_left <= 0.5 + 1e-9) as median_s,
        min(seen_s) filter (errors_past_half >= -1.959964) as median_lower_s,
        min(seen_s) filter (errors_past_half >= 1.959964) as median_upper_s
    from departed
    group by month, service, severity, measure
)

select * from final
