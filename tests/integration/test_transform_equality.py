"""Whatever the order in which files come, and come again: the marts equal those of a rebuild from nothing."""

import random
from dataclasses import replace
from datetime import date, timedelta

import pytest

from orchestration.settings import load_settings
from orchestration.simulate import simulate
from tests.integration.transform_worlds import (
    FIRST_DAY,
    awkward_deliveries,
    changed,
    deliver,
    differences,
    rebuilt_from_nothing,
    run,
    simulated_deliveries,
)

DAYS = 7
pytestmark = pytest.mark.slow


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DBT_TARGET_PATH", str(tmp_path / "dbt"))
    return replace(load_settings(), home=tmp_path / "home")


@pytest.mark.parametrize("seed", [1])
def test_days_rebuilt_as_files_arrive_equal_a_rebuild_from_nothing(settings, tmp_path, seed):
    rng = random.Random(seed)
    last_day = FIRST_DAY + timedelta(days=DAYS - 1)
    simulate(tmp_path / "site", days=DAYS, end=last_day, seed=seed, page_views_per_day=60)
    deliveries = simulated_deliveries(tmp_path / "site") + awkward_deliveries(rng, DAYS)
    rng.shuffle(deliveries)
    as_of = FIRST_DAY
    for arrived in [deliveries[nth::4] for nth in range(4)] + [
        [changed(rng, delivery) for delivery in rng.sample(deliveries, 8)] for _ in range(1)
    ]:
        for delivery in arrived:
            deliver(settings, delivery)
            as_of = max(as_of, date.fromisoformat(delivery.path[:10]))
        prepared = run(settings, as_of)
    assert not prepared.full_refresh
    assert differences(settings, rebuilt_from_nothing(settings, as_of)) == {}
