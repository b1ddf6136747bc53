"""Pages of a release: what stands on them, how it is drawn and how it is written to disk.

Reads marts, predictions and reports through one DuckDB connection and writes files below one folder. Knows nothing of
Dagster, of releases and of the lake; `orchestration.publish` puts what is made here in its place.
"""
