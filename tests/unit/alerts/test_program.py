"""The compiled SQL as a program: complete, in an order that works, and over nothing as over something."""

import pytest

from orchestration.alerts import fast, program

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_parse")]


@pytest.fixture(scope="module")
def compiled(default_settings, tmp_path_factory, one_parse):
    """The program and the settings that it was compiled with."""
    from dataclasses import replace

    settings = replace(default_settings, home=tmp_path_factory.mktemp("program"))
    return program.load(settings), settings


def test_every_table_stands_after_those_that_it_reads(compiled):
    loaded, _ = compiled
    place = {table.relation: number for number, table in enumerate(loaded.tables)}
    late = [
        (table.relation, parent)
        for table in loaded.tables
        for parent in table.parents
        if place[parent] > place[table.relation]
    ]
    assert late == []


def test_no_sql_asks_for_what_only_a_run_of_the_warehouse_has(compiled):
    for table in compiled[0].tables:
        assert "touched_dates" not in table.sql, table.relation


def test_the_rules_are_made_of_tables_tagged_fast_and_the_others_stand_there_empty(compiled):
    loaded, settings = compiled
    with program.memory() as connection:
        program.prepare(connection, settings, {})
        connection.execute("insert into pipeline.run values ('2026-11-20', '2026-11-20', '2026-11-15', false)")
        made = loaded.create(connection, {"fast"}, [fast.RULES])
        assert fast.RULES in made
        columns = {row[0] for row in connection.execute(f"describe {fast.RULES}").fetchall()}
    tags = {table.relation: table.tags for table in loaded.tables}
    assert all("fast" in tags[relation] for relation in made)
    assert {"rule", "subject", "outcome", "evaluated_at"} <= columns


def test_a_table_that_is_there_is_left_as_it_is(compiled):
    loaded, settings = compiled
    with program.memory() as connection:
        program.prepare(connection, settings, {})
        connection.execute("insert into pipeline.run values ('2026-11-20', '2026-11-20', '2026-11-15', false)")
        connection.execute("create schema staging; create view staging.stg_probes__checks as select 1 as given")
        assert "staging.stg_probes__checks" not in loaded.create(connection, {"fast"}, ["staging.stg_probes__checks"])


def test_the_program_is_compiled_once_for_a_state_of_the_project(compiled, monkeypatch):
    _, settings = compiled
    monkeypatch.setattr(program, "_compile", lambda *_: pytest.fail("compiled again"))
    assert program.load(settings) is compiled[0]
