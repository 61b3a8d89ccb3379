"""What the model server answers to good requests."""

import base64
import subprocess
import sys
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from signpost.images.limits import Limits
from signpost.images.prepare import encode_png, prepare
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer
from tests.unit.sample_pictures import encode, gradient, oriented, predict

PICTURES = {
    "image/jpeg": encode(gradient(), "JPEG"),
    "image/png": encode(gradient().rotate(90), "PNG"),
    "image/webp": encode(gradient().rotate(180), "WEBP"),
    "application/x-image": oriented(gradient(), 6, "JPEG"),
    "image/jpg": encode(gradient(), "JPEG"),
    "application/octet-stream": encode(gradient(), "AVIF"),
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
    assert set(got.timings_ms) == {"queue", "decode", "invoke"}
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


def test_real_photographs(server, predictor, shared_data: Path):
    for file in sorted((shared_data / "messy" / "gps_privacy").iterdir()):
        picture = file.read_bytes()
        got = answer(server.post("/invocations", content=picture, headers={"content-type": "application/x-image"}))
        assert got.predictions == [predict(predictor, picture)]


@pytest.mark.parametrize(
    ("module", "needed", "not_needed"),
    [
        ("serving.worker", {"PIL", "ai_edge_litert"}, {"uvicorn", "starlette"}),
        ("serving.__main__", {"uvicorn", "starlette"}, {"PIL", "numpy", "ai_edge_litert"}),
    ],
)
def test_what_each_process_loads(module, needed, not_needed):
    # The image installs requirements/serving.txt only; what is not loaded costs neither memory nor time.
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert needed <= loaded
    others = {"boto3", "botocore", "aws_lambda_powertools", "aws_cdk", "tensorflow", "typer", "rich"}
    assert not loaded & (others | not_needed)
