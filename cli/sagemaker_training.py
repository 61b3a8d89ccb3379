"""Trains on SageMaker: starts the training machine, follows its steps and the job's log, and says how it ended."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from cli.connection import find_deployment, settings
from cli.output import console, step
from signpost.aws import clients
from signpost.errors import ExecutionFailed, SettingsError
from signpost.routing.prefixes import DATA
from signpost.settings.file import JOB_DIGITS
from signpost.terminal.console import plain
from signpost.terminal.printable import printable
from training.data.catalogue import CATALOGUE, cached

LOG_GROUP = "/aws/sagemaker/TrainingJobs"
_POLL_SECONDS = 2
_WAITS = "Wait for a person"
_SHOWN = ("TaskStateEntered", "PassStateEntered", "WaitStateEntered")
# What comes again and again, or means nothing to who waits.
_UNSAID = {
    "Name the job",
    "Ask the registry",
    "Wait for it",
    "Look at it",
    "Announce",
    "Shipped",
    "Registered",
    "Say why",
}
_UNSAID |= {"Wait for the former model", "Look for the former model", "Announce the failure"}


def train_on_sagemaker(classifier: str, on_aws: bool = False) -> None:
    """Train a classifier by its training machine and follow it to the end.

    Archives that are missing in the models bucket but lie in the download cache are uploaded first.

    Parameters
    ----------
    classifier : str
        With a ``training`` table in the settings.
    on_aws : bool
        Whether to talk to the user's account instead of the local cloud.

    Raises
    ------
    SettingsError
        If the classifier has no such table.
    ExecutionFailed
        If no model was shipped or registered; the message says why.
    """
    known = settings().trained
    if classifier not in known:
        raise SettingsError(
            f"{classifier} can't be trained on SageMaker: signpost.toml has no [classifiers.{classifier}.training]; "
            f"those that have one: {', '.join(known) or 'none'}"
        )
    deployment = find_deployment(on_aws)
    _upload(deployment["ModelsBucket"], classifier, known[classifier].archives)
    machine = deployment[f"{classifier.title().replace('-', '')}TrainingMachine"]
    states = clients.client("stepfunctions")
    execution = states.start_execution(stateMachineArn=machine)["executionArn"]
    digits = hashlib.sha256(execution.encode()).hexdigest()[:JOB_DIGITS]
    job = f"{settings().app.name}-{classifier}-{digits}"
    console.print(f"Training job {job}, execution {execution}", markup=False)
    try:
        _verdict(_follow(states, execution, _Log(clients.client("logs"), job), classifier))
    except KeyboardInterrupt:
        stop = f"aws stepfunctions stop-execution --execution-arn {execution}"
        console.print(f"Not followed any more; it goes on. To stop it: {stop}", markup=False)
        raise


def _upload(bucket: str, classifier: str, archives: list[str]) -> None:
    s3 = clients.file_client(read_timeout=120)
    here = {known.file: archive for known in CATALOGUE if (archive := cached(known))}
    for name in archives:
        key = f"{DATA}{classifier}/{name}"
        if name in here and not _exists(s3, bucket, key):
            with step(f"Uploading {name} to s3://{bucket}/{key}"):
                s3.upload_file(str(here[name]), bucket, key)


def _exists(s3: Any, bucket: str, key: str) -> bool:
    return s3.list_objects_v2(Bucket=bucket, Prefix=key, MaxKeys=1).get("KeyCount", 0) > 0


@dataclass
class _Log:
    """The log of a training job, each line once."""

    logs: Any
    job: str
    _next: dict[str, str] = field(default_factory=dict)  # where to read on, by stream

    def lines(self) -> Iterator[str]:
        """Yield what is new."""
        try:
            streams = self.logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{self.job}/")
        except ClientError as error:
            if error.response["Error"]["Code"] == "ResourceNotFoundException":  # before the first job ever
                return
            raise
        for name in (stream["logStreamName"] for stream in streams["logStreams"]):
            host = name.split("/")[1].rpartition("-")[0]
            for message in self._read(name):
                yield f"{host} {message.rstrip()}"

    def _read(self, stream: str) -> Iterator[str]:
        while True:
            token = self._next.get(stream)
            given = {"nextToken": token} if token else {}
            page = self.logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=stream, startFromHead=True, **given)
            self._next[stream] = page["nextForwardToken"]
            yield from (event["message"] for event in page["events"])
            if page["nextForwardToken"] == token or not page["events"]:
                return


def _follow(states: Any, execution: str, log: _Log, classifier: str) -> dict[str, Any]:
    last, asked = 0, False
    while True:
        now = states.describe_execution(executionArn=execution)
        for number, state in _entered(states, execution, last):
            last = number
            if state == _WAITS and not asked:
                asked = True
                console.print(f"Waiting for a person: [bold]signpost model approve {plain(classifier)}[/], or reject")
            elif state not in _UNSAID and state != _WAITS:
                console.print(f"▸ {state}", markup=False)
        for line in log.lines():
            console.print(f"  {printable(line)}", markup=False, style="dim")
        if now["status"] != "RUNNING":
            return now
        time.sleep(_POLL_SECONDS)


def _entered(states: Any, execution: str, last: int) -> Iterator[tuple[int, str]]:
    """Yield the states that were entered since an event, with their own event's number."""
    # The history of a long wait has thousands of events: only its end is read.
    events = states.get_execution_history(executionArn=execution, reverseOrder=True, maxResults=100)["events"]
    for event in reversed(events):
        name = event.get("stateEnteredEventDetails", {}).get("name", "")
        if event["id"] > last and event["type"] in _SHOWN:
            yield event["id"], name


def _verdict(ended: dict[str, Any]) -> None:
    if ended["status"] != "SUCCEEDED":
        raise ExecutionFailed(f"{ended.get('error', ended['status'])}: {ended.get('cause', 'no cause given')}")
    summary = json.loads(ended["output"])
    console.print(f"[green]✓[/] {plain(summary['said'])}")
