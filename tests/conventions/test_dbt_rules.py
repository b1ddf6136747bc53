"""The rules of the dbt project, read off its manifest: layers, names, grain, contracts, owners, tests."""

import re
from collections import defaultdict

import pytest

# They need the project parsed, which takes as long as a quarter of all fast tests.
pytestmark = pytest.mark.slow
LAYERS = {"staging": "stg_", "intermediate": "int_", "marts": ("fct_", "dim_"), "steps": "int_", "reports": "rpt_"}
MAY_READ = {
    "staging": {"source", "seed"},
    "intermediate": {"staging", "intermediate", "seed", "config"},
    "marts": {"staging", "intermediate", "marts", "steps", "seed", "config"},
    "steps": {"staging", "intermediate", "marts", "steps", "seed", "config"},
    # No seed: one that has not changed is not loaded again, and a step that reads what was not made is skipped.
    "reports": {"marts", "reports", "config", "predictions"},
}
MADE_BY_THE_PIPELINE = {
    "config": "config",
    "pipeline": "config",
    "predictions": "predictions",
    "operations": "predictions",
    "alerts": "predictions",
}
# Built after the models, the quality checks or the ledger of alerts, and may read what they found.
LATE_TAGS = {"after_checks", "after_alerts"}


def tables(manifest):
    return {uid: node for uid, node in manifest["nodes"].items() if node["resource_type"] == "model"}


def layer(node):
    """The folder below models/; a step between two marts is told apart from the marts."""
    return "steps" if "steps" in node["fqn"] else node["fqn"][1]


def late(node):
    """What a table may read because it is built late."""
    return {"predictions"} if LATE_TAGS & set(node["tags"]) else set()


def kind(manifest, uid):
    """What a parent is, as far as layers go: a layer, a seed, a raw source, or a table that the pipeline writes."""
    if uid.startswith("seed."):
        return "seed"
    if uid.startswith("source."):
        return MADE_BY_THE_PIPELINE.get(manifest["sources"][uid]["schema"], "source")
    return layer(manifest["nodes"][uid])


def test_every_table_stands_in_a_layer_and_is_named_for_it(manifest):
    wrong = [node["path"] for node in tables(manifest).values() if not node["name"].startswith(LAYERS[layer(node)])]
    assert wrong == []


def test_data_moves_to_the_right_only(manifest):
    wrong = [
        f"{node['path']} reads {parent} ({kind(manifest, parent)})"
        for node in tables(manifest).values()
        for parent in node["depends_on"]["nodes"]
        if kind(manifest, parent) not in MAY_READ[layer(node)] | {"config"} | late(node)
    ]
    assert wrong == []


def test_each_raw_table_is_read_by_one_staging_table(manifest):
    readers = defaultdict(list)
    for node in tables(manifest).values():
        for parent in node["depends_on"]["nodes"]:
            if parent.startswith("source.") and manifest["sources"][parent]["schema"].startswith("raw_"):
                readers[parent].append(node["name"])
    shared = {source: names for source, names in readers.items() if len(names) > 1 and not source.endswith(".rejects")}
    assert shared == {}


def test_every_mart_and_report_states_its_grain(manifest):
    wrong = [
        node["path"]
        for node in tables(manifest).values()
        if layer(node) in {"marts", "reports"} and not re.search(r"\bone row per\b", node["description"], re.IGNORECASE)
    ]
    assert wrong == []


def test_every_column_of_a_mart_is_described_and_typed(manifest):
    wrong = [
        f"{node['name']}.{column['name']}"
        for node in tables(manifest).values()
        if layer(node) == "marts"
        for column in node["columns"].values()
        if not column["data_type"] or not column["description"].strip()
    ]
    assert wrong == []


def test_every_mart_has_an_enforced_contract_and_an_owner(manifest):
    marts = [node for node in tables(manifest).values() if layer(node) == "marts"]
    assert marts
    assert [node["name"] for node in marts if not node["config"]["contract"]["enforced"]] == []
    assert [
        node["name"] for node in marts if not node["config"]["meta"].get("owner") and not node["config"].get("group")
    ] == []


def test_every_mart_has_a_key_that_is_enforced_or_tested(manifest):
    tested = {
        node["attached_node"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata") and "unique" in node["test_metadata"]["name"]
    }
    keyed = {
        uid
        for uid, node in tables(manifest).items()
        if any(c["type"] == "primary_key" for c in node["constraints"])
        or any(c["type"] == "primary_key" for column in node["columns"].values() for c in column["constraints"])
    }
    marts = {uid for uid, node in tables(manifest).items() if layer(node) == "marts"}
    assert marts - tested - keyed == set()


def test_every_mart_with_logic_has_a_unit_test(manifest):
    tested = {test["model"] for test in manifest["unit_tests"].values()}
    facts = {
        node["name"] for node in tables(manifest).values() if layer(node) == "marts" and node["name"].startswith("fct_")
    }
    assert facts - tested == set()


def test_every_incremental_table_declares_its_reach(manifest):
    wrong = [
        node["name"]
        for node in tables(manifest).values()
        if node["config"]["materialized"] == "incremental" and not node["config"]["meta"].get("reach")
    ]
    assert wrong == []


def test_no_table_reads_the_clock(manifest):
    clock = re.compile(r"\b(current_date|current_timestamp|now\(\)|today\(\)|get_current_timestamp)", re.IGNORECASE)
    assert [node["path"] for node in tables(manifest).values() if clock.search(node["raw_code"])] == []
