"""Strategies: one process, several workers, parameter servers. Importing this imports no TensorFlow."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, get_args

from signpost.errors import SettingsError

if TYPE_CHECKING:
    import keras  # pyright: ignore[reportMissingImports] - the training extra

    from training.course import Course

Strategy = Literal["single", "multi-worker", "parameter-server", "parameter-server-sync"]
STRATEGIES: tuple[Strategy, ...] = get_args(Strategy)
SINGLE, MULTI_WORKER, PARAMETER_SERVER, PARAMETER_SERVER_SYNC = STRATEGIES
_FUNCTIONS = {
    SINGLE: ("single", "teach"),
    MULTI_WORKER: ("multi_worker", "teach"),
    PARAMETER_SERVER: ("parameter_server", "teach_asynchronously"),
    PARAMETER_SERVER_SYNC: ("parameter_server", "teach_synchronously"),
}


def strategy(name: str) -> Callable[[Course], keras.Model | None]:
    """Give the function that takes a network through a course.

    Parameters
    ----------
    name : str
        One of `STRATEGIES`. All but ``single`` need TF_CONFIG in the environment: `training.distribution.launch` or
        `training.container` sets it.

    Returns
    -------
    callable
        From a course to the network with its averaged weights, in the process that is to export it; to None in the
        others.

    Raises
    ------
    SettingsError
        If there is no such strategy.
    """
    if name not in _FUNCTIONS:
        raise SettingsError(f"no strategy {name!r}; allowed are {', '.join(STRATEGIES)}")
    module, function = _FUNCTIONS[name]
    return getattr(importlib.import_module(f"training.distribution.{module}"), function)
