"""Clients of AWS: the host that presigned forms and URLs name."""

import pytest
from botocore.session import get_session

from signpost.aws import clients

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def in_region(monkeypatch: pytest.MonkeyPatch):
    """Make S3's client as a function in a region has it."""

    def make(region: str, endpoint: str | None = None):
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_REGION", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        environment = KEYS | {"AWS_DEFAULT_REGION": region} | ({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(clients, "_session", get_session)
        return clients.client("s3", signature="s3v4")

    return make


@pytest.mark.parametrize("region", ["us-east-1", "eu-central-1", "ap-south-2"])
def test_presigned_forms_and_urls_name_the_regional_host(in_region, region: str) -> None:
    s3 = in_region(region)
    expected = f"https://pictures.s3.{region}.amazonaws.com/"
    assert s3.generate_presigned_post("pictures", "key")["url"] == expected
    url = s3.generate_presigned_url("get_object", Params={"Bucket": "pictures", "Key": "key"})
    assert url.startswith(f"{expected}key?")


def test_a_bucket_whose_name_has_dots_keeps_a_host_that_the_certificate_covers(in_region) -> None:
    form = in_region("eu-central-1").generate_presigned_post("my.pictures", "key")
    assert form["url"] == "https://s3.eu-central-1.amazonaws.com/my.pictures"


def test_the_local_cloud_takes_forms_at_its_own_address(in_region) -> None:
    form = in_region("us-east-1", "http://127.0.0.1:4566").generate_presigned_post("pictures", "key")
    assert form["url"] == "http://127.0.0.1:4566/pictures"
