"""What CloudFormation refuses: to delete or change an export in use, and to delete a bucket with objects."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.localcloud.running_cloud import Cloud, wait_for


class Stacks:
    """Stacks of a test, each settled before the next step."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloudformation, self.prefix = cloud.client("cloudformation"), f"rules-{uuid.uuid4().hex[:6]}"

    def put(self, name: str, resources: dict[str, Any], export: str | None = None) -> dict[str, Any]:
        outputs = {"Out": {"Value": export, "Export": {"Name": f"{self.prefix}-export"}}} if export else {}
        body = {"Resources": resources, **({"Outputs": outputs} if outputs else {})}
        arguments = {"StackName": f"{self.prefix}-{name}", "TemplateBody": json.dumps(body)}
        try:
            self.cloudformation.create_stack(**arguments)
        except self.cloudformation.exceptions.AlreadyExistsException:
            self.cloudformation.update_stack(**arguments)
        return self.settled(name)

    def settled(self, name: str) -> dict[str, Any]:
        def stack() -> dict[str, Any] | None:
            (found,) = self.cloudformation.describe_stacks(StackName=f"{self.prefix}-{name}")["Stacks"]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found

        return wait_for(stack)

    def delete(self, name: str) -> str:
        (stack,) = self.cloudformation.describe_stacks(StackName=f"{self.prefix}-{name}")["Stacks"]
        self.cloudformation.delete_stack(StackName=stack["StackId"])

        def status() -> str | None:
            (found,) = self.cloudformation.describe_stacks(StackName=stack["StackId"])["Stacks"]
            return None if found["StackStatus"].endswith("IN_PROGRESS") else found["StackStatus"]

        return wait_for(status)


@pytest.fixture
def stacks(cloud: Cloud) -> Iterator[Stacks]:
    yield Stacks(cloud)


QUEUE = {"Queue": {"Type": "AWS::SQS::Queue"}}


def test_an_export_in_use_is_neither_deleted_nor_changed(stacks: Stacks) -> None:
    imported = {"Fn::ImportValue": f"{stacks.prefix}-export"}
    assert stacks.put("producer", QUEUE, export="first")["StackStatus"] == "CREATE_COMPLETE"
    parameter = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": imported}}
    assert stacks.put("user", {"Parameter": parameter})["StackStatus"] == "CREATE_COMPLETE"
    for export in ("second", None):
        assert stacks.put("producer", QUEUE, export=export)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert stacks.delete("user") == "DELETE_COMPLETE"
    assert stacks.put("producer", QUEUE)["StackStatus"] == "UPDATE_COMPLETE"
    stacks.delete("producer")


def test_a_bucket_with_objects_stops_the_deletion_of_its_stack(stacks: Stacks, cloud: Cloud) -> None:
    s3, bucket = cloud.client("s3"), f"{stacks.prefix}-bucket"
    stacks.put("storage", {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": bucket}}})
    s3.put_object(Bucket=bucket, Key="object", Body=b"data")
    assert stacks.delete("storage") == "DELETE_FAILED"
    s3.delete_object(Bucket=bucket, Key="object")
    assert stacks.delete("storage") == "DELETE_COMPLETE"
