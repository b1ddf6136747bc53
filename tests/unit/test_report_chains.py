"""The chain of a metric's reports: which one is the last and which are duplicates, whatever the order of receipt."""

import random
from itertools import pairwise
from pathlib import Path

import duckdb
import jinja2
import pytest

MACRO = (Path(__file__).parents[2] / "dbt_project" / "macros" / "chained_reports.sql").read_text()
SQL = jinja2.Environment().from_string(MACRO + "{{ chained_reports('reports') }}").render()


def chained(reports):
    """The value that ends a chain of (value, delta) in their order of receipt, and the places of its duplicates.

    None where the chain says nothing.
    """
    connection = duckdb.connect()
    connection.execute(
        "create table reports as select 'v' as page_view_id, date '2026-11-01' as view_date, view_date as event_date,"
        " 'INP' as metric, 'i' as report_id, false as is_bot, null::varchar as invalid_reason,"
        " unnest(range(len($1)))::hugeint as _receipt_order, unnest($1::double[]) as value,"
        " unnest($2::double[]) as delta",
        [[value for value, _ in reports], [delta for _, delta in reports]],
    )
    rows = connection.execute(SQL).fetchall()
    if not rows:
        return None
    ends = max((order, place) for place, is_duplicate, order in rows if not is_duplicate)
    return reports[ends[1]][0], sorted(place for place, is_duplicate, _ in rows if is_duplicate)


@pytest.mark.parametrize(
    ("reports", "end"),
    [
        ([(200, 200), (152, -48), (200, 48), (152, -48)], (152, [])),
        ([(0.12, 0.07), (0.05, 0.05)], (0.12, [])),
        ([(100, 100), (100, 100), (150, 50)], (150, [1])),
        ([(100, 100), (150, 50), (100, 100)], (150, [2])),
        ([(200, 200), (152, -48), (152, -48), (200, 48), (152, -48)], (152, [2])),
        ([(0, 0), (0, 0)], (0, [1])),
        ([(100, 100), (300, 50)], None),  # the beacon that came to 250 is lost
        ([(100, None), (200, 100)], None),
        ([(200, 100)], None),
    ],
)
def test_a_chain_tells_its_end_and_its_duplicates(reports, end):
    assert chained(reports) == end


@pytest.mark.parametrize("seed", range(20))
def test_the_end_of_a_chain_is_found_in_any_order_of_receipt(seed):
    rng = random.Random(seed)
    values = [0.0]
    while len(values) < rng.randint(3, 9):
        values.append(rng.choice([value for value in (50.0, 100.0, 150.0, 200.0) if value != values[-1]]))
    reports = [(value, value - before) for before, value in pairwise(values)]
    shuffled = rng.sample(reports, len(reports))
    if all(left != right for left, right in pairwise(shuffled)):
        assert chained(shuffled) == (values[-1], [])
