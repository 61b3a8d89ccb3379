"""What the server counts, as Prometheus reads it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

# From the quickest small picture to the deadline.
_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# Counted so many at a time: one alone costs several times as much, as its code is in no cache by then.
_TOGETHER = 32


class Metrics:
    """Counters of one server.

    Attributes
    ----------
    waiting : Gauge
        Requests that wait for a worker.
    under_way : Gauge
        Requests that a worker has.
    worker_ends : Counter
        Workers that ended and were replaced.
    """

    def __init__(self) -> None:
        registry = self._registry = CollectorRegistry()
        self._requests = Counter("signpost_requests", "Predictions asked for.", ["status"], registry=registry)
        self._latency = Histogram(
            "signpost_request_seconds", "From a request's head to its answer.", buckets=_BUCKETS, registry=registry
        )
        work = Histogram("signpost_work_seconds", "Of a worker.", ["part"], buckets=_BUCKETS, registry=registry)
        self._decode, self._invoke = work.labels("decode"), work.labels("invoke")
        self.waiting = Gauge("signpost_waiting_requests", "Requests that wait for a worker.", registry=registry)
        self.under_way = Gauge("signpost_requests_under_way", "Requests that a worker has.", registry=registry)
        self.worker_ends = Counter("signpost_worker_ends", "Workers that ended and were replaced.", registry=registry)
        self._of_status: dict[int, Counter] = {}
        self._work: list[tuple[float, float]] = []
        self._answers: list[tuple[int, float]] = []

    def observe(self, decode: float, invoke: float) -> None:
        """Count what a worker did for a request, in seconds."""
        self._work.append((decode, invoke))

    def count(self, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._answers.append((status, seconds))
        if len(self._answers) >= _TOGETHER:
            self._put_down()

    def page(self) -> bytes:
        """Return everything in Prometheus' text format 0.0.4."""
        self._put_down()
        return generate_latest(self._registry)

    def _put_down(self) -> None:
        for decode, invoke in self._work:
            self._decode.observe(decode)
            self._invoke.observe(invoke)
        for status, seconds in self._answers:
            if status not in self._of_status:
                self._of_status[status] = self._requests.labels(str(status))
            self._of_status[status].inc()
            self._latency.observe(seconds)
        self._work.clear()
        self._answers.clear()
