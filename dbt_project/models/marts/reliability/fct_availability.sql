{{
    config(
        meta={
            'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}},
            'batch_days': 180,
        },
        pre_hook="{% if is_incremental() %}delete from {{ this }} where grain in ('day', 'month', '90d')"
        " or grain = '5m' and event_date <= (select as_of_date - 90 from pipeline.run){% endif %}",
    )
}}

-- Days, months and the last 90 days are made anew in every run; rows of five minutes go when they are 90 days
-- old, so that what is published of them is bounded.
with
periods as (select * from {{ ref('int_service_periods_summed') }}),

methods as (select * from {{ ref('dim_accounting_methods') }}),

-- A method may count an outage as a whole on the day it began: the time is taken from up, then from the unknown.
settled as (
    select
        periods.* exclude (is_contractual),
        methods.* exclude (method),
        methods.unit = 'count' as is_count,
        periods.maintenance_us + periods.corrected_us as excluded_us,
        least(
            periods.counted_down_us, periods.up_us + periods.down_us + periods.no_check_us
        ) as fallen_us,
        greatest(0, periods.up_us + periods.down_us - fallen_us) as risen_us,
        periods.no_check_us - greatest(0, fallen_us - periods.up_us - periods.down_us) as unseen_us,
        unseen_us + periods.unconfirmed_us + periods.pending_us as unknown_us,
        risen_us + periods.degraded_us + fallen_us + excluded_us + unknown_us as period_us
    from periods
    inner join methods using (method)
),

-- A method that counts checks weighs each with one, a method that measures time with its microseconds.
weighed as (
    select
        *,
        if(is_count, up_count, risen_us / 1e6) as up,
        if(is_count, degraded_count, degraded_us / 1e6) as degraded,
        if(is_count, down_count, fallen_us / 1e6) as down,
        if(is_count, maintenance_count, excluded_us / 1e6) as maintenance,
        if(is_count, pending_count, 0) as pending,
        if(is_count, 0, unknown_us / 1e6) as unknown,
        up + degraded * (1 - degraded_weight)
        + if(maintenance_as = 'up', maintenance, 0)
        + if(pending_as = 'up', pending, 0)
        + if(no_data_as = 'up', unknown, 0) as good,
        up + degraded + down
        + if(maintenance_as in ('up', 'down'), maintenance, 0)
        + if(pending_as in ('up', 'down'), pending, 0)
        + if(no_data_as in ('up', 'down'), unknown, 0) as total
    from settled
),

final as (
    select
        service,
        method,
        grain,
        if(is_count, 'checks', 's') as amount_unit,
        risen_us / 1e6 as up_s,
        degraded_us / 1e6 as degraded_s,
        fallen_us / 1e6 as down_s,
        excluded_us / 1e6 as maintenance_s,
        corrected_us / 1e6 as corrected_s,
        unknown_us / 1e6 as unknown_s,
        unseen_us / 1e6 as unknown_no_check_s,
        unconfirmed_us / 1e6 as unknown_unconfirmed_s,
        pending_us / 1e6 as unknown_pending_s,
        good as good_amount,
        total as total_amount,
        coalesce(
            good / nullif(total, 0), case no_data_as when 'up' then 1 when 'down' then 0 end
        ) as availability_share,
        1 - unknown_us / period_us as coverage_share,
        up_count + degraded_count + down_count + maintenance_count + pending_count as check_count,
        outage_count,
        state_change_count,
        is_flapping,
        is_contractual,
        event_date,
        period_starts_at
    from weighed
)

select * from final
order by event_date, grain, service, method, period_starts_at
