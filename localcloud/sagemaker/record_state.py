"""Values of moto's records as JSON and back: moments are no JSON."""

import datetime as dt
from typing import Any

_MOMENT = "$moment"


def plain(value: Any) -> Any:
    """Turn a value into JSON.

    Parameters
    ----------
    value : Any
        Made of dicts, lists, moments and what JSON knows.

    Returns
    -------
    Any
        Without moments.
    """
    if isinstance(value, dt.datetime):
        return {_MOMENT: value.isoformat()}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def rich(value: Any) -> Any:
    """Turn back what `plain` returned.

    Parameters
    ----------
    value : Any
        That.

    Returns
    -------
    Any
        The value of before.
    """
    if isinstance(value, dict):
        if _MOMENT in value:
            return dt.datetime.fromisoformat(value[_MOMENT])
        return {key: rich(item) for key, item in value.items()}
    return [rich(item) for item in value] if isinstance(value, list) else value
