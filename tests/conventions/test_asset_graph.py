"""The lineage that the UI shows, as text beside this file, so that a change of it shows in review.

If the change is meant: UPDATE_SNAPSHOTS=1 pytest tests/conventions/test_asset_graph.py
"""

import os
from pathlib import Path

import dagster as dg
import pytest

from orchestration import quality, runs
from orchestration.definitions import beaconmart

pytestmark = pytest.mark.slow
SNAPSHOT = Path(__file__).with_name("asset_graph.txt")


@pytest.fixture(scope="module")
def definitions(tmp_path_factory):
    home = tmp_path_factory.mktemp("definitions")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BEACONMART_HOME", str(home))
        return beaconmart()


@pytest.fixture(scope="module")
def graph(definitions):
    return definitions.resolve_asset_graph()


def test_lineage_is_what_was_reviewed(graph):
    lines = []
    for key in sorted(graph.get_all_asset_keys(), key=lambda key: key.path):
        parents = sorted(parent.to_user_string() for parent in graph.get(key).parent_keys)
        lines.append(f"{key.to_user_string()} <- {', '.join(parents) or '-'}")
    text = "\n".join(lines) + "\n"
    if os.environ.get("UPDATE_SNAPSHOTS"):
        SNAPSHOT.write_text(text)
    assert text == SNAPSHOT.read_text(), "the lineage has changed; the docstring of this file says how to accept it"


def test_an_asset_is_called_what_an_analyst_types(graph):
    assert {len(key.path) for key in graph.get_all_asset_keys()} == {2}


def test_every_way_from_a_raw_table_leads_to_the_release(graph):
    raw = {key for key in graph.get_all_asset_keys() if key.path[0].startswith("raw_") and key.path[1] != "rejects"}
    assert len(raw) == 15
    for key in raw:
        assert dg.AssetKey(["published", "release"]) in below(graph, key), key


def below(graph, key):
    """Everything downstream of an asset."""
    found, ahead = {key}, [key]
    while ahead:
        for child in graph.get(ahead.pop()).child_keys - found:
            found.add(child)
            ahead.append(child)
    return found


def test_every_asset_says_what_it_is_and_stands_in_a_group(graph):
    made = [graph.get(key) for key in graph.materializable_asset_keys]
    assert [node.key.path for node in made if not node.description] == []
    assert [node.key.path for node in made if node.group_name == "default"] == []


def test_the_daily_job_is_few_steps_and_dbt_is_two_of_them(definitions):
    steps = {node.name for node in definitions.resolve_job_def(runs.DAILY).nodes}
    assert {"marts", "reports", "predictions", "suites", "published__release"} <= steps
    assert len(steps) <= 20
    assert not [step for step in steps if step[-1].isdigit()], (
        "Dagster has split a step: its assets depend on themselves"
    )


def test_every_quality_check_is_an_asset_check_on_its_table(graph):
    known = {(key.asset_key.to_user_string(), key.name) for key in graph.asset_check_keys}
    assert {(check.asset, check.name) for check in quality.CHECKS} <= known


def test_every_raw_table_proves_that_each_row_is_kept_or_rejected(graph):
    tables = [
        key.asset_key.path for key in graph.asset_check_keys if key.name == "every_source_row_is_kept_or_rejected"
    ]
    assert len(tables) == 15
