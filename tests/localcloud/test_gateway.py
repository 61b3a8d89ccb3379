"""What the extension changes in MiniStack itself."""

import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from localcloud.credentials import endpoint_url
from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import policy


def test_an_uploads_event_names_the_version(cloud: Cloud) -> None:
    # GIVEN a versioned bucket whose events go to a queue
    name = f"events-{uuid.uuid4().hex[:8]}"
    s3, sqs, events = (cloud.client(service) for service in ("s3", "sqs", "events"))
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={"EventBridgeConfiguration": {}})
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": {"bucket": {"name": [name]}}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    # WHEN a picture lands
    version = s3.put_object(Bucket=name, Key="incoming/vehicle/ä b.png", Body=b"0")["VersionId"]

    # THEN the event says which version
    def received() -> list[dict[str, Any]]:
        return sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1).get("Messages", [])

    (message,) = wait_for(received)
    found = json.loads(message["Body"])["detail"]["object"]
    assert (found["key"], found["version-id"]) == ("incoming/vehicle/ä b.png", version)


@pytest.mark.parametrize("path", ["reset", "config", "sqs/messages"])
def test_nobody_administers_it_unsigned(cloud: Cloud, path: str) -> None:
    bucket = f"kept-{uuid.uuid4().hex[:8]}"
    cloud.client("s3").create_bucket(Bucket=bucket)
    request = urllib.request.Request(f"{endpoint_url(cloud.port)}/_ministack/{path}", data=b"{}", method="POST")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request)
    caught.value.close()
    assert caught.value.code == 403
    cloud.client("s3").head_bucket(Bucket=bucket)


def test_services_of_ministack_keep_their_own_permissions(cloud: Cloud) -> None:
    # GIVEN a user who may do one thing in one service
    user = f"u-{uuid.uuid4().hex[:8]}"
    iam = cloud.client("iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="it", PolicyDocument=policy(("sqs:ListQueues", "*")))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    # THEN that works and the rest does not
    cloud.client("sqs", key).list_queues()
    s3 = cloud.client("s3", key)
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.list_buckets()
