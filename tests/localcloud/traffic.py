"""Callers that ask an endpoint without a pause, and what they got."""

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.localcloud.running_cloud import Cloud
from tests.localcloud.sagemaker_resources import picture

CALLERS = 4


@dataclass
class Traffic:
    """Answers as pairs of time and version, errors as the service answered them."""

    answers: list[tuple[float, str]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)

    def versions(self, start: float = 0.0, end: float = float("inf")) -> list[str]:
        """Who answered in a span of time."""
        return [version for at, version in list(self.answers) if start <= at < end]

    def first(self, version: str) -> float:
        """When a version answered first."""
        return next(at for at, found in self.answers if found == version)


@contextlib.contextmanager
def asking(cloud: Cloud, endpoint: str) -> Iterator[Traffic]:
    """Ask all the time. No call is tried again: each error counts."""
    runtime = cloud.client("sagemaker-runtime", retries={"total_max_attempts": 1}, max_pool_connections=CALLERS)
    traffic, done, body = Traffic(), threading.Event(), picture()

    def ask() -> None:
        while not done.is_set():
            try:
                answer = runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=body)
                version = json.load(answer["Body"])["model"]["version"]
            except ClientError as error:
                traffic.errors.append(dict(error.response))
            else:
                traffic.answers.append((time.monotonic(), version))

    threads = [threading.Thread(target=ask) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    try:
        yield traffic
    finally:
        done.set()
        for thread in threads:
            thread.join()
