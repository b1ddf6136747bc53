"""Rules about the project's own files: sizes, words, and what may be mentioned where."""

import ast
import json
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TOP_LEVEL = """
CONTRIBUTING.md LICENSE Makefile README.md config dbt_project models notebooks orchestration pyproject.toml
requirements.lock tests workspace.yaml dagster.yaml
"""


def tracked():
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(name) for name in listing.split("\0") if name and (ROOT / name).exists()]


def python_modules():
    return [path for path in tracked() if path.suffix == ".py" and path.parts[0] in {"orchestration", "models"}]


def test_the_top_level_is_what_the_readme_says():
    assert {path.parts[0] for path in tracked() if not path.parts[0].startswith(".")} == set(TOP_LEVEL.split())


def test_every_module_says_what_belongs_in_it():
    silent = [
        str(p)
        for p in python_modules()
        if (ROOT / p).read_text().strip() and not ast.get_docstring(ast.parse((ROOT / p).read_text()))
    ]
    assert silent == []


def test_modules_fit_in_a_head():
    long = {str(p): lines for p in python_modules() if (lines := len((ROOT / p).read_text().splitlines())) > 300}
    assert long == {}


def test_every_database_is_opened_with_the_same_settings():
    opening = [str(path) for path in python_modules() if "duckdb.connect(" in (ROOT / path).read_text()]
    assert opening == ["orchestration/database.py"]


def test_the_collector_is_read_at_one_sight_before_it_is_put_on_a_page():
    assert len((ROOT / "orchestration/sources/collect/collect.js").read_text().splitlines()) <= 70


def test_only_tests_look_beside_the_project():
    beside = re.compile(r"\.\./shared|/work/")
    mentions = [
        str(path)
        for path in tracked()
        if path.parts[0] != "tests"
        and path.suffix not in {".png", ".parquet", ".lock"}
        and beside.search((ROOT / path).read_text(errors="ignore"))
    ]
    assert mentions == []


def test_the_lock_file_has_hashes_and_no_index_address():
    lock = (ROOT / "requirements.lock").read_text()
    pins = re.findall(r"^[a-z0-9][^\n]*==[^\n]*(?:\n    --hash=[^\n]*)*", lock, re.MULTILINE)
    assert len(pins) > 100
    assert [pin.splitlines()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    assert not re.search(r"https?://|--index-url|--find-links", lock)


def test_notebooks_are_stored_without_output_and_import_nothing_of_ours_but_models():
    notebooks = [path for path in tracked() if path.suffix == ".ipynb"]
    assert notebooks
    for path in notebooks:
        cells = [cell for cell in json.loads((ROOT / path).read_text())["cells"] if cell["cell_type"] == "code"]
        assert all(cell["outputs"] == [] and cell["execution_count"] is None for cell in cells), path
        assert not any("orchestration" in "".join(cell["source"]) for cell in cells), path
