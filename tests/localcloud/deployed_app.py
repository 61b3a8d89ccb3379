"""The whole app on the session's local cloud, as tests reach it."""

import io
import json
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from PIL import Image

from signpost.aws import deployment
from signpost.aws.routing_client import Router
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Decision, ImageRef, Outcome
from signpost.routing.decision import decide
from signpost.settings.file import Settings
from tests.localcloud.running_cloud import Cloud, wait_for
from training.data.drawn import LABELS, draw_file

VEHICLE_ENDPOINT = "signpost-vehicle-realtime-m5-large"


@dataclass(frozen=True)
class App:
    """The deployed app."""

    cloud: Cloud
    settings: Settings

    @cached_property
    def where(self) -> deployment.Deployment:
        return deployment.find(self.settings.app.name, self.cloud.client)

    @cached_property
    def router(self) -> Router:
        return Router(self.where, self.cloud.client)

    def put(self, data: bytes, key: str | None = None) -> dict[str, str]:
        """Upload a file where no upload routes it, and return the event that asks for it."""
        key = key or f"tests/{uuid.uuid4()}"
        stored = self.cloud.client("s3").put_object(Bucket=self.where["IncomingBucket"], Key=key, Body=data)
        return {"s3_bucket": self.where["IncomingBucket"], "s3_key": key, "version_id": stored["VersionId"]}

    def messages(self, queue: str, decision_id: str) -> list[Decision]:
        """The decisions with an id that now lie in a queue."""
        return [decision for decision in self.all_messages(queue) if decision.decision_id == decision_id]

    def all_messages(self, queue: str) -> list[Decision]:
        """Every decision that now lies in a queue; it stays there."""
        sqs, url = self.cloud.client("sqs"), self.where[queue]
        seen: dict[str, Decision] = {}
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=30).get("Messages"):
            seen |= {message["ReceiptHandle"]: Decision.model_validate_json(message["Body"]) for message in found}
        for handle in seen:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
        return list(seen.values())

    def decided_keys(self, prefix: str) -> list[str]:
        """Key of every decision in any queue that belongs to a prefix, as often as it lies there."""
        queues = ["QueueVehicleNearbyOrders", "QueueVehicleDistantOrders", "QueueReview", "QueueRejected"]
        keys = [decision.image.key for queue in queues for decision in self.all_messages(queue)]
        return sorted(key for key in keys if key and key.startswith(prefix))

    def start_batch(self, event: dict[str, Any]) -> str:
        """Start the batch machine and return the execution's ARN."""
        sfn, machine = self.cloud.client("stepfunctions"), self.where["BatchMachine"]
        return sfn.start_execution(stateMachineArn=machine, input=json.dumps(event))["executionArn"]

    def end_of_batch(self, arn: str) -> dict[str, Any]:
        """Wait for the end of an execution of the batch machine."""
        sfn = self.cloud.client("stepfunctions")

        def ended() -> dict[str, Any] | None:
            execution = sfn.describe_execution(executionArn=arn)
            return execution if execution["status"] != "RUNNING" else None

        return wait_for(ended, seconds=240)

    def status_of(self, decision_id: str) -> str | None:
        """How far the dispatch of a decision has come, by the idempotency table."""
        key = {"decision_id": {"S": decision_id}}
        table = self.where["DecisionsTable"]
        item = self.cloud.client("dynamodb").get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
        return item["status"]["S"] if item else None

    def faults(self) -> list[dict[str, Any]]:
        """Take every record from the fault queue."""
        sqs, url = self.cloud.client("sqs"), self.where["QueueFaults"]
        records = []
        while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
            for message in found:
                records.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return records

    def wait_for_endpoint(self) -> None:
        """Wait until the vehicle endpoint answers again."""
        runtime, png = self.cloud.client("sagemaker-runtime"), solid_png(32, 32)

        def answers() -> bool:
            try:
                runtime.invoke_endpoint(EndpointName=VEHICLE_ENDPOINT, Body=png, ContentType="image/png")
            except runtime.exceptions.ClientError:
                return False
            return True

        wait_for(answers)


@dataclass(frozen=True)
class Examples:
    """Drawn pictures by what becomes of them, found with the model package itself."""

    settings: Settings

    @cached_property
    def by_ending(self) -> dict[str, list[bytes]]:
        """Pictures for each route of the vehicle classifier, and for ``review``."""
        classifier = self.settings.classifiers["vehicle"]
        assert classifier.model
        predictor = Predictor(open_package(classifier.model))
        size, found = predictor.manifest.input, {"nearby-orders": [], "distant-orders": [], "review": []}
        for index in range(60):
            for label in LABELS:
                _, data = draw_file(label, 11, index)
                [prediction] = predictor.predict([prepare(data, size.width, size.height, Limits())])
                decision = decide(
                    decision_id="",
                    image=ImageRef(bucket=None, key=None),
                    classifier="vehicle",
                    prediction=prediction,
                    model=predictor.model,
                    routes=classifier.route_of,
                    thresholds=classifier.thresholds,
                    timings_ms={},
                )
                found[decision.route or decision.outcome].append(data)
        return found

    def one(self, ending: str) -> bytes:
        """A picture that ends on a route, or in review."""
        return self.by_ending[ending][0]

    def many(self, count: int) -> list[bytes]:
        """Different pictures of all endings."""
        pool = [data for pictures in self.by_ending.values() for data in pictures]
        return [pool[index % len(pool)] for index in range(count)]


def solid_png(width: int, height: int, colour: str = "grey") -> bytes:
    """A picture of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(buffer, "PNG")
    return buffer.getvalue()


__all__ = ["VEHICLE_ENDPOINT", "App", "Decision", "Examples", "Outcome", "solid_png"]
