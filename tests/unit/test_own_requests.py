"""Requests of the local cloud to itself reach its application as they would over a connection."""

import asyncio
import contextvars
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectionClosedError

from localcloud import own_requests

CALLER: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="nobody")


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def s3() -> Any:
    client = boto3.client(
        "s3",
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:1",  # where nothing listens
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    own_requests.stay_inside(client)
    return client


def test_a_request_arrives_whole_and_in_a_context_of_its_own(loop: asyncio.AbstractEventLoop, s3: Any):
    seen: dict[str, Any] = {}

    async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
        body = (await receive())["body"]
        seen.update(scope | {"body": body, "caller": CALLER.get(), "headers": dict(scope["headers"])})
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-amz-version-id", b"v1")]})
        for part in (b"con", b"tent") if scope["method"] == "GET" else ():
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    own_requests.serve(application, loop)
    CALLER.set("another request")

    stored = s3.put_object(Bucket="bucket", Key="a key/é+%", Body=b"image")
    assert stored["VersionId"] == "v1"
    assert (seen["method"], seen["path"], seen["caller"]) == ("PUT", "/bucket/a key/é+%", "nobody")
    assert seen["raw_path"] == b"/bucket/a%20key/%C3%A9%2B%25"
    assert b"image" in seen["body"]
    assert seen["headers"][b"host"] == b"127.0.0.1:1"
    assert seen["headers"][b"authorization"].startswith(b"AWS4-HMAC-SHA256 ")
    assert s3.get_object(Bucket="bucket", Key="a", VersionId="v1")["Body"].read() == b"content"
    assert seen["query_string"] == b"versionId=v1"


def test_an_error_of_the_application_is_a_closed_connection(loop: asyncio.AbstractEventLoop, s3: Any):
    async def application(*_: Any) -> None:
        raise OSError("the disk is full")

    own_requests.serve(application, loop)

    with pytest.raises(ConnectionClosedError):
        s3.get_object(Bucket="bucket", Key="a")
