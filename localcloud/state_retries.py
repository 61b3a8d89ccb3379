"""The pauses of a state's retries: at most `MaxDelaySeconds`, and drawn at random with `JitterStrategy: FULL`.

MiniStack reads neither.
"""

import random
from collections.abc import Callable
from typing import Any

Retrier = dict[str, Any]


def with_pauses(find: Callable[..., tuple[Retrier | None, int]]) -> Callable[..., tuple[Retrier | None, int]]:
    """Let MiniStack's search for a retrier return one whose next pause is already computed."""

    def find_matching_retrier(retriers: list[Retrier], error: str, counts: dict[int, int]) -> tuple[Any, int]:
        retrier, index = find(retriers, error, counts)
        if retrier is None:
            return None, index
        return {**retrier, "IntervalSeconds": pause(retrier, counts.get(index, 0)), "BackoffRate": 1}, index

    return find_matching_retrier


def pause(retrier: Retrier, retries: int) -> float:
    """Return the seconds before a retry.

    Parameters
    ----------
    retrier : dict
        An entry of `Retry`.
    retries : int
        Retries that this entry has made before.

    Returns
    -------
    float
        Seconds.
    """
    grown = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2) ** retries
    longest = min(grown, retrier.get("MaxDelaySeconds", grown))
    return random.uniform(0, longest) if retrier.get("JitterStrategy") == "FULL" else longest  # noqa: S311
