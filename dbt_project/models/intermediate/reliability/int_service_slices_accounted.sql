{{ config(meta={'reach': {'raw_probes.checks': {'back': 2, 'forward': 3}, 'raw_maintenance.windows': {}}}) }}
{%- set states = ('up', 'degraded', 'down', 'maintenance', 'correction', 'unconfirmed', 'pending') %}

-- What became of each microsecond and each check under a method, for this run's days. The reach is a day wider than
-- that of the states: whether an outage is long enough to count shows on the day before and after, too.
-- Slices of five minutes are published for 90 days, hours for good. So older days are accounted by the hour, but for
-- hours in which a method judges slices as a whole: five years of twelve services are 50 million slices.
with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

methods as (select * from {{ ref('int_accounting_methods_united') }}),

spans as (select * from {{ ref('int_service_states_excused') }}),

-- Most days are one span from midnight to midnight.
days as (
    select
        service,
        method,
        event_date,
        any_value(state) as state,
        any_value(sign) as sign,
        any_value(started_at) as started_at,
        any_value(ended_at) as ended_at,
        count(*) = 1 as is_calm,
        event_date > (select as_of_date - 90 from run) as is_recent
    from spans
    group by service, method, event_date
),

calm as (
    select
        *,
        if(is_recent, '5m', 'hour') as grain,
        if(is_recent, interval 5 minute, interval 1 hour) as width,
        unnest(range(event_date::timestamp, event_date + interval 1 day, width)) as bucket_starts_at,
        sign * greatest(0, {{ us_within('bucket_starts_at', 'width') }}) as spent_us
    from days
    where is_calm
),

-- Every hour has a row, also those of which nothing is known.
eventful as (
    select
        spans.*,
        days.is_recent
    from spans
    inner join days using (service, method, event_date)
    where not days.is_calm
    union all by name
    select
        * exclude (is_calm) replace (
            'none' as state, 0 as sign, event_date::timestamp as started_at, event_date + interval 1 day as ended_at
        )
    from days
    where not is_calm
),

hours as (
    select
        * exclude (started_at, ended_at),
        unnest(range(date_trunc('hour', started_at), ended_at, interval 1 hour)) as hour_at,
        greatest(started_at, hour_at) as started_at,
        least(ended_at, hour_at + interval 1 hour) as ended_at
    from eventful
),

sliced_hours as (
    select distinct
        hours.service,
        hours.method,
        hours.hour_at
    from hours
    inner join methods using (method)
    where hours.is_recent or (methods.unit = 'slices' and hours.state = 'down')
),

cut as (
    select
        hours.*,
        if(sliced_hours.hour_at is null, 'hour', '5m') as grain,
        if(sliced_hours.hour_at is null, interval 1 hour, interval 5 minute) as width,
        unnest(range(time_bucket(width, hours.started_at), hours.ended_at, width)) as bucket_starts_at,
        hours.sign * {{ us_within('bucket_starts_at', 'width') }} as spent_us
    from hours
    left join sliced_hours using (service, method, hour_at)
),

spent as (
    select
        service,
        method,
        grain,
        {%- for state in states %}
            if(state = '{{ state }}', spent_us, 0) as {{ state }}_us,
        {%- endfor %}
        epoch_us(width) - spent_us as no_check_us,
        event_date,
        bucket_starts_at
    from calm
    union all by name
    select
        service,
        method,
        grain,
        {%- for state in states %}
            coalesce(sum(spent_us) filter (state = '{{ state }}'), 0)::bigint as {{ state }}_us,
        {%- endfor %}
        any_value(epoch_us(width)) - sum(spent_us)::bigint as no_check_us,
        event_date,
        bucket_starts_at
    from cut
    group by service, method, grain, event_date, bucket_starts_at
),

slices as (
    select
        checks.*,
        '5m' as grain
    from {{ ref('int_checks_counted') }} as checks
    semi join days on checks.service = days.service and checks.event_date = days.event_date
),

checks as (
    select * from slices
    union all by name
    select
        service,
        sum(columns('_count$'))::bigint,
        event_date,
        date_trunc('hour', bucket_starts_at) as bucket_starts_at,
        'hour' as grain
    from slices
    group by service, event_date, date_trunc('hour', bucket_starts_at)
),

-- One that began in maintenance counts where it is seen as a whole: on its day.
outages as (
    select
        outages.service,
        outages.method,
        grains.grain,
        time_bucket(grains.width, outages.started_at) as bucket_starts_at,
        count(*) as outage_count
    from {{ ref('int_outages_merged') }} as outages
    cross join (values ('5m', interval 5 minute), ('hour', interval 1 hour)) as grains (grain, width)
    asof left join {{ ref('int_maintenance_windows_merged') }} as windows
        on outages.service = windows.service and outages.started_at >= windows.starts_at
    where outages.is_counted and not coalesce(outages.started_at < windows.ends_at, false)
    group by all
),

changes as (
    select
        *,
        '5m' as grain
    from {{ ref('int_state_changes_counted') }}
    union all by name
    select
        service,
        state_rule,
        sum(state_change_count)::bigint as state_change_count,
        max(hour_change_count) as hour_change_count,
        date_trunc('hour', bucket_starts_at) as bucket_starts_at,
        'hour' as grain
    from {{ ref('int_state_changes_counted') }}
    group by service, state_rule, date_trunc('hour', bucket_starts_at)
),

final as (
    select
        service,
        method,
        grain,
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
    left join checks using (service, grain, event_date, bucket_starts_at)
    left join outages using (service, method, grain, bucket_starts_at)
    left join changes using (service, state_rule, grain, bucket_starts_at)
)

select * exclude (is_down_whole) from final
