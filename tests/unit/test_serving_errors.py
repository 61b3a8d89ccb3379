"""What the model server answers to everything else: a status, a code and a sentence, never a 5xx for bad input."""

import base64
import json
import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from serving.frames import REPLY, REQUEST, Kind, Reply, Request
from serving.inbox import Inbox
from serving.logs import JsonFormatter
from serving.worker import answer_all
from serving.workers import Workers
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer
from tests.unit.sample_pictures import encode, flat_webp, gradient, predict
from tests.unit.serving_client import serve

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")

PICTURE = encode(gradient(), "PNG")
PNG = {"content-type": "image/png"}
JSON = {"content-type": "application/json"}
GOOD = {"b64": base64.b64encode(PICTURE).decode()}


def error(response, status: int) -> tuple[str, str]:
    """Return code and sentence of an error of this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/json"
    assert set(response.json()) == {"error"}
    assert set(response.json()["error"]) == {"code", "message"}
    return response.json()["error"]["code"], response.json()["error"]["message"]


@pytest.fixture(scope="module")
def small_server(vehicle_package: Path):
    """A server that takes no more than 2,000 bytes."""
    with serve(vehicle_package, Limits(max_bytes=2000), workers=1) as client:
        yield client


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (b"", "empty_file"),
        (b"text", "unsupported_type"),
        (b"GIF89a" + bytes(9), "unsupported_type"),
        (PICTURE[:150], "truncated_image"),
        (b"\xff\xd8\xff" + bytes(100), "corrupt_image"),
        (flat_webp(16_383, 16_383), "decompression_bomb"),
    ],
)
def test_a_picture_that_can_not_be_used(server, picture, code):
    assert error(server.post("/invocations", content=picture, headers=PNG), 400)[0] == code


@pytest.mark.parametrize("declared", [None, "", "text/csv", "application/x-www-form-urlencoded", "image", "image/gif"])
def test_other_content_types(server, declared):
    headers = {} if declared is None else {"content-type": declared}
    code, message = error(server.post("/invocations", content=PICTURE, headers=headers), 415)
    assert code == "unsupported_content_type"
    for allowed in ("image/jpeg", "image/png", "image/webp", "application/x-image", "application/json"):
        assert allowed in message


@pytest.mark.parametrize("encoding", ["gzip", "BR", "deflate, gzip"])
def test_compressed_bodies(server, encoding):
    response = server.post("/invocations", content=PICTURE, headers={**PNG, "content-encoding": encoding})
    code, message = error(response, 415)
    assert code == "unsupported_content_encoding"
    assert repr(encoding.lower()) in message
    assert response.headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("accept", ["text/csv", "image/*", "application/json;q=0", "*/*, application/json;q=0", "json"])
def test_callers_that_do_not_take_json(server, accept):
    response = server.post("/invocations", content=PICTURE, headers={**PNG, "accept": accept})
    assert error(response, 406)[0] == "not_acceptable"


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        (b"", "invalid_request", "not valid JSON"),
        (b"{", "invalid_request", "not valid JSON"),
        (b"[" * 100_000, "invalid_request", "not valid JSON"),
        (b"\xff\xfe", "invalid_request", "not valid JSON"),
        (b"[]", "invalid_request", "the body"),
        (b"{}", "invalid_request", "instances: missing"),
        (b'{"instances": []}', "invalid_request", "at least 1"),
        (json.dumps({"instances": [GOOD] * 33}).encode(), "invalid_request", "at most 32"),
        (b'{"instances": ["text"]}', "invalid_request", "instances[0]"),
        (json.dumps({"instances": [GOOD, {"b64": 7}]}).encode(), "invalid_request", "instances[1].b64"),
        (json.dumps({"instances": [GOOD, {}]}).encode(), "invalid_request", "instances[1].b64: missing"),
        (json.dumps({"instances": [GOOD, {"b64": "!!!!"}]}).encode(), "invalid_base64", "instances[1].b64"),
        (json.dumps({"instances": [GOOD, {"b64": "é"}]}).encode(), "invalid_base64", "instances[1].b64"),
        (json.dumps({"instances": [GOOD, {"b64": ""}]}).encode(), "empty_file", "instances[1]: "),
        (json.dumps({"instances": [GOOD, GOOD, {"b64": "R0lGODlh"}]}).encode(), "unsupported_type", "instances[2]: "),
    ],
)
def test_json_that_can_not_be_used(server, body, code, says):
    got, message = error(server.post("/invocations", content=body, headers=JSON), 400)
    assert got == code
    assert says in message


def test_too_large(small_server):
    assert small_server.post("/invocations", content=PICTURE, headers=PNG).status_code == 200
    code, message = error(small_server.post("/invocations", content=bytes(2001), headers=PNG), 413)
    assert code == "too_large"
    assert "2,000 bytes" in message


def test_too_large_without_a_length(small_server):
    chunks = (bytes(500) for _ in range(40))
    assert error(small_server.post("/invocations", content=chunks, headers=PNG), 413)[0] == "too_large"


def test_json_has_room_for_base64(small_server):
    text = base64.b64encode(PICTURE + bytes(1900 - len(PICTURE))).decode()
    assert len(text) > 2000
    assert small_server.post("/invocations", json={"instances": [{"b64": text}]}).status_code == 200
    assert error(small_server.post("/invocations", json={"instances": [{"b64": "A" * 2667}]}), 413)[0] == "too_large"


def test_other_paths_and_methods(server):
    assert error(server.get("/models"), 404)[0] == "not_found"
    response = server.get("/invocations")
    assert error(response, 405)[0] == "method_not_allowed"
    assert response.headers["allow"] == "POST"
    assert error(server.post("/ping"), 405)[0] == "method_not_allowed"


def test_a_fault_of_the_server_is_a_500_and_is_logged_without_the_picture(vehicle_package, caplog, monkeypatch):
    async def ask(_workers, _kind, body: bytes, _deadline) -> None:
        raise RuntimeError(f"can't work on {body!r}")

    monkeypatch.setattr(Workers, "ask", ask)
    with serve(vehicle_package, workers=1) as client, caplog.at_level(logging.INFO, logger="serving"):
        response = client.post("/invocations", content=b"secret picture", headers=PNG)
    assert error(response, 500) == ("internal_error", "The server failed; its log says why.")
    fault, request = (line for line in logged(caplog) if line["message"] in {"fault", "request"})
    assert fault["fault"] == "RuntimeError"
    assert "ask" in fault["trace"][-1]
    assert request["status"] == 500
    assert "secret" not in json.dumps(logged(caplog))


def together(predictor: Predictor, bodies: list[bytes]) -> list[tuple[int, dict]]:
    """Have a worker answer requests that have all come before it looks: statuses and documents."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for body in bodies:
            ours.sendall(REQUEST.pack(len(body), Kind.PICTURE, 0.0) + body)
        ours.shutdown(socket.SHUT_WR)
        answer_all(theirs, predictor, Limits())
        theirs.shutdown(socket.SHUT_WR)
        with ours.makefile("rb") as stream:
            heads = (Reply._make(REPLY.unpack(stream.read(REPLY.size))) for _ in bodies)
            return [(head.status, json.loads(stream.read(head.size))) for head in heads]


