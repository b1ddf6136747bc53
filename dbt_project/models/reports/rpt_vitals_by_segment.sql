with
run as (
    select
        as_of_date,
        -- A window that history fills only in part is nothing to compare with.
        first_date <= as_of_date - 55 as has_window_before
    from {{ source('pipeline', 'run') }}
),

vitals as (select * from {{ ref('fct_vitals_28d') }}),

segments as (
    select
        vitals.*,
        case
            when vitals.page_group <> 'all' and vitals.device = 'all' and vitals.country = 'all' then 'page_group'
            when vitals.page_group = 'all' and vitals.device <> 'all' and vitals.country = 'all' then 'device'
            when vitals.page_group = 'all' and vitals.device = 'all' and vitals.country <> 'all' then 'country'
            when vitals.page_group = 'all' and vitals.device = 'all' and vitals.country = 'all' then 'all'
        end as segment_kind,
        case segment_kind
            when 'page_group' then vitals.page_group
            when 'device' then vitals.device
            when 'country' then vitals.country
            else 'all'
        end as segment
    from vitals
    where segment_kind is not null
),

final as (
    select
        now.segment_kind,
        now.segment,
        now.metric,
        now.rating,
        now.page_view_count,
        now.p75_value,
        now.p75_lower,
        now.p75_upper,
        now.good_share,
        now.needs_improvement_share,
        now.poor_share,
        earlier.p75_value as previous_p75_value,
        now.p75_value / nullif(earlier.p75_value, 0) - 1 as change_share,
        now.p75_lower > earlier.p75_upper or now.p75_upper < earlier.p75_lower as is_change_proven,
        now.passes_core_web_vitals,
        run.as_of_date as event_date
    from segments as now
    inner join run on now.event_date = run.as_of_date
    left join segments as earlier
        on
            now.segment_kind = earlier.segment_kind
            and now.segment = earlier.segment
            and now.metric = earlier.metric
            and earlier.event_date = run.as_of_date - 28
            and run.has_window_before
)

select * from final
