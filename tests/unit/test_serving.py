"""What the model server answers to good requests."""

import base64
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sample_pictures import encode, gradient, oriented, predict
from starlette.testclient import TestClient

from serving import inference
from serving.app import make_app
from signpost.contracts import Answer
from signpost.imaging import encode_png, prepare
from signpost.limits import Limits
from signpost.package import open_package
from signpost.predictor import Predictor

PICTURES = {
    "image/jpeg": encode(gradient(), "JPEG"),
    "image/png": encode(gradient().rotate(90), "PNG"),
    "image/webp": encode(gradient().rotate(180), "WEBP"),
    "application/x-image": oriented(gradient(), 6, "JPEG"),
}


def answer(response) -> Answer:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    return Answer.model_validate_json(response.content)


def instances(*pictures: bytes) -> dict:
    return {"instances": [{"b64": base64.b64encode(picture).decode()} for picture in pictures]}


def test_ping_names_the_model(server: TestClient, predictor: Predictor):
    response = server.get("/ping")
    assert response.status_code == 200
    assert response.json()["model"] == predictor.model.model_dump()


@pytest.mark.parametrize("media", PICTURES)
def test_a_picture_gets_the_models_own_prediction(server, predictor, media):
    got = answer(server.post("/invocations", content=PICTURES[media], headers={"content-type": media}))
    assert got.predictions == [predict(predictor, PICTURES[media])]
    assert got.model == predictor.model
    assert set(got.timings_ms) == {"decode", "invoke"}
    assert min(got.timings_ms.values()) >= 0


@pytest.mark.parametrize("declared", ["image/png", "IMAGE/WebP; q=1", "application/x-image;charset=binary"])
def test_content_tells_the_type_whatever_is_declared(server, predictor, declared):
    jpeg = PICTURES["image/jpeg"]
    got = answer(server.post("/invocations", content=jpeg, headers={"content-type": declared}))
    assert got.predictions == [predict(predictor, jpeg)]


def test_json_instances_are_answered_in_order(server, predictor):
    pictures = [*PICTURES.values(), *reversed(PICTURES.values())]
    got = answer(server.post("/invocations", json=instances(*pictures)))
    assert got.predictions == [predict(predictor, picture) for picture in pictures]


def test_thirty_two_instances_are_allowed(server):
    got = answer(server.post("/invocations", json=instances(*[PICTURES["image/png"]] * 32)))
    assert len(got.predictions) == 32


def test_a_picture_that_serialize_prepared_gets_the_same_prediction(server, predictor):
    # GIVEN the PNG of prepared pixels that the routing machine sends instead of the photograph
    photograph = PICTURES["application/x-image"]
    size = predictor.manifest.input
    prepared = encode_png(prepare(photograph, size.width, size.height, Limits()))
    got = answer(server.post("/invocations", content=prepared, headers={"content-type": "image/png"}))
    assert got.predictions == [predict(predictor, photograph)]


@pytest.mark.parametrize(
    "accept", ["application/json", "*/*", "application/*", "text/csv, application/json;q=0.1", "", "Application/JSON"]
)
def test_callers_that_take_json(server, accept):
    headers = {"content-type": "image/png", "accept": accept}
    answer(server.post("/invocations", content=PICTURES["image/png"], headers=headers))


class _Watched(Predictor):
    """A predictor that waits until another works beside it, and notices when it is used twice at once."""

    together = threading.Barrier(2, timeout=30)
    busy = False

    def predict(self, images):
        assert not self.busy
        self.busy = True
        self.together.wait()
        self.busy = False
        return super().predict(images)


def test_requests_at_once_use_a_predictor_each(vehicle_package, monkeypatch):
    monkeypatch.setattr(inference, "Predictor", _Watched)
    two = inference.Inference(open_package(vehicle_package), Limits(), threads=2)
    with TestClient(make_app(two)) as client, ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(client.post, "/invocations", json=instances(PICTURES["image/png"])) for _ in range(8)]
        assert [response.result().status_code for response in asked] == [200] * 8


def test_real_photographs(server, predictor, shared_data: Path):
    for file in sorted((shared_data / "messy" / "gps_privacy").iterdir()):
        picture = file.read_bytes()
        got = answer(server.post("/invocations", content=picture, headers={"content-type": "application/x-image"}))
        assert got.predictions == [predict(predictor, picture)]


def test_the_server_needs_neither_aws_nor_tensorflow():
    # The image installs requirements/serving.txt only.
    code = "import sys, serving.__main__; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert {"uvicorn", "starlette", "PIL", "ai_edge_litert"} <= loaded
    assert not loaded & {"boto3", "botocore", "aws_lambda_powertools", "aws_cdk", "tensorflow", "typer", "rich"}