def test_pictures_that_come_together_each_get_their_own_answer(predictor):
    # GIVEN different pictures, and among them one that can't be read
    good = [encode(gradient(40 + 9 * number, 64).rotate(40 * number), "JPEG") for number in range(8)]
    answers = together(predictor, [*good[:3], b"text", *good[3:]])
    # THEN it alone is refused
    status, document = answers.pop(3)
    assert (status, document["error"]["code"]) == (400, "unsupported_type")
    assert [status for status, _ in answers] == [200] * 8
    found = [Answer.model_validate(document).predictions for _, document in answers]
    assert found == [[predict(predictor, picture)] for picture in good]


def test_a_picture_that_breaks_the_model_spares_those_that_came_with_it(predictor, caplog, monkeypatch):
    # GIVEN a model that breaks at one of four pictures, quoting it as careless libraries do
    sound, bad = Predictor.logits, 2

    def logits(itself, pixels):
        if np.array_equal(pixels, np.asarray(prepare(pictures[bad], 32, 32, Limits()))):
            raise RuntimeError(f"can't work on {pixels!r} of a secret picture")
        return sound(itself, pixels)

    pictures = [encode(gradient(40 + 9 * number, 64), "PNG") for number in range(4)]
    monkeypatch.setattr(Predictor, "logits", logits)
    answers = together(predictor, pictures)
    # THEN the others are answered, and the log says what happened, without the picture
    assert [status for status, _ in answers] == [200, 200, 500, 200]
    assert answers[bad][1]["error"]["code"] == "internal_error"
    (line,) = logged(caplog)
    assert (line["message"], line["fault"]) == ("fault", "RuntimeError")
    assert "secret" not in json.dumps(line)


