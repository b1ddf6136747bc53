{{ config(meta={'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}}}) }}

-- What became of each microsecond and each check of five minutes under a method, for this run's days. The reach is a
-- day wider than that of the states: whether an outage is long enough to count shows on the day before and after, too.
with
methods as (select * from {{ ref('int_accounting_methods_united') }}),

spans as (select * from {{ ref('int_service_states_excused') }}),

checks as (select * from {{ ref('int_checks_counted') }}),

changes as (select * from {{ ref('int_state_changes_counted') }}),

-- One that began in maintenance counts where it is seen as a whole: on its day.
outages as (
    select
        outages.service,
        outages.method,
        time_bucket(interval 5 minute, outages.started_at) as bucket_starts_at,
        count(*) as outage_count
    from {{ ref('int_outages_merged') }} as outages
    asof left join {{ ref('int_maintenance_windows_merged') }} as windows
        on outages.service = windows.service and outages.started_at >= windows.starts_at
    where outages.is_counted and not coalesce(outages.started_at < windows.ends_at, false)
    group by outages.service, outages.method, time_bucket(interval 5 minute, outages.started_at)
),

days as (
    select distinct
        service,
        method,
        event_date
    from spans
),

cut as (
    select
        service,
        method,
        state,
        event_date,
        unnest(range(time_bucket(interval 5 minute, started_at), ended_at, interval 5 minute)) as bucket_starts_at,
        sign * (
            epoch_us(least(ended_at, bucket_starts_at + interval 5 minute))
            - epoch_us(greatest(started_at, bucket_starts_at))
        ) as spent_us
    from spans
    union all
    select
        service,
        method,
        'day' as state,
        event_date,
        unnest(range(event_date::timestamp, event_date + interval 1 day, interval 5 minute)) as bucket_starts_at,
        0 as spent_us
    from days
),

spent as (
    select
        service,
        method,
        {%- for state in ('up', 'degraded', 'down', 'maintenance', 'correction', 'unconfirmed', 'pending') %}
            coalesce(sum(spent_us) filter (state = '{{ state }}'), 0)::bigint as {{ state }}_us,
        {%- endfor %}
        300000000 - sum(spent_us)::bigint as no_check_us,
        event_date,
        bucket_starts_at
    from cut
    group by service, method, event_date, bucket_starts_at
),

final as (
    select
        service,
        method,
        methods.unit = 'slices' and spent.down_us > 0 as is_down_whole,
        if(is_down_whole, 0, spent.up_us) as up_us,
        if(is_down_whole, 0, spent.degraded_us) as degraded_us,
        spent.down_us + if(is_down_whole, spent.up_us + spent.degraded_us, 0) as down_us,
        spent.maintenance_us,
        spent.correction_us as corrected_us,
        spent.unconfirmed_us,
        spent.pending_us,
        spent.no_check_us,
        {%- for status in ('up', 'degraded', 'down', 'pending') %}
            coalesce(checks.{{ status }}_count, 0)
            + if(methods.maintenance_as = 'as_checked', coalesce(checks.excluded_{{ status }}_count, 0), 0)
                as {{ status }}_count,
        {%- endfor %}
        coalesce(
            checks.maintenance_count + if(
                methods.maintenance_as = 'as_checked',
                0,
                checks.excluded_up_count + checks.excluded_degraded_count
                + checks.excluded_down_count + checks.excluded_pending_count
            ),
            0
        ) as maintenance_count,
        coalesce(outages.outage_count, 0) as outage_count,
        coalesce(changes.state_change_count, 0) as state_change_count,
        coalesce(changes.hour_change_count >= 4, false) as is_flapping,
        methods.is_contractual,
        event_date,
        bucket_starts_at
    from spent
    inner join methods using (method)
    left join checks using (service, event_date, bucket_starts_at)
    left join outages using (service, method, bucket_starts_at)
    left join changes using (service, state_rule, bucket_starts_at)
)

select * exclude (is_down_whole) from final
