"""The map of squares: complete, and without two countries in one place."""

import csv
import re
from pathlib import Path

from orchestration.reports.world import POSITIONS, Place, world_map

ROOT = Path(__file__).parents[3]


def test_every_country_of_a_time_zone_has_a_square_of_its_own():
    with (ROOT / "dbt_project/seeds/time_zone_countries.csv").open() as file:
        countries = {row["country"] for row in csv.DictReader(file)}
    assert countries <= POSITIONS.keys()
    assert len(set(POSITIONS.values())) == len(POSITIONS)


def test_the_map_is_read_and_tabbed_and_asks_for_nothing():
    text = str(world_map({"DE": Place("good", "DE: <b>94</b>"), "ZZ": Place("bad", "nowhere")}, "Score"))
    assert re.findall(r'role="listitem" tabindex="0" aria-label="([^"]*)"', text) == ["DE: &lt;b&gt;94&lt;/b&gt;"]
    assert "http" not in text and "style=" not in text and "<b>" not in text
