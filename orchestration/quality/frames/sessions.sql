-- One row, NULL without such a session: page views of the days before the run's that are not in the sessions of those
-- days, or in two of them, for ids that page views name: a session of views that name none has an id of ours. A session
-- lies within 24 hours, so that only ids count whose sessions all begin on the two days that have a whole day on either
-- side.
with

page_views as (
    select session_id, count(*) as page_view_count
    from experience.fct_page_views
    where session_id is not null and event_date between $as_of - 3 and $as_of
    group by all
),

sessions as (
    select session_id, sum(page_view_count) as page_view_count
    from business.fct_sessions
    where event_date between $as_of - 4 and $as_of
    group by all
    having min(event_date) >= $as_of - 2 and max(event_date) <= $as_of - 1
)

select
    'page views of sessions that began from ' || ($as_of - 2) || ' to ' || ($as_of - 1) as cell,
    sum(abs(sessions.page_view_count - page_views.page_view_count)) as page_view_difference
from sessions
inner join page_views using (session_id)
