"""The notebooks, executed on a published site, one after another in one kernel, whose imports cost most."""

from pathlib import Path

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
