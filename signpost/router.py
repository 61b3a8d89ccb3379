"""Routes pictures through a deployed app: upload, run the machine, read the decision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpost.contracts import Decision
from signpost.deployment import Clients, Deployment
from signpost.errors import RoutingFault
from signpost.prefixes import UPLOADS


@dataclass(frozen=True)
class Parked:
    """A message of the fault queue.

    Attributes
    ----------
    event : dict
        What the failed execution was asked.
    error : str
        What went wrong.
    """

    event: dict[str, Any]
    error: str


class Router:
    """A deployed app, as its users reach it.

    Parameters
    ----------
    deployment : Deployment
        Where everything is.
    clients : callable
        Makes the client of a service.
    """

    def __init__(self, deployment: Deployment, clients: Clients) -> None:
        self._deployment = deployment
        self._s3, self._sfn, self._sqs = clients("s3"), clients("stepfunctions"), clients("sqs")

    def route_file(self, path: Path, classifier: str | None = None) -> Decision:
        """Upload a picture and route it.

        Parameters
        ----------
        path : Path
            The picture.
        classifier : str or None
            Which one to ask; None for the default.

        Returns
        -------
        Decision

        Raises
        ------
        RoutingFault
            If the execution failed.
        """
        data = path.read_bytes()
        key = f"{UPLOADS}{hashlib.sha256(data).hexdigest()[:16]}/{path.name}"
        bucket = self._deployment["IncomingBucket"]
        stored = self._s3.put_object(Bucket=bucket, Key=key, Body=data)
        event = {"s3_bucket": bucket, "s3_key": key, "version_id": stored.get("VersionId")}
        return self.route_event(event | ({"classifier": classifier} if classifier else {}))

    def route_event(self, event: dict[str, Any]) -> Decision:
        """Run the routing machine on any event that it takes.

        Raises
        ------
        RoutingFault
            If the execution failed.
        """
        machine = self._deployment["RoutingMachine"]
        ended = self._sfn.start_sync_execution(stateMachineArn=machine, input=json.dumps(event))
        if ended["status"] != "SUCCEEDED":
            said = f"{ended.get('error', ended['status'])}: {ended.get('cause', 'no cause given')}"
            raise RoutingFault(said, parked=ended["status"] == "FAILED")
        return Decision.model_validate_json(ended["output"])

    def redrive(self) -> Iterator[tuple[Parked, Decision | RoutingFault]]:
        """Route every picture of the fault queue again.

        Yields
        ------
        tuple of Parked and (Decision or RoutingFault)
            Each message with how it went this time. What failed again is in the queue again.
        """
        queue = self._deployment["QueueFaults"]
        # All are taken before the first is routed: what fails again is parked anew, and its turn is the next redrive.
        for message in list(self._drain(queue)):
            parked, handle = _read(message), message["ReceiptHandle"]
            try:
                result: Decision | RoutingFault = self.route_event(parked.event)
            except RoutingFault as fault:
                result = fault
            if isinstance(result, RoutingFault) and not result.parked:
                self._sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)
            else:
                self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=handle)
            yield parked, result

    def _drain(self, queue: str) -> Iterator[dict[str, Any]]:
        """Take messages until there are none; each stays hidden for the queue's visibility timeout."""
        while messages := self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages"):
            yield from messages


def _read(message: dict[str, Any]) -> Parked:
    """Read a message: one that the machine parked, or an event that EventBridge could not deliver."""
    body = json.loads(message["Body"])
    return Parked(body.get("input", body), body.get("error", "NotDelivered"))
