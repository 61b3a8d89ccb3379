"""The transactional outbox: work that follows an answer is written with it, and removed when it is done."""

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

from localcloud.durability.store import Changes, Unit

SERVICE = "localcloud-outbox"
_lock = threading.Lock()
_left: dict[str, tuple[str, Any]] = {}
_workers: dict[str, Callable[[dict[str, Any]], None]] = {}
_changed: dict[str, str | None] = {}


def add(kind: str, work: Any) -> str:
    """Add work. It is written together with what its request has changed.

    Parameters
    ----------
    kind : str
        Names what does it, see `on_restart`.
    work : Any
        JSON that describes it.

    Returns
    -------
    str
        Its id, the same when it is taken up after a kill.
    """
    name = str(uuid.uuid4())
    with _lock:
        _changed[name] = json.dumps([kind, work])
    return name


def remove(*names: str) -> None:
    """Remove work that is done.

    Parameters
    ----------
    *names : str
        Ids of it.
    """
    with _lock:
        for name in names:
            _changed[name] = None


def load(units: dict[Unit, str]) -> int:
    """Remember what the last run had not done, and return how much that is."""
    _left.update({unit.key: tuple(json.loads(value)) for unit, value in units.items()})
    return len(_left)


def on_restart(kind: str, do: Callable[[dict[str, Any]], None]) -> None:
    """Register what does the work that a killed cloud has left.

    Parameters
    ----------
    kind : str
        Which work.
    do : callable
        Gets the work by id. It removes what it has done.
    """
    _workers[kind] = do


def resume() -> None:
    """Do what the last run has left."""
    left: dict[str, dict[str, Any]] = {}
    for name, (kind, work) in list(_left.items()):
        left.setdefault(kind, {})[name] = work
    for kind, works in left.items():
        _workers[kind](works)
    _left.clear()


def collect(changes: Changes) -> None:
    """Add what has changed since the last call."""
    with _lock:
        changes |= {Unit(SERVICE, "", name): value for name, value in _changed.items()}
        _changed.clear()
