"""The API on the local cloud: a picture in, its decision out, with IAM enforced."""

import base64
import hashlib
import json
import shutil
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from signpost.api.problems import PROBLEMS, Problem
from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.routing.contracts import Decision, Outcome
from tests.localcloud.api_client import new_caller
from tests.localcloud.running_cloud import wait_for


@pytest.fixture(scope="module")
def api(app):
    return new_caller(app, "api-caller")


@pytest.fixture(scope="module")
def stranger(app):
    return new_caller(app, "api-stranger")


def refused(answer, code):
    """Whether an answer is a problem with a code, complete."""
    assert answer.headers["Content-Type"] == "application/problem+json", answer.body
    problem = Problem.model_validate_json(answer.body)
    assert (problem.code, problem.status, answer.status) == (code, PROBLEMS[code][0], PROBLEMS[code][0]), answer.body
    return problem


@pytest.mark.parametrize(
    ("route", "queue"),
    [("nearby-orders", "QueueVehicleNearbyOrders"), ("distant-orders", "QueueVehicleDistantOrders")],
)
def test_a_picture_is_decided_in_one_call(app, api, examples, route, queue):
    answer = api.classify(examples.one(route))
    decision = Decision.model_validate_json(answer.body)
    assert (answer.status, decision.outcome, decision.route) == (200, Outcome.ROUTED, route)
    assert answer.headers["X-Request-Id"] == decision.decision_id
    assert app.messages(queue, decision.decision_id) == [decision]


def test_the_picture_arrives_bit_by_bit(app, api, examples):
    picture = examples.one("nearby-orders") + bytes(range(256))
    decision = Decision.model_validate_json(api.classify(picture).body)
    assert decision.image.sha256 == hashlib.sha256(picture).hexdigest()
    kept = app.cloud.client("s3").get_object(
        Bucket=decision.image.bucket, Key=decision.image.key, VersionId=decision.image.version_id
    )
    assert kept["Body"].read() == picture


def test_nobody_is_let_in_without_the_right_signature(api, examples):
    picture = examples.one("nearby-orders")
    refused(api.unsigned().classify(picture), "access_denied")
    wrong = type(api)(api.app, {**api.key, "SecretAccessKey": "wrong" * 8})
    refused(wrong.classify(picture), "access_denied")
    refused(type(api)(api.app, token="anything").classify(picture), "access_denied")


def test_a_policy_lets_in_where_it_says_and_nowhere_else(app, examples):
    reader = new_caller(app, "api-reader", "GET/classifiers")
    assert reader.ask("GET", "/classifiers").status == 200
    refused(reader.classify(examples.one("nearby-orders")), "access_denied")


@pytest.mark.parametrize("kind", ["form", "json"])
def test_a_picture_may_come_in_a_form_or_in_json(api, examples, kind):
    picture = examples.one("distant-orders") + b"\r\n--edge\r\n\r"
    if kind == "json":
        text = json.dumps({"image": base64.b64encode(picture).decode()})
        answer = api.classify(text, content_type="application/json")
    else:
        head = b'--edge1\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
        answer = api.classify(head + picture + b"\r\n--edge1--\r\n", content_type="multipart/form-data; boundary=edge1")
    decision = Decision.model_validate_json(answer.body)
    assert decision.image.sha256 == hashlib.sha256(picture).hexdigest()
    assert decision.route == "distant-orders"


def test_what_is_no_question_is_refused_with_its_code(api, examples):
    picture = examples.one("nearby-orders")
    assert "vehicle" in refused(api.classify(picture, "cat"), "unknown_classifier").detail
    refused(api.classify(b""), "empty_body")
    refused(api.classify(picture, content_type="text/plain"), "unsupported_media_type")
    refused(api.classify("{", content_type="application/json"), "malformed_request")
    for image in ("?", "", 7, None, ["/9j/"]):
        text = json.dumps({"image": image})
        refused(api.classify(text, content_type="application/json"), "malformed_request")
    refused(api.classify(b"--a\r\n", content_type="multipart/form-data; boundary=a"), "malformed_request")
    refused(api.classify(b"a", content_type="multipart/form-data"), "malformed_request")
    refused(api.ask("GET", "/nothing"), "not_found")
    answer = api.ask("DELETE", "/decisions/1")
    refused(answer, "method_not_allowed")
    assert answer.headers["Allow"] == "GET"


def test_the_limit_counts_what_travels(api, examples):
    picture = examples.one("nearby-orders")
    largest = picture + bytes(4_500_000 - len(picture))
    assert Decision.model_validate_json(api.classify(largest).body).route == "nearby-orders"
    for size in (4_500_001, 4_900_000, 10 * 2**20 + 1):
        assert "/uploads" in refused(api.classify(picture + bytes(size - len(picture))), "too_large").detail


def test_every_messy_picture_gets_the_decision_that_the_core_gives(api, shared_data):
    files = sorted(file for file in (shared_data / "messy").rglob("*") if file.is_file())

    def check(file):
        data, answer = file.read_bytes(), api.classify(file.read_bytes())
        if not data or len(data) > 4_500_000:
            refused(answer, "too_large" if data else "empty_body")
            return
        try:
            prepare(data, 32, 32, Limits())
            expected = None
        except PictureError as error:
            expected = error.code
        assert answer.status == 200, file.name
        decision = Decision.model_validate_json(answer.body)
        rejected = decision.reason.code if decision.outcome is Outcome.REJECTED and decision.reason else None
        assert rejected == expected, file.name

    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(check, files))) > 50


