"""The notebooks, executed on a published site, one after another in one kernel, whose imports cost most."""

import shutil
from pathlib import Path

import duckdb
import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow


def executed(cells_of, **options):
    """For each notebook, some of its cells after they ran; only imported modules are left from the one before."""
    chosen = {path.stem: cells_of(nbformat.read(path, as_version=4)) for path in NOTEBOOKS}
    reset = nbformat.v4.new_code_cell
    notebook = nbformat.v4.new_notebook(cells=[c for cells in chosen.values() for c in [reset("%reset -f"), *cells]])
    resources = {"metadata": {"path": NOTEBOOKS[0].parent}}
    NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources, **options).execute()
    return chosen


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell["cell_type"] == "code"]


def test_notebooks_run_on_a_published_site_and_show_tables_and_charts(small_site, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(small_site.home))
    ran = executed(code_cells)
    assert len(ran) == 4
    for name, cells in ran.items():
        shown = [output.get("data", {}) for cell in cells for output in cell["outputs"]]
        assert sum("text/html" in data for data in shown) >= 5, name
        assert sum("application/vnd.plotly.v1+json" in data for data in shown) >= 2, name


def test_a_notebook_without_a_published_site_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    for cells in executed(lambda notebook: code_cells(notebook)[:1], allow_errors=True).values():
        assert "run `beaconmart run`" in str(cells[0]["outputs"])


# What is left of the marts of a site that delivers one feed, as schemas or tables.
LEFT = {
    "probes": ("reliability", "alerts", "dimensions"),
    "incidents": (
        "reliability.fct_incidents",
        "reliability.fct_mttr_monthly",
        "predictions.mttr_changes",
        "dimensions",
    ),
    "vitals": ("experience", "dimensions"),
}
RECORDS = ("fct_incidents", "fct_mttr_monthly")


@pytest.mark.parametrize("feed", LEFT)
def test_a_notebook_says_what_a_site_of_one_feed_does_not_deliver(feed, small_site, tmp_path, monkeypatch):
    leave_one_feed(small_site.home / "published" / "marts.duckdb", tmp_path / "published" / "marts.duckdb", feed)
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    for name, cells in executed(code_cells).items():
        said = "".join(output.get("text", "") for cell in cells for output in cell["outputs"])
        missing = {line.split(":")[1] for line in said.splitlines() if line.startswith("Not delivered:")}
        assert missing or name == "forecast_quality", name
        assert f" {feed}." not in missing, name


def leave_one_feed(marts, copy, feed):
    """Copy published marts and empty what is about other feeds."""
    copy.parent.mkdir()
    shutil.copy(marts.resolve(), copy)
    copy.chmod(0o600)
    with duckdb.connect(str(copy)) as connection:
        for schema, table in connection.execute("select schema_name, table_name from duckdb_tables()").fetchall():
            is_left = schema in LEFT[feed] or f"{schema}.{table}" in LEFT[feed]
            if not is_left or (table in RECORDS and feed != "incidents"):
                connection.execute(f'delete from {schema}."{table}"')
        connection.execute("update dimensions.dim_feeds set is_delivered = feed = $feed", {"feed": feed})
