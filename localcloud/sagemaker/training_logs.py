"""Log lines of a training job: into CloudWatch Logs under the job's role, and through the metrics' expressions."""

import contextlib
import datetime as dt
import logging
import re
import threading
import time
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
# Far below the service's limits for one request.
MOST_LINES = 1000

logger = logging.getLogger("localcloud.training")


class Metrics:
    """Last values of the metrics that a job's log gives.

    Parameters
    ----------
    expressions : mapping of str to re.Pattern
        Regular expressions by name; the first group is the value.
    """

    def __init__(self, expressions: Mapping[str, re.Pattern[str]]) -> None:
        self._expressions = expressions
        self.values: dict[str, tuple[float, dt.datetime]] = {}

    def read(self, line: str) -> None:
        """Look for metrics in a line.

        Parameters
        ----------
        line : str
            A line of the log.
        """
        for name, expression in self._expressions.items():
            if found := expression.search(line):
                with contextlib.suppress(ValueError, IndexError, TypeError):
                    self.values[name] = (float(found[1]), dt.datetime.now(dt.UTC))


class LogStream:
    """The log of one host.

    Parameters
    ----------
    client : boto3 client
        Of CloudWatch Logs, acting as the job's role.
    name : str
        Name of the stream, such as `my-job/algo-1-1700000000`.
    metrics : Metrics
        Reads every line too.
    """

    def __init__(self, client: Any, name: str, metrics: Metrics) -> None:
        self.name = name
        self._client: Any = client
        self._metrics = metrics
        self._lines: list[dict[str, Any]] = []
        self._lock = threading.Lock()
        self._made = False

    def add(self, line: str) -> None:
        """Take a line; `flush` sends it.

        Parameters
        ----------
        line : str
            A line, with or without its end.
        """
        text = line.rstrip()
        # CloudWatch Logs takes no empty message.
        if text:
            self._metrics.read(text)
            with self._lock:
                self._lines.append({"timestamp": time.time_ns() // 1_000_000, "message": text})

    def flush(self) -> None:
        """Send what came since the last time; a role that may not write logs leaves none, as in SageMaker."""
        while self._client:
            with self._lock:
                batch, self._lines = self._lines[:MOST_LINES], self._lines[MOST_LINES:]
            if not batch:
                return
            try:
                self._make()
                self._client.put_log_events(logGroupName=LOG_GROUP, logStreamName=self.name, logEvents=batch)
            except (ClientError, BotoCoreError) as error:
                logger.warning("There is no log of %s: %s", self.name, error)
                self._client = None

    def _make(self) -> None:
        if not self._made:
            for make in (
                lambda: self._client.create_log_group(logGroupName=LOG_GROUP),
                lambda: self._client.create_log_stream(logGroupName=LOG_GROUP, logStreamName=self.name),
            ):
                with contextlib.suppress(self._client.exceptions.ResourceAlreadyExistsException):
                    make()
            self._made = True