def test_the_same_key_gives_the_same_decision_and_dispatches_once(app, api, stranger, examples):
    picture, key = examples.one("nearby-orders"), str(uuid.uuid4())
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: api.classify(picture, idempotency_key=key), range(4)))
    again = api.classify(picture, idempotency_key=key)
    decision = Decision.model_validate_json(again.body)
    assert {answer.status for answer in answers} == {200}
    assert [answer.json for answer in answers] == [again.json] * 4
    assert app.messages("QueueVehicleNearbyOrders", decision.decision_id) == [decision]
    # Another picture or classifier under the same key is a mistake; another caller's keys are their own.
    refused(api.classify(examples.one("distant-orders"), idempotency_key=key), "idempotency_conflict")
    refused(api.classify(picture, "dog-breed", idempotency_key=key), "idempotency_conflict")
    assert stranger.classify(picture, idempotency_key=key).json["decision_id"] != decision.decision_id
    refused(api.classify(picture, idempotency_key="x" * 256), "invalid_idempotency_key")


def test_only_who_asked_sees_the_decision(api, stranger, app, examples):
    decision = api.classify(examples.one("review")).json
    where = f"/decisions/{decision['decision_id']}"
    assert api.ask("GET", where).json == decision
    refused(stranger.ask("GET", where), "not_found")
    uploaded = app.router.route_event(app.put(examples.one("review")))
    refused(api.ask("GET", f"/decisions/{uploaded.decision_id}"), "not_found")
    for name in (uuid.uuid4(), "1", "a" * 300, "classifiers.json"):
        refused(api.ask("GET", f"/decisions/{name}"), "not_found")


def send(form, picture, **changed):
    """Send a form as a browser does."""
    fields = {**form["fields"], **changed}
    parts = [f'--e\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in fields.items()]
    last = '--e\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    body = "".join([*parts, last]).encode() + picture + b"\r\n--e--\r\n"
    request = AWSRequest("POST", form["url"], {"Content-Type": "multipart/form-data; boundary=e"}, body)
    return URLLib3Session().send(request.prepare()).status_code


def test_a_larger_picture_is_uploaded_and_followed(app, api, stranger, examples):
    picture = examples.one("nearby-orders") + bytes(6_000_000)
    asked = api.ask(
        "POST", "/uploads", '{"classifier": "vehicle", "content_type": "image/jpeg"}', content_type="application/json"
    )
    assert asked.status == 201
    upload, where = asked.json["upload"], f"/{asked.json['decision']}"
    waiting = api.ask("GET", where)
    assert (waiting.status, waiting.json["status"]) == (202, "expected")
    refused(stranger.ask("GET", where), "not_found")
    assert send(upload, picture, **{"Content-Type": "text/html"}) == 403
    assert send(upload, picture, key="incoming/vehicle/elsewhere") == 403
    assert send(upload, bytes(26_214_401)) == 400
    assert send(upload, b"") == 400
    assert send(upload, picture) == 204
    wait_for(lambda: api.ask("GET", where).status == 200)
    decision = Decision.model_validate_json(api.ask("GET", where).body)
    assert (decision.decision_id, decision.route) == (asked.json["decision_id"], "nearby-orders")
    # The form can be sent twice; the picture is routed once.
    assert send(upload, examples.one("distant-orders")) == 204
    last = api.classify(examples.one("distant-orders")).json
    wait_for(lambda: app.messages("QueueVehicleDistantOrders", last["decision_id"]))
    assert app.messages("QueueVehicleNearbyOrders", decision.decision_id) == [decision]
    assert app.messages("QueueVehicleDistantOrders", decision.decision_id) == []


def test_what_is_open_needs_no_signature_and_the_page_asks_nobody_else(api):
    anybody = api.unsigned()
    assert anybody.ask("GET", "/health").json == {"status": "ok"}
    page = anybody.ask("GET", "/docs")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert b"http" not in page.body
    for name in ("swagger-ui.js", "swagger-ui.css", "page.css", "start.js"):
        assert anybody.ask("GET", f"/docs/{name}").status == 200
    for name in ("handler.py", "..%5chandler.py", "%2e%2e"):
        refused(anybody.ask("GET", f"/docs/{name}"), "not_found")
    for header in ("X-Content-Type-Options", "Cache-Control"):
        assert header in page.headers
    names = {found["name"] for found in api.ask("GET", "/classifiers").json["classifiers"]}
    assert names == {"vehicle", "dog-breed"}


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium here")
def test_a_browser_shows_every_operation_under_the_pages_own_policy(api, tmp_path):
    browser = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}"]
    done = subprocess.run(
        [*browser, "--virtual-time-budget=10000", "--dump-dom", f"{api.url}/docs"], capture_output=True, timeout=60
    )
    for name in ("classify", "upload", "decision", "listClassifiers", "health"):
        assert f'id="operations-default-{name}"'.encode() in done.stdout, done.stderr
