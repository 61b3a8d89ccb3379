"""Small rules of the local cloud that need no server."""

import io
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from localcloud import credentials
from localcloud.answers import ServiceError
from localcloud.machine import any_free_port, is_free
from localcloud.property_types import with_api_types
from localcloud.sagemaker import model_package
from localcloud.sagemaker.variants import choose, with_known_capacity


def test_commands_get_the_local_cloud_and_nothing_of_the_users_account(monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a user with an account
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("SOMETHING", "else")
    # WHEN a command is to talk to the local cloud
    environment = credentials.command_environment(1234)
    # THEN it cannot reach that account
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1234"
    assert "real" not in environment.values()
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["SOMETHING"] == "else"
    assert len(environment["CDK_DEFAULT_ACCOUNT"]) == 12


def test_a_free_port_is_free() -> None:
    assert is_free(any_free_port())


def test_properties_become_what_the_api_takes() -> None:
    made = with_api_types(
        "sagemaker",
        "CreateEndpointConfig",
        {
            "ProductionVariants": [{"InitialInstanceCount": "2", "InitialVariantWeight": "0.5", "VariantName": "a"}],
            "DataCaptureConfig": {"EnableCapture": "true", "InitialSamplingPercentage": "50"},
            "NoSuchMember": 1,
        },
    )
    assert made == {
        "ProductionVariants": [{"InitialInstanceCount": 2, "InitialVariantWeight": 0.5, "VariantName": "a"}],
        "DataCaptureConfig": {"EnableCapture": True, "InitialSamplingPercentage": 50},
    }


def test_a_change_of_weight_keeps_the_count() -> None:
    variants = [{"VariantName": "a", "DesiredWeight": 1.0, "DesiredInstanceCount": 3}]
    change = {"DesiredWeightsAndCapacities": [{"VariantName": "a", "DesiredWeight": 0.2}]}
    assert with_known_capacity(change, variants)["DesiredWeightsAndCapacities"] == [
        {"VariantName": "a", "DesiredWeight": 0.2, "DesiredInstanceCount": 3}
    ]


def test_a_variant_without_weight_is_never_chosen() -> None:
    variants = [{"VariantName": "a", "CurrentWeight": 0.0}, {"VariantName": "b", "CurrentWeight": 0.1}]
    assert {choose(variants) for _ in range(200)} == {"b"}


@pytest.mark.parametrize("uri", ["https://bucket/key", "bucket/key", "s3:///key"])
def test_what_is_no_s3_uri_is_refused(uri: str) -> None:
    with pytest.raises(ServiceError):
        model_package.split_s3_uri(uri)


class Bucket:
    """S3 with one object."""

    def __init__(self, content: bytes) -> None:
        self.content = content

    def get_object(self, **_: str) -> dict[str, Any]:
        return {"Body": self, "ContentLength": len(self.content)}

    def iter_chunks(self, _: int) -> list[bytes]:
        return [self.content]


def archive(name: str, size: int = 4, kind: bytes = tarfile.REGTYPE) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as package:
        member = tarfile.TarInfo(name)
        member.type, member.linkname, member.size = kind, "/etc/passwd", size if kind == tarfile.REGTYPE else 0
        package.addfile(member, io.BytesIO(b"x" * size))
    return content.getvalue()


@pytest.mark.parametrize(
    "hostile",
    [
        archive("../outside"),
        archive("link", kind=tarfile.SYMTYPE),
        archive("large", 5000),
        archive("model")[:40],
        b"text",
    ],
    ids=["leads outside", "link to a file outside", "too large", "truncated", "no archive"],
)
def test_a_hostile_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hostile: bytes) -> None:
    monkeypatch.setattr(model_package, "client_of_role", lambda *_: Bucket(hostile))
    monkeypatch.setattr(model_package, "MAX_UNPACKED_BYTES", 4096)
    with pytest.raises(model_package.PackageError):
        model_package.fetch("s3://models/package", "role", tmp_path / "package", 1)
    assert not (tmp_path / "outside").exists()
