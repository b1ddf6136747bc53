-- Methods that confirm alike share one reading of the checks: `confirmation_rule` names what the states of a location
-- depend on, `state_rule` what the service's do. An alert asks for the promise alone: so does the SQL of the program.
with
contract as (
    select value as method from {{ source('config', 'settings') }}
    where setting = 'accounting_method'
),

presets as (select * from {{ ref('accounting_methods') }}),

own as (select * from {{ source('config', 'accounting_methods') }}),

united as (
    select
        *,
        false as is_own
    from presets
    union all by name
    select
        *,
        true as is_own
    from own
),

final as (
    select
        united.*,
        concat_ws(
            '-',
            united.failures_to_go_down,
            united.successes_to_come_back,
            united.pending_as,
            coalesce(united.speaks_for_intervals::varchar, 'next')
        ) as confirmation_rule,
        concat_ws('-', confirmation_rule, united.location_rule) as state_rule,
        united.method = contract.method as is_contractual
    from united
    cross join contract
    {% if target.name == 'program' %}
        where united.method = contract.method
    {% endif %}
)

select * from final
