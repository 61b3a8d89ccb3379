"""What an existing Scones Unlimited workflow costs: a Standard machine, three Lambdas, one instance at all hours.

Its machine is a chain of three Tasks, each a Lambda on 128 MB and x86, the defaults. The durations are assumed. They
hardly matter: ten times the seconds would add 5 % to the sum at 1 picture a second, and less at lower rates.
"""

from __future__ import annotations

from signpost.cost import prices
from signpost.cost.model import Cost, pictures_a_month
from signpost.cost.prices import HOURS_PER_MONTH, instance_hour
from signpost.cost.pricing import Term

INSTANCE = "ml.m5.large"
# AWS's pricing page, in a stored German copy: charged is every transition, from the one into the first state to the one
# out of the last. A newer copy says "each time a step of your workflow is executed", which may mean three.
TRANSITIONS = 4
_FUNCTION_GB = 128 / 1024
# Fetch and encode, ask the endpoint, compare.
_FUNCTION_SECONDS = 0.2 + 0.15 + 0.01
_LOG_KB = 1.2  # START, END and REPORT of three functions


def existing(rate: float, transitions: int = TRANSITIONS) -> Cost:
    """Add up a month.

    Parameters
    ----------
    rate : float
        Pictures a second. When they come does not matter: the instance is there at all hours.
    transitions : int
        State transitions that are charged for one picture.

    Returns
    -------
    Cost

    Raises
    ------
    SettingsError
        If the rate is not positive.
    """
    pictures = pictures_a_month(rate)
    each = [
        Term("the picture put", 1, prices.S3_PUT),
        Term("the picture read", 1, prices.S3_GET),
        Term("machine", transitions, prices.TRANSITION),
        Term("three functions", 3, prices.LAMBDA_REQUEST),
        Term("three functions", _FUNCTION_GB * _FUNCTION_SECONDS, prices.LAMBDA_X86_GB_SECOND),
        Term("functions", _LOG_KB / 2**20, prices.LOG_GB),
    ]
    instance = Term("instance at all hours", HOURS_PER_MONTH, instance_hour(INSTANCE))
    return Cost((*(term.times(pictures) for term in each), instance), pictures, instance.dollars)
