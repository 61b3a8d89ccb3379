"""Log events of the app's Lambda functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from signpost.errors import DeploymentError


@dataclass(frozen=True)
class LogLine:
    """A line of a function's log.

    Attributes
    ----------
    time : datetime
        In UTC.
    function : str
        Name of the function, with the app's name.
    message : str
    """

    time: datetime
    function: str
    message: str


@dataclass
class FunctionLogs:
    """The logs of an app's functions, each line once.

    Attributes
    ----------
    client : botocore.client.CloudWatchLogs
    app : str
        ``app.name`` of the settings.
    function : str or None
        Name of a function without the app's name, or what several names begin with; None for all.
    """

    client: Any
    app: str
    function: str | None = None
    _next: dict[str, int] = field(default_factory=dict)  # milliseconds, by log group

    def read(self) -> Iterator[LogLine]:
        """Yield the lines that are new since the last call.

        Raises
        ------
        DeploymentError
            If no function has the name; the message lists the names.
        """
        for group in self._groups():
            pages = self.client.get_paginator("filter_log_events").paginate(
                logGroupName=group, startTime=self._next.get(group, 0)
            )
            for event in (event for page in pages for event in page["events"]):
                self._next[group] = event["timestamp"] + 1
                time = datetime.fromtimestamp(event["timestamp"] / 1000, UTC)
                yield LogLine(time, group.rsplit("/", 1)[1], event["message"].rstrip())

    def _groups(self) -> list[str]:
        prefix = f"/aws/lambda/{self.app}-"
        pages = self.client.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        names = [group["logGroupName"].removeprefix(prefix) for page in pages for group in page["logGroups"]]
        found = [name for name in names if name.startswith(self.function or "")]
        if not found and self.function:
            raise DeploymentError(f"there is no function {self.function}; allowed are {', '.join(names) or 'none yet'}")
        return [prefix + name for name in found]
