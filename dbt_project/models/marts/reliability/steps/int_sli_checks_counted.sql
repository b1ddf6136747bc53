{{ config(tags=['fast']) }}

-- What the contractual method ignores in a pending check, no objective counts either. For availability by time only the
-- number of checks counts: it says how much evidence the time rests on.
with
checks as (
    select * from {{ ref('stg_probes__checks') }}
    where {{ rebuilt() }}
),

objectives as (
    select * replace (coalesce(slice_s, 300) as slice_s)
    from {{ source('config', 'objectives') }}
    where feed = 'probes'
),

method as (
    select * from {{ ref('int_accounting_methods_united') }}
    where is_contractual
),

exclusions as (select * from {{ ref('int_sli_exclusions_merged') }}),

judged as (
    select
        objectives.objective,
        {{ sli_slice('checks.checked_at', 'objectives.slice_s') }} as slice_starts_at,
        checks.event_date,
        if(checks.status = 'pending', method.pending_as, checks.status) as state,
        case
            when state = 'down' or (state = 'maintenance' and method.maintenance_as = 'down') then 0
            when objectives.indicator = 'availability' and state = 'degraded' then 1 - method.degraded_weight
            when objectives.indicator = 'check_latency'
                then {{ sli_within('checks.response_ms') }}
            else 1
        end::decimal(18, 6) as good,
        case
            when objectives.indicator = 'availability' and method.maintenance_as in ('up', 'down') then null
            when exclusions.reason is not null then exclusions.reason
            when state = 'maintenance' then 'maintenance'
        end as reason,
        (objectives.indicator <> 'availability' or method.unit = 'count')::integer as amount
    from objectives
    inner join checks
        on objectives.service = checks.service and coalesce(objectives.location, checks.location) = checks.location
    cross join method
    left join exclusions
        on
            objectives.objective = exclusions.objective
            and checks.event_date = exclusions.event_date
            and checks.checked_at >= exclusions.starts_at
            and checks.checked_at < exclusions.ends_at
    where
        state in ('up', 'degraded', 'down', 'maintenance')
        and (
            objectives.indicator <> 'check_latency'
            or (state in ('up', 'degraded') and checks.response_ms is not null)
        )
),

final as (
    select
        objective,
        'checks' as amount_unit,
        sum(good * amount) filter (where reason is null) as good_amount,
        sum(amount) filter (where reason is null) as total_amount,
        sum(amount) filter (where reason is not null) as excluded_amount,
        max(reason) as excluded_reason,
        count_if(reason is null) as event_count,
        count_if(reason is null and good < 1) as bad_event_count,
        event_date,
        slice_starts_at
    from judged
    group by objective, event_date, slice_starts_at
)

select * from final
