"""A plausible warehouse without the pipeline: the marts of the SQL files, and the real SQL of the reports."""

from datetime import date
from pathlib import Path

import jinja2

ROOT = Path(__file__).parents[3]
MACROS = "".join(
    (ROOT / f"dbt_project/macros/{name}.sql").read_text()
    for name in ("wilson", "mean_interval", "vitals", "is_delivered")
)
AS_OF = date(2026, 11, 1)


def fill(connection, as_of=AS_OF):
    """Create marts, predictions and reports in an empty database."""
    for name in ("synthetic", "synthetic_reliability", "synthetic_vitals"):
        script = (Path(__file__).parent / f"{name}.sql").read_text()
        connection.execute(script.replace("$as_of", f"date '{as_of}'"))
    build_reports(connection)


def build_reports(connection):
    """Build every rpt_ table as dbt would, with `ref` and `source` as plain names."""
    query = "select table_name, table_schema || '.' || table_name from information_schema.tables"
    names = dict(connection.execute(query).fetchall())
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"ref": names.__getitem__, "source": lambda schema, table: f"{schema}.{table}"}
    for file in sorted((ROOT / "dbt_project/models/reports").glob("rpt_*.sql")):
        select = environment.from_string(MACROS + file.read_text()).render()
        connection.execute(f"create or replace table reports.{file.stem} as {select}")
