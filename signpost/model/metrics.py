"""How good predictions are: accuracy, F1, confusion, calibration, intervals. NumPy only."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Number of equal-width bins in Guo et al. 2017, arXiv:1706.04599, section 5.
CALIBRATION_BINS = 15


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, labels: int) -> NDArray[np.int64]:
    """Count predictions by true label.

    Parameters
    ----------
    truth, predicted : array_like of int, shape (n,)
        Label indices, 0 to ``labels`` - 1.
    labels : int
        Number of labels.

    Returns
    -------
    ndarray of int64, shape (labels, labels)
        Row: true label; column: predicted label.

    Raises
    ------
    ValueError
        If the lengths differ or an index is out of range.
    """
    true_index, predicted_index = np.asarray(truth, np.int64), np.asarray(predicted, np.int64)
    if true_index.shape != predicted_index.shape or true_index.ndim != 1:
        raise ValueError(f"truth has shape {true_index.shape}, predictions {predicted_index.shape}: expected two (n,)")
    for indices in (true_index, predicted_index):
        if indices.size and not (indices.min() >= 0 and indices.max() < labels):
            raise ValueError(f"label indices must be 0 to {labels - 1}")
    counts = np.bincount(true_index * labels + predicted_index, minlength=labels * labels)
    return counts.reshape(labels, labels)


def accuracy(confusion: NDArray[np.int64]) -> float:
    """Give the share of right predictions.

    Parameters
    ----------
    confusion : ndarray, shape (labels, labels)
        As `confusion_matrix` made it.

    Returns
    -------
    float
        0 to 1; NaN where there are no predictions.
    """
    total = confusion.sum()
    return float(np.trace(confusion) / total) if total else math.nan


def macro_f1(confusion: NDArray[np.int64]) -> float:
    """Average the F1 of the labels, each label counting the same.

    Parameters
    ----------
    confusion : ndarray, shape (labels, labels)
        As `confusion_matrix` made it.

    Returns
    -------
    float
        0 to 1, over the labels that occur in truth or predictions; NaN where none does.
    """
    hits = np.diag(confusion).astype(float)
    seen = confusion.sum(axis=0) + confusion.sum(axis=1)  # true and predicted together: F1 is 2·hits / seen
    occurring = seen > 0
    return float((2 * hits[occurring] / seen[occurring]).mean()) if occurring.any() else math.nan


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike) -> float:
    """Measure how far confidence is from accuracy (Guo et al. 2017, arXiv:1706.04599, equation 3).

    Parameters
    ----------
    confidence : array_like of float, shape (n,)
        Probability of the predicted label, 0 to 1.
    correct : array_like of bool, shape (n,)
        Whether the prediction was right.

    Returns
    -------
    float
        Mean gap between confidence and accuracy over 15 equal-width bins, weighted by their counts: 0 is perfect,
        1 the worst; NaN where there are no predictions.
    """
    sure, right = np.asarray(confidence, float), np.asarray(correct, float)
    if not sure.size:
        return math.nan
    # Bins are open at the left and closed at the right, as in the paper.
    bins = np.clip(np.ceil(sure * CALIBRATION_BINS).astype(int) - 1, 0, CALIBRATION_BINS - 1)
    gaps = np.bincount(bins, weights=right - sure, minlength=CALIBRATION_BINS)
    return float(np.abs(gaps).sum() / sure.size)


def auroc(higher: ArrayLike, lower: ArrayLike) -> float:
    """Area under the ROC curve of a score: the chance that it puts one group above the other.

    It is the Mann-Whitney statistic over the number of pairs (Hanley and McNeil 1982,
    doi:10.1148/radiology.143.1.7063747).

    Parameters
    ----------
    higher : array_like of float, shape (n,)
        Scores of the group that should have the higher ones.
    lower : array_like of float, shape (m,)

    Returns
    -------
    float
        0 to 1; a pair of equal scores counts half.
    """
    high, low = np.asarray(higher, float), np.sort(np.asarray(lower, float))
    below, up_to = np.searchsorted(low, high, "left"), np.searchsorted(low, high, "right")
    return float((below + up_to).mean() / (2 * len(low)))


def wilson_interval(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Bound a share that was measured on few samples (Wilson 1927, doi:10.1080/01621459.1927.10502953).

    Parameters
    ----------
    hits, n : int
        Successes among trials.
    z : float
        Normal quantile; the default gives 95 %.

    Returns
    -------
    low, high : float
        0 and 1 where there are no trials.

    Raises
    ------
    ValueError
        If there are more successes than trials, or fewer than none.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} successes among {n} trials")
    if n == 0:
        return 0.0, 1.0
    share, weight = hits / n, 1 + z**2 / n
    middle = (share + z**2 / (2 * n)) / weight
    reach = z / weight * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)


def share(name: str, hits: int, n: int) -> dict[str, Any]:
    """Give a share and how sure it is, as metrics are written down.

    Parameters
    ----------
    name : str
    hits, n : int
        Successes among trials.

    Returns
    -------
    dict
        ``name``: the share, 0 to 1, None where there are no trials; ``name_95``: its 95 % Wilson interval. To four
        digits.
    """
    low, high = wilson_interval(hits, n)
    return {name: round(hits / n, 4) if n else None, f"{name}_95": [round(low, 4), round(high, 4)]}
