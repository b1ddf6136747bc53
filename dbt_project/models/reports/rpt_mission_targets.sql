with
run as (select as_of_date from {{ source('pipeline', 'run') }}),

judged as (select * from {{ ref('fct_mission_targets') }}),

changes as (
    select * from {{ source('predictions', 'mttr_changes') }}
    where event_date = (select as_of_date from run)
),

restored as (
    select
        'mttr_reduction_share' as target,
        changes.reduction_share as value,
        changes.reduction_lower as value_lower,
        changes.reduction_upper as value_upper,
        targets.value as goal,
        '>=' as comparison,
        'share' as unit,
        coalesce(changes.baseline_count + changes.current_count, 0) as sample_count,
        coalesce(changes.verdict, 'not_proven') as verdict,
        coalesce(changes.reason, 'The times to restore have not been compared yet.') as reason,
        run.as_of_date as event_date
    from {{ source('config', 'targets') }} as targets
    cross join run
    left join changes on true
    where targets.target = 'mttr_reduction_share'
),

final as (
    select * from judged
    union all by name
    select * from restored
)

select * from final
order by target
