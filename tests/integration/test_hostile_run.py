"""The whole daily job on a site that gets every hostile value in every field of every feed."""

import shutil

import pytest
from ruamel.yaml import YAML

from tests import hostile_rows
from tests.conftest import ROOT, Site

pytestmark = pytest.mark.slow


def test_a_day_of_hostile_rows_is_published_and_each_is_kept_or_rejected(tmp_path, parsed_project):
    files = hostile_rows.files()
    site = Site(tmp_path / "home", shutil.copytree(ROOT / "config", tmp_path / "config"))
    yaml, path = YAML(), site.config / "beaconmart.yml"
    config = yaml.load(path)
    config["sources"] = [file.source.model_dump(include={"name", "system", "path", "timezone"}) for file in files]
    yaml.dump(config, path)
    folder = site.landing / str(hostile_rows.DAY)
    folder.mkdir(parents=True)
    for file in files:
        (folder / file.name).write_text(file.content)
    shutil.copytree(parsed_project, site.home / "dbt")
    site.command("run")
    sums = "sum(rows_read), sum(rows_kept), sum(rows_rejected)"
    counted = site.rows(f"select raw_table, {sums} from operations.fct_ingested_files group by raw_table")
    assert {table: read for table, read, _, _ in counted} == {file.feed.raw_table: len(file.rows) for file in files}
    assert all(read == kept + rejected for _, read, kept, rejected in counted)
