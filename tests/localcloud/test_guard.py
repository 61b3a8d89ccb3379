"""Only who signs with the secret of this cloud gets in; web pages do not."""

import http.client
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from localcloud.credentials import endpoint_url
from tests.localcloud.running_cloud import Cloud


def status_of(cloud: Cloud, path: str, headers: dict[str, str], method: str = "POST") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", cloud.port, timeout=10)
    try:
        connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def with_key(cloud: Cloud, key: str, secret: str) -> Any:
    return boto3.client(
        "iam",
        endpoint_url=endpoint_url(cloud.port),
        region_name=cloud.region,
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.mark.parametrize("key", ["test", "000000000000"])
def test_the_root_user_needs_the_secret_of_this_cloud(cloud: Cloud, key: str) -> None:
    right = cloud.environment["AWS_SECRET_ACCESS_KEY"]
    with_key(cloud, cloud.environment["AWS_ACCESS_KEY_ID"], right).list_users()
    with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
        with_key(cloud, key, "test").list_users()


QUEUES = {"X-Amz-Target": "AmazonSQS.ListQueues", "Content-Type": "application/x-amz-json-1.0"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer anything"},
        {"Authorization": "AWS4-HMAC-SHA256 anything"},
        {"Authorization": "AWS test:anything"},
        {"Origin": "https://example.com"},
        {"Host": "example.com"},
    ],
)
def test_unsigned_requests_and_web_pages_are_refused(cloud: Cloud, headers: dict[str, str]) -> None:
    assert status_of(cloud, "/", QUEUES | headers) in (400, 403)


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("PUT", "/made-by-nobody"), ("GET", "/?X-Amz-Algorithm=x")])
def test_s3_lists_and_makes_no_buckets_for_nobody(cloud: Cloud, method: str, path: str) -> None:
    assert status_of(cloud, path, {}, method) in (400, 403)


def test_a_page_gets_no_leave_to_ask(cloud: Cloud) -> None:
    headers = {"Origin": "https://example.com", "Access-Control-Request-Method": "PUT"}
    assert status_of(cloud, "/bucket/key", headers, "OPTIONS") == 403


def test_a_presigned_address_works_until_it_is_changed(cloud: Cloud) -> None:
    s3 = cloud.client("s3", signature_version="s3v4")
    s3.create_bucket(Bucket="presigned")
    s3.put_object(Bucket="presigned", Key="picture", Body=b"0")
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "presigned", "Key": "picture"})
    path = url.removeprefix(endpoint_url(cloud.port))
    assert status_of(cloud, path, {}, "GET") == 200
    assert status_of(cloud, path[:-1] + ("0" if path[-1] != "0" else "1"), {}, "GET") == 403


@pytest.mark.parametrize("path", [f"/_aws/execute-api/{rest}" for rest in ("", "abc", "/v1", "../v1/x")])
@pytest.mark.parametrize("headers", [{"Authorization": "Bearer anything"}, {"Origin": "https://example.com"}])
def test_only_a_stage_of_an_api_hears_web_pages_and_other_credentials(
    cloud: Cloud, path: str, headers: dict[str, str]
) -> None:
    assert status_of(cloud, path, QUEUES | headers) == 403
    # There is no such API; what matters is that nothing else answers, whatever else the request says.
    assert status_of(cloud, "/_aws/execute-api/abc/v1/queues", QUEUES | headers) == 404
    assert status_of(cloud, "/_aws/execute-api/abc/v1", QUEUES | headers | {"Host": "x.cloudfront.localhost"}) == 403
