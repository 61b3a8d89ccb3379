"""Puts figures to a model's logits: how right, how sure, how much goes to review. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpost.model.metrics import accuracy, auroc, confusion_matrix, expected_calibration_error, macro_f1, share
from training.calibration import energy, fit_temperature, pick_energy_threshold, pick_threshold, probabilities


@dataclass(frozen=True)
class Decider:
    """What turns logits into a decision, as the manifest holds it.

    Attributes
    ----------
    temperature : float
    thresholds : ndarray, shape (labels,)
        Probability from which each label is routed.
    energy_threshold : float
        Energy above which a picture is none of the labels.
    """

    temperature: float
    thresholds: NDArray[np.float64]
    energy_threshold: float

    def routed(self, logits: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Tell which pictures are routed; the others go to review.

        Parameters
        ----------
        logits : ndarray, shape (n, labels)

        Returns
        -------
        ndarray of bool, shape (n,)
        """
        p = probabilities(logits, self.temperature)
        return (p.max(1) >= self.thresholds[p.argmax(1)]) & (energy(logits) <= self.energy_threshold)

    def decide(self, logits: NDArray[np.float64]) -> NDArray[np.int64]:
        """Give the label of each routed picture and -1 for review.

        Parameters
        ----------
        logits : ndarray, shape (n, labels)

        Returns
        -------
        ndarray of int, shape (n,)
        """
        return np.where(self.routed(logits), logits.argmax(1), -1)


def fit_decider(logits: NDArray[np.float64], truth: NDArray[np.int64], precision: float, kept: float) -> Decider:
    """Choose temperature and thresholds on validation pictures.

    Parameters
    ----------
    logits : ndarray, shape (n, labels)
    truth : ndarray of int, shape (n,)
    precision : float
        That each label's threshold must reach.
    kept : float
        Share of the pictures that the energy threshold must keep.

    Returns
    -------
    Decider
    """
    temperature = fit_temperature(logits, truth)
    p = probabilities(logits, temperature)
    best = p.argmax(1)
    thresholds = [
        pick_threshold(p[best == label, label], truth[best == label] == label, precision)
        for label in range(logits.shape[1])
    ]
    return Decider(temperature, np.asarray(thresholds), pick_energy_threshold(energy(logits), kept))


def measure_known(logits: NDArray[np.float64], truth: NDArray[np.int64], decider: Decider) -> dict[str, Any]:
    """Measure on pictures that belong to a label.

    Parameters
    ----------
    logits : ndarray, shape (n, labels)
    truth : ndarray of int, shape (n,)
    decider : Decider

    Returns
    -------
    dict
        Shares between 0 and 1, each ``…_95`` the 95 % Wilson interval of the share before it. ``review`` is the share
        that is not routed, ``precision_routed`` the share of right labels among the routed.
    """
    best = logits.argmax(1)
    confusion = confusion_matrix(truth, best, logits.shape[1])
    routed = decider.routed(logits)
    right = best == truth

    def calibration_error(temperature: float) -> float:
        return round(expected_calibration_error(probabilities(logits, temperature).max(1), right), 4)

    return {
        "n": len(truth),
        **share("accuracy", int(right.sum()), len(truth)),
        "accuracy": round(accuracy(confusion), 4),
        "macro_f1": round(macro_f1(confusion), 4),
        "ece_before_calibration": calibration_error(1.0),
        "ece": calibration_error(decider.temperature),
        "confusion": confusion.tolist(),
        **share("review", int((~routed).sum()), len(truth)),
        **share("precision_routed", int((routed & right).sum()), int(routed.sum())),
    }


def measure_strange(logits: NDArray[np.float64], familiar: NDArray[np.float64], decider: Decider) -> dict[str, Any]:
    """Measure on pictures that belong to no label.

    Parameters
    ----------
    logits : ndarray, shape (n, labels)
    familiar : ndarray, shape (m, labels)
        Logits of pictures that do belong to a label.
    decider : Decider

    Returns
    -------
    dict
        ``n``; ``auroc``, how well the energy alone tells them from the familiar ones (0.5 is chance, 1 perfect); and
        ``routed_by_mistake``, a share with its 95 % Wilson interval.
    """
    return {
        "n": len(logits),
        "auroc": round(auroc(energy(logits), energy(familiar)), 4),
        **share("routed_by_mistake", int(decider.routed(logits).sum()), len(logits)),
    }
