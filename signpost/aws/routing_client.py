"""Routes pictures through a deployed app: upload, run the machine, read the decision."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from signpost.aws.deployment import Clients, Deployment
from signpost.errors import ASLEEP, NOT_PARKED, DeploymentError, PictureError, RoutingFault, SignpostError
from signpost.routing.contracts import Decision
from signpost.routing.events import IGNORED, WAITED
from signpost.routing.prefixes import UPLOADS


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

    def route_file(self, path: Path, classifier: str | None = None, *, resume: bool = False) -> Decision:
        """Upload an image and route it.

        Parameters
        ----------
        path : Path
            The file. Its key is made of its content and its name.
        classifier : str or None
            None for the default one.
        resume : bool
            Whether a file that was uploaded before is the same image: it then keeps its decision and is not dispatched
            again. Otherwise every upload is a new version of the object, which is decided and dispatched again.

        Returns
        -------
        Decision

        Raises
        ------
        RoutingFault
            If the execution failed.
        OSError
            If the file can't be read.
        """
        data = path.read_bytes()
        # Bytes of a name that are no UTF-8 can't be in a key.
        name = path.name.encode(errors="backslashreplace").decode()
        bucket, key = self._deployment["IncomingBucket"], f"{UPLOADS}{hashlib.sha256(data).hexdigest()[:16]}/{name}"
        stored = (resume and self._stored(bucket, key)) or self._s3.put_object(Bucket=bucket, Key=key, Body=data)
        event = {"s3_bucket": bucket, "s3_key": key, "version_id": stored.get("VersionId")}
        return self.route_event(event | ({"classifier": classifier} if classifier else {}))

    def _stored(self, bucket: str, key: str) -> dict[str, Any] | None:
        try:
            return self._s3.head_object(Bucket=bucket, Key=key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                return None
            raise

    def route_event(self, event: dict[str, Any]) -> Decision:
        """Run the routing machine on any event that it takes.

        Raises
        ------
        RoutingFault
            If the execution failed.
        PictureError
            If the event names a folder, so that there is no decision.
        """
        machine = self._deployment["RoutingMachine"]
        ended = self._sfn.start_sync_execution(stateMachineArn=machine, input=json.dumps(event))
        if ended["status"] != "SUCCEEDED":
            said = f"{ended.get('error', ended['status'])}: {ended.get('cause', 'no cause given')}"
            parked = ended["status"] == "FAILED" and ended.get("error") not in NOT_PARKED
            raise RoutingFault(said, parked=parked, waits=ended.get("error") == ASLEEP)
        output = json.loads(ended["output"])
        if output["outcome"] == IGNORED:
            raise PictureError(**output["reason"])
        return Decision.model_validate(output)

    def redrive(self) -> Iterator[tuple[Parked, Decision | SignpostError]]:
        """Route every picture of the fault queue again.

        Yields
        ------
        tuple of Parked and (Decision or SignpostError)
            Each message with how it went this time. What failed again is in the queue again.
        """
        queue, kept, started = self._deployment["QueueFaults"], list[str](), 1000 * time.time()
        while messages := self._receive(queue):
            for message in messages:
                if float(message["Attributes"]["SentTimestamp"]) >= started:  # parked by this very redrive
                    kept.append(message["ReceiptHandle"])
                    continue
                parked, result = self._again(message)
                done = isinstance(result, Decision | PictureError)
                if done or (isinstance(result, RoutingFault) and result.parked):
                    self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                else:
                    kept.append(message["ReceiptHandle"])
                yield parked, result
        for handle in kept:
            self._sqs.change_message_visibility(QueueUrl=queue, ReceiptHandle=handle, VisibilityTimeout=0)

    def _receive(self, queue: str) -> list[dict[str, Any]]:
        """Take up to ten messages. Waiting asks all of SQS's servers; not waiting may miss messages that are there."""
        answer = self._sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageSystemAttributeNames=["SentTimestamp"]
        )
        return answer.get("Messages", [])

    def _again(self, message: dict[str, Any]) -> tuple[Parked, Decision | SignpostError]:
        try:
            body = json.loads(message["Body"])
            # Parked by the machine, or an event that EventBridge could not deliver.
            event = body.get("input", body)
            # Else the picture would not be waited for: nobody does so for a redrive.
            if isinstance(event, dict):
                event = {name: value for name, value in event.items() if name != WAITED}
            parked = Parked(event, body.get("error", "NotDelivered"))
        except (ValueError, AttributeError):
            unread = DeploymentError(f"a message of the fault queue is no record of a fault: {message['Body'][:80]}")
            return Parked({}, "NoRecord"), unread
        try:
            return parked, self.route_event(parked.event)
        except (RoutingFault, PictureError) as fault:
            return parked, fault
