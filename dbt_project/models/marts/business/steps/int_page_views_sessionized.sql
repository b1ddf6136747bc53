with

page_views as (

    select
        *,
        coalesce('session ' || session_id, 'visitor ' || visitor_id) as chain,
        case when session_id is null then interval 30 minutes else interval 24 hours end as longest_silence
    from {{ ref('fct_page_views') }}
    -- A view of nobody that is known is in no session: to count it as one would make a bounce of every such view.
    where coalesce(session_id, visitor_id) is not null and {{ loaded('event_date', back=3, forward=2) }}

),

-- A chain breaks where it was silent for too long.
broken as (

    select
        *,
        case
            when coalesce(started_at - lag(started_at) over in_order > longest_silence, true) then started_at
        end as break_at
    from page_views
    window in_order as (partition by chain order by started_at, page_view_id)

),

-- A chain that goes on is cut every 24 hours. To know from a bounded number of days where it began, one that was never
-- silent since the midnight two days before is taken to have begun at that midnight.
begun as (

    select
        * exclude (break_at),
        greatest(
            cast(event_date - 2 as timestamp),
            max(break_at) over (
                partition by chain order by started_at, page_view_id rows unbounded preceding
            )
        ) as chain_started_at
    from broken

),

cut as (

    select
        * exclude (longest_silence),
        chain_started_at
        + to_hours(24 * cast(floor(epoch(started_at - chain_started_at) / 86400) as integer)) as session_started_at
    from begun

)

select
    * exclude (session_id),
    session_id as beacon_session_id,
    coalesce(session_id, md5(chain || ' ' || epoch_ms(session_started_at))) as session_id,
    min(event_date) over (partition by chain, session_started_at) as session_date,
    row_number() over (partition by chain, session_started_at order by started_at, page_view_id) as position
from cut
