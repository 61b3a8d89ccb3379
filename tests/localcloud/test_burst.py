"""Very many uploads at once, in an account with as many concurrent functions as a new one has."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from localcloud import deploy, process
from signpost.settings.file import load_settings
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.running_cloud import Cloud, wait_for

ROOT = Path(__file__).parents[2]
UPLOADS = 500
FUNCTIONS = """
[functions]
uploads_at_once = 5
"""

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture
def bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[App]:
    """The repository's app with bounded uploads, on a cloud that runs ten functions at a time."""
    settings = tmp_path / "signpost.toml"
    text = (ROOT / "signpost.toml").read_text().replace('"models/', f'"{ROOT}/models/')
    settings.write_text(text + FUNCTIONS)
    monkeypatch.setenv("SIGNPOST_LOCAL_LAMBDA_CONCURRENCY", "10")
    state, log = tmp_path / "state", tmp_path / "deploy.log"
    running = process.start(state, port=None)
    try:
        deploy.install_cdk(lambda _: None, log)
        deploy.bootstrap(running.port, state, lambda _: None, log)
        deploy.deploy(running.port, state, lambda _: None, log, settings)
        yield App(Cloud(running.port, state, running.pid), load_settings(settings))
    finally:
        process.stop(state)


def test_every_upload_of_a_burst_ends_as_a_decision(bounded: App, examples: Examples) -> None:
    # GIVEN an account that refuses the eleventh execution of a function
    account = bounded.cloud.client("lambda").get_account_settings()["AccountLimit"]
    assert account["ConcurrentExecutions"] == 10
    # WHEN
    prefix = f"incoming/vehicle/{uuid.uuid4()}/"
    s3, bucket = bounded.cloud.client("s3", max_pool_connections=32), bounded.where["IncomingBucket"]
    images = examples.many(UPLOADS)
    keys = [f"{prefix}{index:03}" for index in range(UPLOADS)]
    with ThreadPoolExecutor(32) as pool:
        list(pool.map(lambda key, data: s3.put_object(Bucket=bucket, Key=key, Body=data), keys, images))
    # THEN
    table, name = bounded.cloud.client("dynamodb"), bounded.where["DecisionsTable"]

    def decided() -> bool:
        pages = table.get_paginator("scan").paginate(
            TableName=name, ProjectionExpression="#s", ExpressionAttributeNames={"#s": "status"}
        )
        items = [item for page in pages for item in page["Items"]]
        return sum(item.get("status", {}).get("S") == "dispatched" for item in items) >= UPLOADS

    wait_for(decided, seconds=1500)
    assert bounded.decided_keys(prefix) == keys
    assert bounded.faults() == []
