"""A plausible warehouse without the pipeline: the marts of `synthetic.sql`, and the real SQL of the reports on them."""

from datetime import date
from pathlib import Path

import jinja2

ROOT = Path(__file__).parents[3]
MACROS = "".join((ROOT / f"dbt_project/macros/{name}.sql").read_text() for name in ("wilson", "mean_interval"))
AS_OF = date(2026, 11, 1)


def fill(connection, as_of=AS_OF):
    """Create marts, predictions and reports in an empty database."""
    connection.execute((Path(__file__).parent / "synthetic.sql").read_text().replace("$as_of", f"date '{as_of}'"))
    connection.execute(
        f"""
        create schema pipeline; create schema config;
        create table pipeline.run as select date '{as_of}' as as_of_date, date '{as_of}' - 119 as first_date;
        create table config.services as
        select service, 'web' as owner, interval_s::integer as probe_interval_s, is_critical from services;
        create table config.targets as select 'mttr_reduction_share' as target, 0.5::double as value;
        """
    )
    build_reports(connection)


def build_reports(connection):
    """Build every rpt_ table as dbt would, with `ref` and `source` as plain names."""
    query = "select table_name, table_schema || '.' || table_name from information_schema.tables"
    names = dict(connection.execute(query).fetchall())
    environment = jinja2.Environment()
    environment.globals |= {"ref": names.__getitem__, "source": lambda schema, table: f"{schema}.{table}"}
    for file in sorted((ROOT / "dbt_project/models/reports").glob("rpt_*.sql")):
        select = environment.from_string(MACROS + file.read_text()).render()
        connection.execute(f"create or replace table reports.{file.stem} as {select}")
