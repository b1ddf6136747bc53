"""Whatever is done to a configuration that is right: `config check` says something or nothing, and never falls over."""

import copy
import io
import random

import pytest
from ruamel.yaml import YAML

from orchestration.settings.check import read_config

pytestmark = pytest.mark.slow

VALUES = [
    None, True, 0, -1, 1, 0.5, 1e308, float("nan"), 10**30, "", "x", "28d", "0m", "99999999M", "\u0000é", "2026-01-01",
    [], [[]], [None], {}, {"name": None}, {"a": {"b": []}}, "a" * 300,
]  # fmt: skip


def places(value, loc=()):
    yield loc
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*loc, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*loc, at))


def spoil(document, rng):
    """Replaces, removes, doubles or renames what stands at a place of the document."""
    loc = rng.choice(list(places(document)))
    if not loc:
        return rng.choice(VALUES)
    holder = document
    for part in loc[:-1]:
        holder = holder[part]
    what = rng.randrange(4)
    if what == 0:
        del holder[loc[-1]]
    elif what == 1 and isinstance(holder, dict):
        holder[rng.choice(["x", "spec", "kind", "indicatorRef", "name", 7, "raw"])] = holder.pop(loc[-1])
    elif what == 2 and isinstance(holder, list):
        holder.append(copy.deepcopy(holder[loc[-1]]))
    else:
        holder[loc[-1]] = copy.deepcopy(rng.choice(VALUES))
    return document


@pytest.mark.parametrize("seed", range(3))
def test_a_spoilt_configuration_is_checked_to_the_end(folder, documents, seed):
    rng = random.Random(seed)
    yaml = YAML(typ="safe", pure=True)
    for file in documents.path.iterdir():
        (folder.path / "slos" / file.name).write_text(file.read_text())
    files = [folder.path / "beaconmart.yml", *sorted((folder.path / "slos").iterdir())]
    for _ in range(50):
        file = rng.choice(files)
        before = file.read_text()
        spoilt = list(yaml.load_all(before))
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(spoilt))
            spoilt[at] = spoil(spoilt[at], rng)
        stream = io.StringIO()
        yaml.dump_all(spoilt, stream)
        file.write_text(stream.getvalue())
        found = read_config(folder.path)
        assert all(mistake.message and mistake.file for mistake in found.mistakes)
        assert found.mistakes or found.config
        file.write_text(before)
