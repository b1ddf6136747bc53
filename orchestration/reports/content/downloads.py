"""The tables of the release as files, for those who want to count themselves."""

from orchestration.reports.blocks import Column, Page, Section, Table
from orchestration.reports.content import Context, plural


def page(context: Context) -> Page:
    """Return the downloads page."""
    rows = context.marts.rows(
        """
        select schema_name || '.' || table_name as name, split_part(comment, '###', 1) as comment,
            estimated_size::bigint as row_count, table_name
            || '.parquet' as file,
            'exports/' || table_name || '.parquet' as href
        from duckdb_tables() where not internal and estimated_size > 0 order by schema_name, table_name
        """
    )
    columns = (
        Column("name", "Table"),
        Column("comment", "What it is", "long"),
        Column("row_count", "Rows", "count"),
        Column("file", "File", "link"),
    )
    lead = "marts.duckdb has all tables and opens in every DuckDB client since 1.2; `beaconmart query` reads it."
    title = f"{plural(len(rows), 'table')} with rows".capitalize()
    section = Section("tables", title, tables=[Table("tables", "", columns, rows, shown=200)])
    return Page("downloads", "Downloads", "Downloads", lead, [section])
