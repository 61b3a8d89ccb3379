"""A service's state as units, and back: MiniStack's own form of saved values, but one row for each entry."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.core.persistence import _json_default, _json_object_hook
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict

from localcloud.durability.store import Unit

Scoped = AccountRegionScopedDict | AccountScopedDict
_ATTEMPTS = 5


def encode(value: Any) -> str:
    """Return a value as JSON; scoped dictionaries and bytes are tagged as MiniStack tags them."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return json.dumps(value, default=_json_default)
        except RuntimeError:  # another thread has changed its size meanwhile
            continue
    return json.dumps(value, default=_json_default)


def decode(text: str) -> Any:
    """Return the value that `encode` was given."""
    return json.loads(text, object_hook=_json_object_hook)


def scope_text(scope: tuple[Any, ...]) -> str:
    """Return the key of an entry of a scoped dictionary as text."""
    *owner, key = scope
    return "\0".join([*owner, repr(key)])


def split(service: str, state: Any) -> dict[Unit, str]:
    """Split a service's state.

    Parameters
    ----------
    service : str
        Its name.
    state : Any
        What its `get_state` returned: a dictionary of stores, or any other value, which is one unit.

    Returns
    -------
    dict of Unit to str
        A unit for each entry of a scoped dictionary, and one for each other store.
    """
    units: dict[Unit, str] = {}
    for name, value in state.items() if isinstance(state, dict) else [("", state)]:
        scoped = isinstance(value, Scoped)
        # The empty dictionary says which kind it is.
        units[Unit(service, name, "")] = encode(type(value)() if scoped else value)
        if scoped:
            entries = list(value._data.items())
            units |= {Unit(service, name, scope_text(scope)): encode(entry) for scope, entry in entries}
    return units


def join(units: Mapping[Unit, str]) -> Any:
    """Return the state that `split` was given, None if there are no units.

    Parameters
    ----------
    units : mapping of Unit to str
        Of one service.

    Returns
    -------
    Any
        The state.
    """
    state: dict[str, Any] = {unit.store: decode(value) for unit, value in units.items() if not unit.key}
    for name in state:
        tag = "__account_region_scoped__" if isinstance(state[name], AccountRegionScopedDict) else "__scoped__"
        entries = {unit.key: decode(value) for unit, value in units.items() if unit.store == name and unit.key}
        if entries:
            state[name] = _json_object_hook({tag: True, "data": entries})
    return state.get("") if list(state) == [""] else state or None
