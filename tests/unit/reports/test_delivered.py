"""What pages say of feeds that are not delivered: nothing."""

import pytest

from orchestration.reports.blocks import Column, Page, Section, Table, Tile
from orchestration.reports.content import definitions
from orchestration.reports.delivered import _NEEDS, defines, exists, known, spoken

PROBES = frozenset({"probes"})


@pytest.mark.parametrize(
    ("needed", "feeds", "is_known"),
    [
        ("", {"orders"}, True),
        ("probes requests", {"requests"}, True),
        ("probes requests", {"orders"}, False),
        ("errors+orders", {"orders"}, False),
        ("errors+orders", {"errors", "orders"}, True),
        ("probes errors+orders", {"probes"}, True),
        ("probes", set(), True),
    ],
)
def test_one_of_the_needed_feeds_is_enough_and_a_plus_asks_for_all(needed, feeds, is_known):
    assert known(needed, frozenset(feeds)) is is_known


def test_every_definition_says_what_it_needs():
    assert set(_NEEDS) == definitions.anchors()


def test_before_anything_has_come_every_page_says_so():
    assert exists("orders", frozenset()) and defines("revenue_net", frozenset())


def test_a_page_loses_what_is_about_other_feeds_and_keeps_the_rest():
    columns = (Column("service", "Service"), Column("up", "Up", "share", "availability"), Column("n", "n", "", "order"))
    up, revenue = Tile("Up", "1", "availability"), Tile("Revenue", "1", "revenue_net")
    sections = [
        Section("mixed", "", tiles=[up, revenue]),
        Section("money", "", tiles=[revenue]),
        Section("empty", "", empty="No order came.", needs="orders"),
        Section("table", "", tiles=[revenue], tables=[Table("t", "", columns, [], details=columns)]),
        Section("words", "", lead="Anything"),
    ]
    page = spoken(Page("index", "Overview", "", "", sections), PROBES)
    assert [section.id for section in page.sections] == ["mixed", "table", "words"]
    assert [tile.label for section in page.sections for tile in section.tiles] == ["Up"]
    (table,) = page.sections[1].tables
    assert [column.label for column in table.columns + table.details] == ["Service", "Up"] * 2
