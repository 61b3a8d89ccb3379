"""Figures are checked against values worked out by hand."""

import math

import numpy as np
import pytest

from signpost.model.metrics import accuracy, confusion_matrix, expected_calibration_error, macro_f1, wilson_interval


def test_confusion_counts_true_labels_in_rows():
    confusion = confusion_matrix([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], 2)

    assert confusion.tolist() == [[1, 1], [1, 2]]
    assert accuracy(confusion) == pytest.approx(3 / 5)


@pytest.mark.parametrize(("truth", "predicted"), [([0, 1], [0]), ([0, 2], [0, 1]), ([0, -1], [0, 1]), ([[0]], [[0]])])
def test_confusion_refuses_what_makes_no_sense(truth: list, predicted: list):
    with pytest.raises(ValueError, match=r"label|shape"):
        confusion_matrix(truth, predicted, 2)


def test_macro_f1_counts_a_rare_label_as_much_as_a_common_one():
    # label 0: F1 = 2·98/(98+98+2) ; label 1: never found, F1 = 0
    confusion = confusion_matrix([0] * 98 + [1] * 2, [0] * 100, 2)

    assert macro_f1(confusion) == pytest.approx((2 * 98 / 198 + 0) / 2)


def test_macro_f1_leaves_out_labels_that_do_not_occur():
    assert macro_f1(confusion_matrix([0, 1], [0, 1], 3)) == 1


def test_calibration_error_is_the_gap_between_confidence_and_accuracy():
    # four predictions at 0.9, half of them right: gap 0.4; four at 0.6, three right: gap 0.15
    confidence = [0.9] * 4 + [0.6] * 4
    correct = [1, 1, 0, 0, 1, 1, 1, 0]

    assert expected_calibration_error(confidence, correct) == pytest.approx((0.4 + 0.15) / 2)


def test_calibration_error_accepts_the_ends_of_the_scale():
    assert expected_calibration_error([0.0, 1.0], [False, True]) == 0


def test_without_predictions_there_is_no_figure():
    nothing = np.zeros((2, 2), np.int64)

    assert math.isnan(accuracy(nothing))
    assert math.isnan(macro_f1(nothing))
    assert math.isnan(expected_calibration_error([], []))


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0)],  # Newcombe 1998, table I, method 3
)
def test_wilson_interval_agrees_with_published_values(hits: int, n: int, low: float, high: float):
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=1e-4)


def test_wilson_interval_without_trials_says_nothing():
    assert wilson_interval(0, 0) == (0, 1)
    with pytest.raises(ValueError, match="successes"):
        wilson_interval(3, 2)
