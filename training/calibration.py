"""Chooses temperature and thresholds on validation pictures. NumPy only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_TEMPERATURES = np.geomspace(0.2, 10, 400)  # steps of one per cent


def energy(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Score how strange pictures are: -log(sum(exp(logits))) (Liu et al. 2020, arXiv:2010.03759, temperature 1).

    Parameters
    ----------
    logits : ndarray, shape (n, labels)

    Returns
    -------
    ndarray, shape (n,)
        Higher is stranger.
    """
    return -np.logaddexp.reduce(logits, axis=1)


def probabilities(logits: NDArray[np.float64], temperature: float) -> NDArray[np.float64]:
    """Turn logits into calibrated probabilities.

    Parameters
    ----------
    logits : ndarray, shape (n, labels)
    temperature : float
        Logits are divided by it before softmax.

    Returns
    -------
    ndarray, shape (n, labels)
    """
    scaled = logits / temperature
    return np.exp(scaled - np.logaddexp.reduce(scaled, axis=1)[:, np.newaxis])


def fit_temperature(logits: NDArray[np.float64], truth: NDArray[np.int64]) -> float:
    """Find the temperature of the lowest negative log-likelihood (Guo et al. 2017, arXiv:1706.04599, section 4.2).

    Parameters
    ----------
    logits : ndarray, shape (n, labels)
    truth : ndarray of int, shape (n,)

    Returns
    -------
    float
        Between 0.2 and 10.
    """

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        return float((np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(truth)), truth]).mean())

    return float(min(_TEMPERATURES, key=loss))


def pick_threshold(confidence: NDArray[np.float64], correct: NDArray[np.bool_], precision: float) -> float:
    """Find the lowest probability from which a label's predictions are precise enough.

    It lies half-way between the last picture that may be routed and the next one, or 0.5 where all may.

    Parameters
    ----------
    confidence : ndarray, shape (n,)
        Probabilities of the pictures that were given this label.
    correct : ndarray of bool, shape (n,)
        Whether they were right.
    precision : float
        Share of right ones to reach among all at or above the threshold.

    Returns
    -------
    float
        Between 0.5 and 1; 1 where no threshold reaches the precision.
    """
    order = np.argsort(-confidence)
    sorted_confidence = confidence[order]
    reached = np.cumsum(correct[order]) / np.arange(1, len(order) + 1) >= precision
    # Equal probabilities can't be told apart: only the last of them is a place for a threshold.
    last_of_equals = np.append(sorted_confidence[1:] != sorted_confidence[:-1], True)
    places = np.flatnonzero(reached & last_of_equals)
    if not places.size:
        return 1.0
    # Half-way to the next picture that must stay out: a threshold at a picture would flip with its last digit.
    around = np.append(sorted_confidence, 0.5)[places[-1] : places[-1] + 2]
    return max(0.5, float(around.mean()))


def pick_energy_threshold(energies: NDArray[np.float64], kept: float) -> float:
    """Find the energy that a share of the known pictures stays below.

    Parameters
    ----------
    energies : ndarray, shape (n,)
        Of pictures that do belong to a label.
    kept : float
        Share to keep.

    Returns
    -------
    float
    """
    return float(np.quantile(energies, kept))
