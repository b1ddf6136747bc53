"""Page groups may have any name that a person writes: it is text in SQL, never part of it."""

from dataclasses import replace
from datetime import date

import duckdb
import pytest

from orchestration import dbt, lake, warehouse
from orchestration.settings import load_settings
from orchestration.settings.model import PageGroup

NAMES = ["Men's", "<b>Sale</b>", "{{ x }}", "{% raw %}", "null", "007", "back\\slash", 'a"b', "'; drop table x; --"]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


def test_a_page_group_is_called_what_the_configuration_calls_it(tmp_path):
    groups = [PageGroup(name=name, pattern=f"^/{at}'?$") for at, name in enumerate(NAMES)]
    default = load_settings()
    settings = replace(default, home=tmp_path, config=default.config.model_copy(update={"page_groups": groups}))
    landed = settings.landing / "2026-11-10" / "errors.ndjson"
    landed.parent.mkdir(parents=True)
    line = '{{"ts": "2026-11-10T10:00:00Z", "message": "m", "url": "https://shop.example/{}"}}\n'
    landed.write_text("".join(line.format(at) for at in range(len(NAMES))))
    lake.ingest(settings, "raw_web_errors.errors")
    warehouse.prepare(settings, date(2026, 11, 10))
    dbt.build(settings, select=["stg_web_errors__errors"])
    with duckdb.connect(str(settings.warehouse)) as connection:
        found = connection.execute("select page_group from staging.stg_web_errors__errors").fetchall()
    assert {name for (name,) in found} == set(NAMES)
