"""Copies of the default configuration and of other documents that a test may spoil."""

import shutil
from pathlib import Path

import pytest

DEFAULT = Path(__file__).parents[3] / "config"
DATA = Path(__file__).parents[2] / "data/openslo"


class ConfigFolder:
    """A configuration folder, to be edited by replacing text."""

    def __init__(self, path):
        self.path = path

    def replace(self, old, new, file="beaconmart.yml"):
        text = (self.path / file).read_text()
        assert old in text, f"{old!r} is not in {file}"
        (self.path / file).write_text(text.replace(old, new, 1))

    def line(self, text, file="beaconmart.yml"):
        return next(n for n, line in enumerate((self.path / file).read_text().splitlines(), 1) if text in line)


@pytest.fixture
def folder(tmp_path):
    return ConfigFolder(Path(shutil.copytree(DEFAULT, tmp_path / "config")))


@pytest.fixture
def documents(tmp_path):
    """OpenSLO documents that are accounted, one file beside the other, to be edited like a configuration."""
    path = Path(shutil.copytree(DATA / "accounted", tmp_path / "documents"))
    shutil.copy(DEFAULT / "slos/product-fast-lcp.yml", path)
    return ConfigFolder(path)
