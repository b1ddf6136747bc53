"""The exposures of the dbt project say which tables stand behind each page: held against what pages really ask."""

import re

import duckdb
import pytest

from orchestration.reports import pages, status
from orchestration.reports.content import Context
from orchestration.reports.custom import document
from orchestration.reports.formats import Formats
from orchestration.reports.marts import Marts
from orchestration.warehouse.predictions import DECLARED
from tests.unit.reports.synthetic import AS_OF, ROOT, fill

pytestmark = pytest.mark.slow
EXPOSURES = ROOT / "dbt_project" / "models" / "reports" / "exposures.yml"


class Listening(Marts):
    """Marts that remember what was asked of them."""

    def rows(self, sql, **parameters):
        self.asked.append(sql)
        return super().rows(sql, **parameters)

    def rows_if(self, table, sql, **parameters):
        self.asked += [table, sql]
        return super().rows_if(table, sql, **parameters)


def declared(kind):
    """The names of tables behind each page, by the module that makes it, or behind each report, by its file."""
    parts = re.split(r"^  - name: ", EXPOSURES.read_text(), flags=re.MULTILINE)[1:]
    name = re.compile(r"(?:ref\(|source\('\w+', )'(\w+)'\)")
    found = {part.split("\n", 1)[0]: set(name.findall(part)) for part in parts}
    return {name.removeprefix(kind): tables for name, tables in found.items() if name.startswith(kind)}


def test_each_page_has_an_exposure_that_names_the_tables_it_reads():
    with duckdb.connect() as connection:
        fill(connection)
        Listening.asked = []
        marts = Listening(connection, AS_OF)
        targets = {"ux_score": 90, "availability": 0.999}
        context = Context(marts, Formats("EUR", "UTC"), [], status.health(marts), "Shop", targets, "EUR")
        assert context.subjects and context.feeds
        listing = "select table_schema || '.' || table_name from information_schema.tables"
        known = {name for (name,) in connection.execute(listing).fetchall()} | set(DECLARED)
        read = {}
        for make in pages.PAGES:
            marts.asked.clear()
            make(context)
            named = {name for text in marts.asked for name in re.findall(r"\b\w+\.\w+", text)}
            read[make.__module__.rpartition(".")[2]] = {name.partition(".")[2] for name in named & known}
    assert declared("page_") == {page: tables for page, tables in read.items() if tables}


def test_each_report_that_is_shipped_has_an_exposure_that_names_the_tables_it_reads():
    read = {}
    for file in document.files(ROOT / "config"):
        report = document.read(file)
        texts = [query.sql for query in report.queries.values()]
        texts += [parameter.query for parameter in report.front.parameters.values() if parameter.query]
        tables = re.findall(r"(?:from|join) \(?\w+\.(\w+)", " ".join(texts))
        read[file.stem.replace("-", "_")] = set(tables)
    assert declared("report_") == read
