"""Hosts that hear of each other's end, over real connections."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from signpost.errors import TrainingError, TrainingInterrupted
from training.distribution import link
from training.distribution.link import FirstHost, OtherHost


@pytest.fixture
def address() -> tuple[str, int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()


def eventually(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def connected(first: FirstHost, other: OtherHost) -> None:
    def both() -> bool:
        return other.over() or first.over() or (other._line is not None and not first._missing)

    eventually(both)


def test_the_others_hear_that_the_job_is_done(address: tuple[str, int]):
    other = OtherHost(address, "algo-2")
    with FirstHost(address, ["algo-2"]) as first:
        connected(first, other)
        assert not other.over()
    with other:
        eventually(other.over)


def test_a_host_may_come_before_the_first_one_listens(address: tuple[str, int]):
    other = OtherHost(address, "algo-2")
    assert not other.over()
    with FirstHost(address, ["algo-2"]) as first, other:
        connected(first, other)


def test_the_end_of_another_host_is_said_by_its_name(address: tuple[str, int]):
    with FirstHost(address, ["algo-2", "algo-3"]) as first, OtherHost(address, "algo-3") as third:
        with OtherHost(address, "algo-2") as second:
            eventually(lambda: not (second.over() or third.over() or first.over()) and not first._missing)
        with pytest.raises(TrainingError, match="host algo-2 ended before the training was over"):
            eventually(first.over)


def test_a_host_that_fails_at_once_is_heard_of_by_a_first_one_that_starts_later(address: tuple[str, int]):
    def fail() -> None:
        with pytest.raises(RuntimeError), OtherHost(address, "algo-2") as other:
            assert not other.over()  # nobody listens yet
            failing.set()
            raise RuntimeError

    failing = threading.Event()
    with ThreadPoolExecutor() as pool:
        failed = pool.submit(fail)
        failing.wait()
        with (
            FirstHost(address, ["algo-2"]) as first,
            pytest.raises(TrainingError, match="host algo-2 ended before the training was over"),
        ):
            eventually(first.over)
        failed.result()


def test_the_failure_of_the_first_host_is_said(address: tuple[str, int]):
    with OtherHost(address, "algo-2") as other:
        with pytest.raises(RuntimeError), FirstHost(address, ["algo-2"]) as first:
            connected(first, other)
            raise RuntimeError
        with pytest.raises(TrainingError, match="the first host, which runs the chief, ended before"):
            eventually(other.over)


def test_a_stop_anywhere_reaches_the_chief_and_then_everybody(address: tuple[str, int]):
    with OtherHost(address, "algo-2") as other:
        with pytest.raises(TrainingInterrupted), FirstHost(address, ["algo-2"]) as first:
            connected(first, other)
            other.ask_to_stop()
            eventually(lambda: first.over() or first.stop_wanted)
            raise TrainingInterrupted
        with pytest.raises(TrainingInterrupted, match="the first host was told to stop"):
            eventually(other.over)


def test_a_host_that_never_comes_is_missed(address: tuple[str, int], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(link, "_START_SECONDS", 0.0)

    with FirstHost(address, ["algo-2"]) as first, pytest.raises(TrainingError, match="no word from algo-2"):
        eventually(first.over)
    with (
        OtherHost(address, "algo-2") as other,
        pytest.raises(TrainingError, match="the first host did not answer at 127"),
    ):
        eventually(other.over)
