"""A plausible warehouse without the pipeline: the marts of the SQL files, and the real SQL of the reports."""

from datetime import date
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

import jinja2

ROOT = Path(__file__).parents[3]
MACROS = "".join(
    (ROOT / f"dbt_project/macros/{name}.sql").read_text()
    for name in ("wilson", "mean_interval", "vitals", "is_delivered", "sentences")
)
AS_OF = date(2026, 11, 1)


def fill(connection, as_of=AS_OF):
    """Create marts, predictions and reports in an empty database."""
    for name in ("synthetic", "synthetic_reliability", "synthetic_vitals"):
        script = (Path(__file__).parent / f"{name}.sql").read_text()
        connection.execute(script.replace("$as_of", f"date '{as_of}'"))
    seed = ROOT / "dbt_project/seeds/countries.csv"
    connection.execute(f"create table dimensions.dim_countries as select * from read_csv('{seed}', header = true)")
    build_reports(connection)
    # As in the real marts, the targets are measured on the same tables as the KPIs.
    connection.execute(
        """
        update executive.fct_mission_targets as targets
        set value = scores.value, value_lower = scores.value_lower, value_upper = scores.value_upper
        from reports.rpt_kpi_scorecard as scores where scores.kpi in (targets.target, targets.target || '_share')
        """
    )
    build_reports(
        connection, "rpt_mission_targets", "rpt_target_outlook", "rpt_statements", "rpt_headline", "rpt_cards"
    )


def build_reports(connection, *only):
    """Build every rpt_ table, or those named, as dbt would, with `ref` and `source` as plain names."""
    query = "select table_name, table_schema || '.' || table_name from information_schema.tables"
    names = dict(connection.execute(query).fetchall())
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["config"] = lambda **_: ""
    reads: dict[str, list[str]] = {}
    selects = {}
    for file in sorted((ROOT / "dbt_project/models/reports").glob("rpt_*.sql")):
        reads[file.stem] = []
        refer = partial(_refer, names, reads[file.stem])
        template = environment.from_string(
            MACROS + file.read_text(), {"ref": refer, "source": lambda schema, table: f"{schema}.{table}"}
        )
        selects[file.stem] = template.render()
    for name in only or TopologicalSorter(reads).static_order():
        connection.execute(f"create or replace table reports.{name} as {selects[name]}")


def _refer(names, read, name):
    if name.startswith("rpt_"):
        read.append(name)
        return f"reports.{name}"
    return names[name]
