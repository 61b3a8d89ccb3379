"""An endpoint's processes and its saved state, when things go wrong; the model servers are fakes."""

import logging
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from localcloud.answers import ServiceError
from localcloud.cloudformation import _Endpoint
from localcloud.sagemaker import capture, deployment, service
from localcloud.sagemaker.capture import CaptureWriter, Payload
from localcloud.sagemaker.deployment import Deployment, StartError
from localcloud.sagemaker.endpoint import Endpoint
from tests.localcloud.running_cloud import wait_for
from tests.unit.stored_objects import StoredObjects

CONFIG: dict[str, Any] = {"ProductionVariants": [{"VariantName": v, "ModelName": "m"} for v in ("one", "two")]}
MODELS = {"m": {"PrimaryContainer": {"ModelDataUrl": "s3://b/k"}, "ExecutionRoleArn": "role"}}
CAPTURE = {
    "DestinationS3Uri": "s3://bucket/data",
    "InitialSamplingPercentage": 100,
    "CaptureOptions": [{"CaptureMode": "Output"}],
}
PAYLOAD = Payload("text/plain", b"0")


class Server:
    """A model server that is ready when told so."""

    made: list["Server"]
    ready = True

    def __init__(self, *_: Any) -> None:
        self.started, self.stopped, self._settled = threading.Event(), threading.Event(), threading.Event()
        Server.made.append(self)

    def start(self) -> None:
        self.started.set()
        if Server.ready:
            self._settled.set()

    def wait_until_ready(self, timeout: float) -> bool:
        return self._settled.wait(timeout) and not self.stopped.is_set()

    def stop(self) -> None:
        self.stopped.set()
        self._settled.set()

    def last_log_lines(self) -> str:
        return ""


@pytest.fixture(autouse=True)
def servers(monkeypatch: pytest.MonkeyPatch) -> list[Server]:
    monkeypatch.setattr(Server, "made", [], raising=False)
    monkeypatch.setattr(deployment, "ServerProcess", Server)
    monkeypatch.setattr(deployment, "fetch", lambda *_: None)
    return Server.made


@pytest.fixture
def made(tmp_path: Path) -> Deployment:
    return Deployment("e", CONFIG, MODELS, tmp_path, 1)


def endpoint() -> Endpoint:
    return Endpoint("e", SimpleNamespace(endpoint_config_name="c", endpoint_status="", failure_reason=None))


