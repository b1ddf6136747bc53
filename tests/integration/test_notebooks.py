"""The notebooks, executed as an analyst would on a published site."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_published_site_and_shows_tables_and_charts(path, small_site, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(small_site.home))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", [])]
    assert sum("text/html" in data for data in shown) >= 6
    assert sum("application/vnd.plotly.v1+json" in data for data in shown) == 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_without_a_published_site_says_what_to_do(path, tmp_path, monkeypatch):
    monkeypatch.setenv("BEACONMART_HOME", str(tmp_path))
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(notebook, timeout=60, kernel_name="python3", allow_errors=True)
    client.execute()
    said = "".join(str(output) for output in notebook.cells[1]["outputs"])
    assert "run `beaconmart run`" in said
