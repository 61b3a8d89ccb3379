"""How much an endpoint answers in time, found by loading it."""

import threading
import time

import pytest

from signpost.cost.capacity import CONCURRENCIES, Step, load, target
from signpost.errors import DeploymentError


def test_loading_stops_where_more_callers_get_no_more_out_of_it():
    # GIVEN an endpoint that works on two requests at a time, 10 ms on each: 200 a second
    slots = threading.BoundedSemaphore(2)

    def ask() -> None:
        with slots:
            time.sleep(0.01)

    # WHEN it is loaded
    steps = list(load(lambda: ask, 0.5))
    # THEN more and more callers ask, until they only wait longer
    assert [step.concurrency for step in steps] == list(CONCURRENCIES[: len(steps)])
    assert 3 <= len(steps) < len(CONCURRENCIES)
    assert max(step.rate for step in steps) <= 210


def test_loading_stops_at_the_first_errors():
    def ask() -> None:
        raise ConnectionError

    (step,) = load(lambda: ask, 0.05)
    assert step.errors
    assert not step.good


@pytest.mark.parametrize(("instances", "expected"), [(1, 3000), (2, 1500)])
def test_the_target_is_half_of_the_most_that_was_answered_in_time(instances, expected):
    slow, failing = Step(16, 400.0, 0.9, 1.2, 0), Step(8, 300.0, 0.1, 0.2, 1)
    steps = [Step(1, 60.0, 0.01, 0.02, 0), Step(4, 100.0, 0.03, 0.05, 0), failing, slow]
    assert target(steps, instances) == expected


def test_an_endpoint_that_answers_nothing_in_time_has_no_target():
    with pytest.raises(DeploymentError, match="look at its log"):
        target([Step(1, 0.0, float("inf"), float("inf"), 9)], 1)
