"""The whole daily job on a site that gets every hostile value in every field of every feed."""

import shutil

import duckdb
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
    printed = site.command("run")
    sums = "sum(rows_read), sum(rows_kept), sum(rows_rejected)"
    counted = site.rows(f"select raw_table, {sums} from operations.fct_ingested_files group by raw_table")
    assert {table: read for table, read, _, _ in counted} == {file.feed.raw_table: len(file.rows) for file in files}
    assert all(read == kept + rejected for _, read, kept, rejected in counted)
    assert hostile_rows.SECRET not in printed
    assert places_of(hostile_rows.SECRET, site.home) == []


def places_of(text, home):
    """Every file below a home, and every column of its tables, that holds a text; landing is the site's own."""
    found = []
    for path in sorted(path for path in home.rglob("*") if path.is_file() and site_relative(path, home) != "landing"):
        if path.suffix == ".parquet":
            with duckdb.connect() as connection:
                relation = connection.from_parquet(str(path), hive_partitioning=False)
                found += columns_with(connection, relation.sql_query(), text, path.name)
        elif path.suffix == ".duckdb":
            with duckdb.connect(str(path), read_only=True) as connection:
                names = "select '\"' || schema_name || '\".\"' || table_name || '\"' from duckdb_tables() order by 1"
                for (table,) in connection.execute(names).fetchall():
                    found += columns_with(connection, f"select * from {table}", text, f"{path.name} {table}")
        elif text.encode() in path.read_bytes():
            found.append(str(path))
    return found


def columns_with(connection, query, text, place):
    """The columns of a query that hold a text, also within lists and structs."""
    cursor = connection.execute(f"select bool_or(contains(columns(*)::varchar, ?)) from ({query})", [text])
    names = [column[0] for column in cursor.description]
    return [f"{place} {name}" for name, holds in zip(names, cursor.fetchone(), strict=True) if holds]


def site_relative(path, home):
    """The folder of a home in which a file lies."""
    return path.relative_to(home).parts[0]
