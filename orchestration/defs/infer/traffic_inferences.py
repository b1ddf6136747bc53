"""What is inferred about traffic by the hour; called by `predictions`.

Reads frames by SQL, calls a pure function of `models`, and writes what that gives.
"""

from datetime import date, timedelta

import pandas as pd

from orchestration import warehouse
from orchestration.settings import Settings

# Where nothing is known yet, this many days are looked at; older ones are of no use to anybody.
FIRST_LOOK_DAYS = 28


def find_traffic_anomalies(settings: Settings, as_of: date) -> dict[str, int]:
    """Hours with far more or fewer page views, sessions, errors or requests than the weeks before them predict."""
    from models.anomalies import LOOKBACK_DAYS, find_anomalies

    with warehouse.connect(settings) as connection:
        ((since,),) = connection.execute(_SINCE, {"as_of": as_of, "days": FIRST_LOOK_DAYS}).fetchall()
        hourly = connection.execute(_HOURLY, [since - timedelta(days=LOOKBACK_DAYS), as_of]).df()
    found = find_anomalies(hourly, pd.Timestamp(since), are_counts=True)
    found["event_date"] = found["hour_at"].dt.date if len(found) else None
    span = {"event_date": [since + timedelta(days=n) for n in range((as_of - since).days + 1)]}
    return warehouse.write_inferences(settings, {"traffic_anomalies": found}, span)


# A session that a beacon changes can have begun three days before it.
_SINCE = """
    select greatest(
        least(
            $as_of,
            if((select count(*) from predictions.traffic_anomalies) = 0, $as_of::date - $days::integer, $as_of),
            (
                select min(event_date) - 3 from pipeline.touched_dates
                where raw_table in ('raw_web_vitals.beacons', 'raw_web_errors.errors', 'raw_requests.requests')
            )
        ),
        $as_of::date - 90
    )
"""
# An hour without an error is one of no errors only where errors are delivered.
_HOURLY = """
    select hourly.*
    from (
        unpivot (
            select hour_at, page_view_count as page_views, session_count as sessions, error_count as errors,
                request_count as requests, request_error_count as request_errors
            from executive.fct_traffic_hourly
            where event_date between ? and ?
        )
        on page_views, sessions, errors, requests, request_errors into name series value value
    ) as hourly
    inner join dimensions.dim_feeds as feeds
        on feeds.is_delivered and feeds.feed = if(series = 'request_errors', 'requests', series)
    order by all
"""
