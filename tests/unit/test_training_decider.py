"""Calibration, thresholds and the figures of the manifest, on logits made for the purpose."""

import numpy as np
import pytest

from training.calibration import energy, fit_temperature, pick_threshold, probabilities
from training.measure import Decider, fit_decider, measure_known, measure_strange


def _logits(n: int, scale: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Logits whose true temperature is the scale: labels are drawn from softmax(logits / scale)."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, 2))
    truth = (rng.random(n) > probabilities(logits, 1.0)[:, 0]).astype(np.int64)
    return logits * scale, truth


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(scale: float):
    logits, truth = _logits(20_000, scale)

    assert fit_temperature(logits, truth) == pytest.approx(scale, rel=0.08)


def test_probabilities_sum_to_one_also_for_huge_logits():
    p = probabilities(np.array([[1000.0, -1000.0], [0.0, 0.0]]), 1.0)

    assert p.tolist() == [[1.0, 0.0], [0.5, 0.5]]


def test_energy_is_low_for_what_a_label_claims():
    known, strange = energy(np.array([[8.0, -3.0], [-5.0, -6.0]]))

    assert known == pytest.approx(-8.0, abs=0.01)
    assert strange > 4


def test_the_threshold_is_the_lowest_that_is_precise_enough():
    confidence = np.array([0.99, 0.95, 0.9, 0.8, 0.7])
    correct = np.array([True, True, True, False, True])

    assert pick_threshold(confidence, correct, 1.0) == pytest.approx(0.85)
    assert pick_threshold(confidence, correct, 0.8) == pytest.approx(0.6)


def test_equal_probabilities_are_not_torn_apart():
    assert pick_threshold(np.array([0.9, 0.9, 0.6]), np.array([True, False, True]), 1.0) == 1.0


def test_a_threshold_is_never_below_even_odds_and_one_where_nothing_helps():
    assert pick_threshold(np.array([0.6, 0.3]), np.array([True, False]), 0.9) == 0.5
    assert pick_threshold(np.array([0.6]), np.array([False]), 0.9) == 1.0
    assert pick_threshold(np.array([]), np.array([], bool), 0.9) == 1.0


def test_the_decider_reaches_what_it_was_asked_for():
    logits, truth = _logits(5000, 2.0)

    decider = fit_decider(logits, truth, precision=0.95, kept=0.9)
    routed, best = decider.routed(logits), logits.argmax(1)

    for label in (0, 1):
        chosen = routed & (best == label)
        assert (truth[chosen] == label).mean() >= 0.94  # the energy test takes some of the precise ones away
    assert (energy(logits) <= decider.energy_threshold).mean() == pytest.approx(0.9, abs=0.001)


def test_strange_and_unsure_pictures_go_to_review():
    decider = Decider(temperature=1.0, thresholds=np.array([0.9, 0.6]), energy_threshold=-1.0)
    #           sure         unsure for 0  sure for 1   strange
    logits = np.array([[6.0, 1.0], [3.0, 2.0], [2.0, 3.0], [-9.0, -1.0]])

    assert decider.decide(logits).tolist() == [0, -1, 1, -1]


def test_figures_count_what_is_decided():
    decider = Decider(temperature=2.0, thresholds=np.array([0.9, 0.9]), energy_threshold=0.0)
    logits = np.array([[9.0, 0.0], [0.0, 9.0], [1.0, 0.0], [9.0, 0.0]])

    figures = measure_known(logits, np.array([0, 1, 0, 1]), decider)

    assert (figures["n"], figures["accuracy"], figures["confusion"]) == (4, 0.75, [[2, 0], [1, 1]])
    assert (figures["review"], figures["precision_routed"]) == (0.25, round(2 / 3, 4))
    assert figures["accuracy_95"][0] < 0.75 < figures["accuracy_95"][1]
    # calibrated: three at 0.989 of which two are right, and one right at 0.622
    assert figures["ece"] == pytest.approx((3 * 0.989 - 2 + 1 - 0.622) / 4, abs=1e-3)
    assert figures["ece_before_calibration"] != figures["ece"]


def test_figures_of_strange_pictures_count_those_routed_by_mistake():
    decider = Decider(temperature=1.0, thresholds=np.array([0.6, 0.6]), energy_threshold=0.0)
    logits = np.array([[5.0, 0.0], [-5.0, -9.0], [0.1, 0.0]])

    figures = measure_strange(logits, np.array([[9.0, 0.0]]), decider)

    assert figures["routed_by_mistake"] == round(1 / 3, 4)
    assert figures["auroc"] == 1.0  # the familiar picture has the lowest energy
