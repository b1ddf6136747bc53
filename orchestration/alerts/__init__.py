"""Alerts: what was judged, what came of it, and who was told.

The rules are SQL in `dbt_project/models/marts/alerts`; here their judgements become a ledger of alerts and are
delivered, by the daily run or, within seconds, by the fast path. Nothing here knows Dagster.
"""
