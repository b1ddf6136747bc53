"""A lake of their own for the tests of one."""

import shutil
from dataclasses import replace

import pytest

from orchestration.settings import load_settings


@pytest.fixture
def settings(tmp_path):
    """The default configuration with an empty home."""
    return replace(load_settings(), home=tmp_path / "home")


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    """A function that fills a home by another function, once for a module, and gives a copy of it to each test."""
    made = {}

    def copy_of(make, settings):
        if make not in made:
            made[make] = replace(settings, home=tmp_path_factory.mktemp(make.__name__) / "home")
            make(made[make])
        shutil.copytree(made[make].home, settings.home)
        return settings

    return copy_of