def test_whatever_goes_wrong_in_a_start_fails_the_endpoint_with_a_reason(
    made: Deployment, servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a second variant that cannot be started, for a reason that nobody foresaw
    def fetch(_url: str, _role: str, package: Path, _port: int) -> None:
        if package.name == "two":
            raise RuntimeError("disk on fire")

    monkeypatch.setattr(deployment, "fetch", fetch)
    broken = endpoint()
    # WHEN the endpoint is created
    broken.create(made)
    assert broken.wait_until_settled(10)
    # THEN it failed, says why, and the first variant runs no more
    assert (broken.status, broken.record.failure_reason) == ("Failed", "disk on fire")
    assert [server.stopped.is_set() for server in servers] == [True]


@pytest.mark.parametrize(
    ("status", "reason", "settled"),
    [
        ("InService", None, True),
        ("InService", "did not pass", False),
        ("Failed", "disk on fire", False),
        ("Creating", None, False),
    ],
)
def test_cloudformation_takes_nothing_but_a_service_for_success(
    status: str, reason: str | None, settled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = endpoint()
    found.record.endpoint_status, found.record.failure_reason = status, reason
    monkeypatch.setattr("localcloud.cloudformation.SETTLE_SECONDS", 0)
    sagemaker: Any = SimpleNamespace(control=SimpleNamespace(find=lambda _: found))
    handler = _Endpoint(sagemaker, "Endpoint")
    if settled:
        handler._settle("e")
    else:
        with pytest.raises(ServiceError, match="did not stabilize"):
            handler._settle("e")


def test_a_deletion_stops_a_creation_on_its_way(
    made: Deployment, servers: list[Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN servers that do not become ready
    monkeypatch.setattr(Server, "ready", False)
    waiting = threading.Event()
    wait_until_ready = Server.wait_until_ready

    def wait_until_ready_and_tell(server: Server, timeout: float) -> bool:
        waiting.set()
        return wait_until_ready(server, timeout)

    monkeypatch.setattr(Server, "wait_until_ready", wait_until_ready_and_tell)
    coming = endpoint()
    coming.create(made)
    assert waiting.wait(10)
    # WHEN the endpoint is deleted, THEN the creation ends at once and nothing runs
    coming.delete()
    assert coming.wait_until_settled(10)
    assert [server.stopped.is_set() for server in servers] == [True, True]


def test_nothing_is_started_after_the_deletion(made: Deployment, servers: list[Server]) -> None:
    made.stop()
    with pytest.raises(StartError):
        made.start()
    assert not any(server.started.is_set() for server in servers)


def test_a_stop_waits_for_the_records_of_calls_on_their_way(
    made: Deployment, servers: list[Server], s3_client: Any
) -> None:
    # GIVEN a call that is being answered when the deployment stops
    bucket = StoredObjects(s3_client, "bucket")
    made.start()
    made.capture = CaptureWriter("e", CAPTURE, {"one": s3_client})
    with made.answering():
        stopping = threading.Thread(target=made.stop)
        stopping.start()
        assert all(server.stopped.wait(10) for server in servers)
        stopping.join(0.2)
        assert made.capture
        # WHEN its answer comes after the servers have ended
        made.capture.add("one", PAYLOAD, PAYLOAD, None)
    stopping.join(10)
    # THEN it is captured
    assert len(bucket) == 1


def test_a_failed_write_is_logged_and_the_next_one_works(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, s3_client: Any
) -> None:
    monkeypatch.setattr(capture, "FLUSH_SECONDS", 0)
    writer = CaptureWriter("e", CAPTURE, {"one": s3_client})
    # WHEN there is no bucket for the first record
    writer.add("one", PAYLOAD, PAYLOAD, None)
    wait_for(lambda: "1 records of e were not captured" in caplog.text)
    assert "NoSuchBucket" in caplog.text
    # THEN the second one is written all the same
    bucket = StoredObjects(s3_client, "bucket")
    writer.add("one", PAYLOAD, PAYLOAD, None)
    writer.close()
    assert len(bucket) == 1


def test_a_write_that_hangs_does_not_hold_up_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(capture, "CLOSE_SECONDS", 0.05)
    answer = threading.Event()
    bucket: Any = SimpleNamespace(put_object=lambda **_: answer.wait(30))
    writer = CaptureWriter("e", CAPTURE, {"one": bucket})
    writer.add("one", PAYLOAD, PAYLOAD, None)
    writer.close()
    answer.set()
    assert "were not written" in caplog.text


STATE: dict[str, Any] = {
    "models": [{"ModelName": "m1"}, {"ModelName": "m2"}],
    "endpoint_configs": [{"EndpointConfigName": "c"}],
    "endpoints": [{"EndpointName": name, "EndpointConfigName": "c", "Variants": []} for name in ("e1", "e2")],
    "components": [{"InferenceComponentName": name, "EndpointName": "e2"} for name in ("i1", "i2")],
}


class Control:
    """A control plane in which what is named in `broken` cannot be made."""

    def __init__(self, *_: Any) -> None:
        self.broken: set[str] = set()
        self.made: list[str] = []
        self.endpoints: dict[str, Any] = {}
        self.components = Components(self)

    def create_model(self, parameters: dict[str, Any], **_: Any) -> None:
        self._make(parameters["ModelName"])

    def create_endpoint_config(self, parameters: dict[str, Any]) -> None:
        self._make(parameters["EndpointConfigName"])

    def create_endpoint(self, parameters: dict[str, Any], status: str) -> None:
        name = parameters["EndpointName"]
        self._make(name)
        record = SimpleNamespace(endpoint_config_name="c", production_variants=[])
        self.endpoints[name] = SimpleNamespace(name=name, record=record, status=status)

    def stop(self) -> None:
        self.endpoints = {}

    def _make(self, name: str) -> None:
        if name in self.broken:
            raise ServiceError("ValidationException", "broken")
        self.made.append(name)


class Components:
    """The inference components of such a control plane."""

    def __init__(self, control: Control) -> None:
        self.control, self.saved = control, list[dict[str, Any]]()

    def create(self, parameters: dict[str, Any], *, restored: bool) -> None:
        assert restored
        self.control._make(parameters["InferenceComponentName"])
        self.saved.append(parameters)

    def get_state(self) -> list[dict[str, Any]]:
        return self.saved


@pytest.fixture
def sagemaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(service, "ControlPlane", Control)
    monkeypatch.setattr(service, "is_healthy", lambda _: True)
    return service.SageMaker(tmp_path, tmp_path, 1)


def same(state: dict[str, Any]) -> bool:
    def ordered(items: list[dict[str, Any]]) -> list[str]:
        return sorted(str(item) for item in items)

    return {kind: ordered(items) for kind, items in state.items()} == {k: ordered(v) for k, v in STATE.items()}


def test_a_stop_during_the_restore_keeps_the_state(sagemaker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "is_healthy", lambda _: False)
    sagemaker.load_persisted_state(STATE)
    assert same(sagemaker.get_state())
    sagemaker.close()
    assert same(sagemaker.get_state())
    assert sagemaker.control.made == []


def test_what_cannot_be_brought_back_takes_nothing_with_it(sagemaker: Any, caplog: pytest.LogCaptureFixture) -> None:
    sagemaker.control.broken = {"m1", "e1", "i1"}
    with caplog.at_level(logging.ERROR):
        sagemaker.load_persisted_state(STATE)
        assert sagemaker._restored.wait(10)
    assert sagemaker.control.made == ["m2", "c", "e2", "i2"]
    assert "m1 of the last run could not be brought back" in caplog.text
    assert same(sagemaker.get_state())


def test_a_failed_endpoint_is_saved_and_tried_again(sagemaker: Any) -> None:
    sagemaker.load_persisted_state(STATE)
    assert sagemaker._restored.wait(10)
    sagemaker.control.endpoints["e1"].status = "Failed"
    sagemaker.close()
    assert same(sagemaker.get_state())
