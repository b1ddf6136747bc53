"""What fields declare, and what the documentation says of it."""

from pathlib import Path

import pytest

from orchestration.sources import FEEDS
from orchestration.sources.feed import NUMERIC, Field, Range

README = Path(__file__).parents[3] / "orchestration/sources/README.md"


def ranges():
    """The table of the README: fields of one raw table that have the same range share a row."""
    rows = ["| raw table | fields | from | to | unit |", "|---|---|---|---|---|"]
    for table, feed in FEEDS.items():
        alike = {}
        for field in feed.fields:
            if field.range:
                alike.setdefault(field.range, []).append(f"`{field.key}`")
        for within, keys in alike.items():
            begin = f"above {within.minimum:,.0f}" if within.is_above_minimum else f"{within.minimum:,.0f}"
            rows.append(f"| `{table}` | {', '.join(keys)} | {begin} | {within.maximum:,.0f} | {within.unit} |")
    return "\n".join(rows)


def test_the_readme_says_the_declared_ranges():
    assert f"<!-- ranges -->\n\n{ranges()}\n\n" in README.read_text()


@pytest.mark.parametrize("kind", NUMERIC)
def test_a_number_without_a_range_is_refused(kind):
    with pytest.raises(ValueError, match="must declare a range"):
        Field("size", kind)


def test_a_range_of_what_is_no_number_is_refused():
    with pytest.raises(ValueError, match="must declare a range"):
        Field("size", range=Range(0, 1, "m"))
