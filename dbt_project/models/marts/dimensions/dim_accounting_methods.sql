with

methods as (

    select * from {{ ref('int_accounting_methods_united') }}

)

select
    method,
    confirmation_rule,
    state_rule,
    unit,
    location_rule,
    pending_as,
    maintenance_as,
    no_data_as,
    outage_counts_on,
    failures_to_go_down,
    successes_to_come_back,
    speaks_for_intervals,
    shortest_outage_s,
    degraded_weight,
    is_own,
    is_contractual
from methods
order by method
