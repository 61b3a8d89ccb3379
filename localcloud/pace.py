"""How fast waits of minutes pass, of updates, alarms and state machines: on a laptop nobody bakes for minutes."""

import os

VARIABLE = "SIGNPOST_SECONDS_PER_MINUTE"
DEFAULT = "1"


def paced(seconds: float) -> float:
    """Shorten a wait.

    Parameters
    ----------
    seconds : float
        As it would be on AWS.

    Returns
    -------
    float
        Seconds that it lasts here: a minute lasts as many as `SIGNPOST_SECONDS_PER_MINUTE` says, by default 1.

    Raises
    ------
    ValueError
        If the variable is no number above 0.
    """
    minute = float(os.environ.get(VARIABLE, DEFAULT))
    if not minute > 0:
        raise ValueError(f"{VARIABLE} is {minute}; it has to be above 0.")
    return seconds * minute / 60
