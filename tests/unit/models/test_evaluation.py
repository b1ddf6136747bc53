"""The measures of forecasts against figures worked by hand."""

import numpy as np
import pytest

from models import evaluation

NAN = float("nan")


def test_the_seasonal_scale_is_the_mean_step_from_one_season_to_the_next():
    # |4-1| = 3, |5-2| = 3, |9-6| = 3, |1-4| = 3 … with one pair of 9: (3 + 3 + 9) / 3 = 5
    assert evaluation.seasonal_scale([1, 2, 3, 4, 5, 12], period=3) == pytest.approx(5.0)


def test_mase_divides_the_error_by_the_seasonal_scale():
    # errors 1 and 3, mean 2; scale 5
    assert evaluation.mase([10, 10], [9, 13], [1, 2, 3, 4, 5, 12], period=3) == pytest.approx(0.4)


def test_mase_of_a_series_that_repeats_itself_is_unknown():
    assert np.isnan(evaluation.mase([1], [2], [1, 2, 1, 2], period=2))


def test_smape_is_200_per_cent_of_difference_over_sum():
    # |100-110|/210 = 1/21, |50-40|/90 = 1/9: 200 · (1/21 + 1/9) / 2 = 15.873…
    assert evaluation.smape([100, 50], [110, 40]) == pytest.approx(200 * (1 / 21 + 1 / 9) / 2)
    assert evaluation.smape([0, 1], [0, 0]) == pytest.approx(100.0)


def test_msis_adds_forty_times_the_distance_of_a_miss_to_the_width_at_95_per_cent():
    # widths 4 and 4; second value misses its upper end by 1: (4 + 4 + 40·1) / 2 = 24; scale 5
    value = evaluation.msis([10, 13], [8, 8], [12, 12], [1, 2, 3, 4, 5, 12], period=3, level=0.95)
    assert value == pytest.approx(24 / 5)


def test_coverage_counts_the_ends_as_inside():
    assert evaluation.coverage([1, 2, 3, 9], [1, 0, 0, 0], [2, 2, 2, 2]) == pytest.approx(0.5)


def test_missing_values_are_left_out_of_every_measure():
    history = [1, 2, 3, 4, NAN, 12]
    assert evaluation.seasonal_scale(history, period=3) == pytest.approx(6.0)  # 3 and 9
    assert evaluation.mase([10, NAN], [9, 13], history, period=3) == pytest.approx(1 / 6)
    assert evaluation.smape([100, NAN], [110, 40]) == pytest.approx(200 / 21)
    assert evaluation.coverage([1, NAN], [0, 0], [2, 2]) == 1.0
