"""The synthetic marts in memory."""

import duckdb
import pytest

from tests.unit.reports.synthetic import fill


@pytest.fixture
def marts_connection():
    """The database in memory, free to be changed."""
    with duckdb.connect() as connection:
        fill(connection)
        yield connection
