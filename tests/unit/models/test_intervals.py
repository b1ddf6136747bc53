"""How wide intervals are, by the errors made so far."""

import numpy as np
import pytest

from models.intervals import MIN_ERRORS, conformal

LEVELS = (0.80, 0.95)


def test_a_season_with_enough_errors_takes_its_own_order_statistics():
    near = np.arange(1.0, 100.0)
    widths = conformal(np.column_stack([near, 10 * near]), np.array([1, 2]), LEVELS)
    np.testing.assert_array_equal(widths[0.80], [80, 800])
    np.testing.assert_array_equal(widths[0.95], [95, 950])


def test_a_thin_season_borrows_from_the_nearer_one_and_errors_grow_with_the_root_of_the_seasons():
    errors = np.full((MIN_ERRORS, 2), np.nan)
    errors[:, 0] = 1.0
    widths = conformal(errors, np.array([1, 2]), LEVELS)
    assert widths[0.95] == pytest.approx([1, np.sqrt(2)])


def test_what_lies_further_ahead_is_never_narrower():
    errors = np.column_stack([np.full(MIN_ERRORS, 3.0), np.full(MIN_ERRORS, 1.0)])
    assert conformal(errors, np.array([1, 2]), LEVELS)[0.80].tolist() == [3, 3]


def test_without_an_error_no_width_is_known():
    assert np.isnan(conformal(np.full((5, 2), np.nan), np.array([1, 1]), LEVELS)[0.80]).all()
