"""What several unit tests need: the lines of an export file."""

import gzip
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pytest

HOSTILE = '=HYPERLINK("http://evil.example","click")'


@dataclass
class Home:
    """As much of the settings as readers of a release need."""

    published: Path
    exports: tuple = ()

    @property
    def home(self):
        return self.published.parent

    @property
    def landing(self):
        return self.home / "landing"

    @property
    def config(self):
        return SimpleNamespace(exports=self.exports)


@pytest.fixture(scope="session")
def read_lines():
    """A function from a file (plain or gzip) to its lines without line ends; the last line must have one, too."""

    def read(file):
        data = file.read_bytes()
        data = gzip.decompress(data) if file.suffix == ".gz" else data
        *lines, rest = data.split(b"\n")
        assert rest == b"", f"{file} does not end with a line end"
        return lines

    return read


@pytest.fixture
def home(tmp_path):
    """A release with two tables, one of which holds what a stranger wrote, and a file beside it that is nobody's."""
    (tmp_path / "published").mkdir()
    (tmp_path / "secret.csv").write_text("secret\nswordfish\n")
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb")) as connection:
        connection.execute("create schema errors; create schema executive")
        connection.execute(
            """
            create table errors.fct_errors_daily as
            select * from (values
                (?, 3, -1.5::double, date '2026-11-01', timestamp '2026-11-01 10:00', [1, 2], null),
                ('plain', 4, 'nan'::double, date '2026-11-02', null, [], 'x')
            ) as t(message, error_count, change_share, event_date, first_seen_at, parts, note)
            """,
            [HOSTILE],
        )
        connection.execute("create table executive.fct_kpi_daily as select 1 as value")
    return Home(tmp_path / "published")