def test_a_body_that_comes_in_pieces_is_waited_for():
    ours, theirs = socket.socketpair()
    with ours, theirs, ThreadPoolExecutor(1) as pool:
        # GIVEN a request, and of another the head
        head = REQUEST.pack(len(PICTURE), Kind.PICTURE, 1.0)
        ours.sendall(head + PICTURE + head)
        inbox = Inbox(theirs)
        taken = pool.submit(inbox.take, 8)
        # WHEN the rest comes
        ours.sendall(PICTURE)
        # THEN both are there
        assert [body for _, body in taken.result(timeout=30)] == [PICTURE, PICTURE]
        # AND one that is more than the socket holds is taken whole
        large = bytes(3_000_000)
        taken = pool.submit(inbox.take, 8)
        ours.sendall(REQUEST.pack(len(large), Kind.INSTANCES, 2.0) + large)
        assert taken.result(timeout=30) == [(Request(len(large), Kind.INSTANCES, 2.0), large)]
        # AND so is each that is not small, with none beside it
        bodies = [b"a", bytes(40_000), b"b", b"c"]
        ours.sendall(b"".join(REQUEST.pack(len(body), Kind.PICTURE, 3.0) + body for body in bodies))
        assert [[body for _, body in inbox.take(8)] for _ in range(3)] == [bodies[:1], bodies[1:2], bodies[2:]]
        # AND nothing once the server is gone
        ours.close()
        assert inbox.take(8) == []


def logged(caplog) -> list[dict]:
    return [json.loads(JsonFormatter().format(record)) for record in caplog.records if record.name == "serving"]


def test_a_request_that_fails_is_one_line_of_the_log_and_others_are_counted(server, caplog):
    with caplog.at_level(logging.INFO, logger="serving"):
        server.post("/invocations", content=PICTURE, headers=PNG)
        server.post("/invocations", content=b"text", headers=PNG)
    (record,) = [record for record in caplog.records if record.message == "request"]
    assert (record.fields["path"], record.fields["status"]) == ("/invocations", 400)
    assert record.fields["ms"] > 0
    page = server.get("/metrics").text
    for status in (200, 400):
        assert float(page.partition(f'signpost_requests_total{{status="{status}"}} ')[2].split("\n")[0]) >= 1


_HEADERS = st.sampled_from([*PNG.values(), *JSON.values(), "application/x-image", "text/plain", ";", "a/b;q=x"])
_BODIES = st.binary(max_size=300) | st.builds(lambda at, tail: PICTURE[:at] + tail, st.integers(0, 400), st.binary())
_TREES = st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda inner: st.lists(inner, max_size=3))


@given(body=_BODIES, declared=_HEADERS, accept=st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20))
@settings(max_examples=200)
def test_random_requests_never_break_the_server(server, body, declared, accept):
    response = server.post("/invocations", content=body, headers={"content-type": declared, "accept": accept})
    assert response.status_code < 500
    assert response.status_code == 200 or error(response, response.status_code)


@given(tree=_TREES, key=st.sampled_from(["instances", "b64", ""]))
@settings(max_examples=100)
def test_random_json_never_breaks_the_server(server, tree, key):
    error(server.post("/invocations", json={key: tree}), 400)


def test_real_messy_pictures_never_break_the_server(server, shared_data: Path):
    statuses = set()
    for file in sorted((shared_data / "messy").rglob("*")):
        if file.is_file():
            response = server.post("/invocations", content=file.read_bytes(), headers=PNG)
            assert response.status_code == 200 or error(response, 400)
            statuses.add(response.status_code)
    assert statuses == {200, 400}
