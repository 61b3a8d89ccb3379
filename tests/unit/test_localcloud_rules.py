"""Small rules of the local cloud that need no server."""

import io
import os
import shutil
import stat
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from localcloud import credentials, machine, root_user
from localcloud.answers import ServiceError
from localcloud.api_input import check_input
from localcloud.guard import is_welcome
from localcloud.property_types import with_api_types
from localcloud.sagemaker import model_package
from localcloud.sagemaker.variants import choose, with_known_capacity
from localcloud.state_retries import pause
from signpost.model.archives import TarBounds
from tests.unit.stored_objects import StoredObjects


def test_commands_get_the_local_cloud_and_nothing_of_the_users_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a user with an account
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "real")
    monkeypatch.setenv("SOMETHING", "else")
    # WHEN a command is to talk to the local cloud
    root_user.make_secret(tmp_path)
    environment = credentials.command_environment(1234, tmp_path)
    # THEN it cannot reach that account
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1234"
    assert "real" not in environment.values()
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert environment["SOMETHING"] == "else"
    assert len(environment["CDK_DEFAULT_ACCOUNT"]) == 12


def test_the_root_users_secret_is_random_kept_and_private(tmp_path: Path) -> None:
    folders = [tmp_path / name for name in "ab"]
    for folder in folders:
        folder.mkdir()
        root_user.make_secret(folder)
    first, second = (root_user.read_secret(folder) for folder in folders)
    assert first != second
    assert len(first) >= 40
    root_user.make_secret(folders[0])
    assert root_user.read_secret(folders[0]) == first
    assert [stat.S_IMODE(file.stat().st_mode) for file in folders[0].iterdir()] == [0o600]


@pytest.mark.parametrize(("rules", "longest"), [({}, [1, 2, 4, 8]), ({"MaxDelaySeconds": 3}, [1, 2, 3, 3])])
def test_pauses_between_retries_grow_up_to_the_longest_allowed(rules: dict[str, int], longest: list[int]) -> None:
    steady = {"IntervalSeconds": 1, "BackoffRate": 2, **rules}
    assert [pause(steady, retries) for retries in range(4)] == longest
    drawn = [pause({**steady, "JitterStrategy": "FULL"}, 3) for _ in range(50)]
    assert 0 <= min(drawn) < max(drawn) <= longest[3]


GUEST = {"host": "127.0.0.1:4566"}


@pytest.mark.parametrize(
    "headers",
    [
        GUEST,
        {"host": "localhost"},
        {"host": "bucket.s3.us-east-1.localhost:4566"},
        GUEST | {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request"},
        GUEST | {"sec-fetch-site": "none"},
    ],
)
def test_clients_of_this_machine_are_welcome(headers: dict[str, str]) -> None:
    assert is_welcome("/bucket", raw(headers))


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", GUEST | {"origin": "https://example.com"}),
        ("/", GUEST | {"origin": "null"}),
        ("/", GUEST | {"sec-fetch-site": "cross-site"}),
        ("/", {"host": "example.com"}),
        ("/", {"host": "127.0.0.1.example.com:4566"}),
        ("/", {"host": "example.com:4566#.localhost"}),
        ("/", {}),
        ("/", GUEST | {"authorization": "Bearer anything"}),
        ("/", GUEST | {"authorization": "AWS test:anything"}),
        ("/_ministack/reset", GUEST),
        ("/login", GUEST | {"origin": "https://example.com"}),
        ("/login", GUEST | {"origin": "null"}),
        ("/login/", GUEST | {"origin": f"http://{GUEST['host']}"}),
    ],
)
def test_web_pages_foreign_names_and_unchecked_credentials_are_refused(path: str, headers: dict[str, str]) -> None:
    assert not is_welcome(path, raw(headers))


def test_the_sign_in_page_may_send_its_form() -> None:
    assert is_welcome("/login", raw(GUEST | {"origin": f"http://{GUEST['host']}", "sec-fetch-site": "same-origin"}))


def test_of_two_credentials_none_counts() -> None:
    signed = GUEST | {"authorization": "AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/s3/aws4_request"}
    assert not is_welcome("/", [*raw({"authorization": "anything"}), *raw(signed)])
    assert not is_welcome("/", [*raw(signed), *raw(GUEST)])


def raw(headers: dict[str, str]) -> list[tuple[bytes, bytes]]:
    return [(name.title().encode(), value.encode()) for name, value in headers.items()]


def test_a_taken_port_cannot_be_taken_again() -> None:
    with machine.take_port(0) as taken, pytest.raises(OSError, match="in use"):
        machine.take_port(taken.getsockname()[1])


@pytest.mark.parametrize("listing", [lambda: machine.from_proc(Path("/proc")), machine.from_ps], ids=["proc", "ps"])
def test_a_process_is_listed_until_it_ends(listing: Callable[[], list[machine.Process]]) -> None:
    if listing is machine.from_ps and not shutil.which("ps"):
        pytest.skip("this machine has no ps")
    if listing is not machine.from_ps and not Path("/proc/self/stat").exists():
        pytest.skip("this machine has no /proc")
    command = ["sh", "-c", "echo begun; read end"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, start_new_session=True) as child:
        assert child.stdout
        child.stdout.readline()  # before that, the system may not list its command yet
        found = {process.pid: process for process in listing()}[child.pid]
        assert (found.group, found.command) == (child.pid, " ".join(command))
        child.kill()
        # Ended, but not collected: a zombie.
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert child.pid not in {process.pid for process in listing()}


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        ("CreateEndpoint", {"EndpointName": "../../outside", "EndpointConfigName": "c"}),
        ("CreateEndpoint", {"EndpointName": "e", "EndpointConfigName": "-c"}),
        ("CreateEndpoint", {"EndpointName": "e" * 64, "EndpointConfigName": "c"}),
        ("CreateEndpoint", {"EndpointName": "e"}),
        ("CreateEndpoint", ["e"]),
        ("CreateModel", {"ModelName": "a/b"}),
        ("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": [{"VariantName": "../v"}]}),
        ("CreateEndpointConfig", {"EndpointConfigName": "c", "ProductionVariants": "v"}),
    ],
)
def test_what_the_api_does_not_take_is_refused(operation: str, request_: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        check_input("sagemaker", operation, request_)
    assert caught.value.code == "ValidationException"


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
        archive("n" * 5_000_000),
    ],
    ids=["leads outside", "link to a file outside", "too large", "truncated", "no archive", "long name"],
)
def test_a_hostile_package_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, s3_client: Any, hostile: bytes
) -> None:
    StoredObjects(s3_client, "models")["package"] = hostile
    monkeypatch.setattr(model_package, "client_of_role", lambda *_: s3_client)
    monkeypatch.setattr(model_package, "BOUNDS", TarBounds(total_bytes=4096, member_bytes=4096, members=10))
    with pytest.raises(model_package.FetchError):
        model_package.fetch("s3://models/package", "role", tmp_path / "package", 1)
    assert not (tmp_path / "outside").exists()
