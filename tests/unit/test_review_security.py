"""The review page stands what a stranger sends, in a record as in a request."""

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image
from starlette.testclient import TestClient

from localcloud.sagemaker.capture import Payload
from review.app import make_app
from review.security import LocalGuard
from signpost.aws.files import Folder
from signpost.capture.corrections import keep
from tests.conftest import ROOT
from tests.unit.captured_folder import JSON, add, answer
from tests.unit.review_page import ReviewPage, correction
from tests.unit.sample_datasets import noise

SCRIPT = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
PORT, TOKEN, ONCE = 8123, "a-token", "another"
HOME = f"http://127.0.0.1:{PORT}"


class _Tags(HTMLParser):
    """Every tag of a page with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def page(tmp_path: Path) -> ReviewPage:
    folder = tmp_path / "captured"
    add(folder, "good", Payload("image/png", noise(1)), answer(0.9))
    return ReviewPage(folder)


def test_scripts_in_labels_ids_and_names_are_text(tmp_path: Path):
    folder = tmp_path / "captured"
    labels = b'{"probabilities": [0.1, 0.9], "labels": ["x", "%s"]}' % SCRIPT.replace('"', '\\"').encode()
    add(folder, SCRIPT, Payload("image/png", noise(1)), Payload(JSON, labels), endpoint="<script>alert(3)<")
    keep(Folder(folder), correction(SCRIPT, SCRIPT, by=SCRIPT))
    (folder / "capture" / "<img src=x onerror=alert(4)>.jsonl").write_bytes(b"junk")
    page = ReviewPage(folder, "<script>alert(5)")

    name = quote(SCRIPT, safe="")
    assert "<script>alert" not in page.get(f"/?least={name}").text
    for path in ("/", f"/?label={name}", f"/?id={name}", f"/record?id={name}", "/charts", "/unreadable"):
        text = page.get(path).text
        tags = _Tags(text).found
        assert all(attributes.get("src", "").startswith("/static/") for tag, attributes in tags if tag == "script")
        assert all(attributes["src"].startswith("/picture?id=") for tag, attributes in tags if tag == "img")
        assert not [name for _, attributes in tags for name in attributes if name.startswith("on") or name == "style"]
    assert page.get(f"/record?id={name}").status_code == 200
    assert page.correct(SCRIPT, SCRIPT) == 200


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"),
        ("text/html", b"<html><script>alert(1)</script>"),
        ("image/png", b"<html><script>alert(1)</script>"),
        ("image/gif", b"GIF89a/*<script>*/"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_markup_in_a_capture_runs_nothing(kind: str, content: bytes, tmp_path: Path):
    add(tmp_path / "captured", "bad", Payload(kind, content), answer(0.9))
    page = ReviewPage(tmp_path / "captured")

    shown = page.get("/picture?id=bad")
    assert (shown.status_code, shown.headers["content-type"]) == (422, "text/plain; charset=utf-8")
    assert b"<" not in shown.content
    assert "the picture: The file is" in page.get("/").text


def test_a_picture_is_never_the_bytes_that_came(tmp_path: Path):
    whole = io.BytesIO()
    Image.open(io.BytesIO(noise(1))).convert("RGB").save(whole, "JPEG", exif=b"Exif\0\0secret", quality=100)
    sent = whole.getvalue() + b"<script>alert(1)</script>"
    add(tmp_path / "captured", "a", Payload("image/jpeg", sent), answer(0.9))

    shown = ReviewPage(tmp_path / "captured").get("/picture?id=a")

    assert shown.headers["content-type"] == "image/png"
    assert shown.content.startswith(b"\x89PNG")
    assert b"script" not in shown.content
    assert b"secret" not in shown.content


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "capture/x.jsonl", "..%2f..", "\0", "a" * 1024])
@pytest.mark.parametrize("path", ["/picture", "/record"])
def test_ids_are_no_paths(path: str, name: str, page: ReviewPage):
    assert page.get(path, params={"id": name}).status_code == 404
    assert page.correct(name, "bicycle") in (404, 422)


@pytest.mark.parametrize("path", ["/static/../app.py", "/static/%2e%2e/app.py", "/charts/../../x.png", "/openapi.json"])
def test_nothing_else_is_served(path: str, page: ReviewPage):
    assert page.get(path).status_code == 404


def test_every_answer_has_the_headers(page: ReviewPage):
    for path in ("/", "/charts", "/picture?id=good", "/record?id=no", "/static/review.js", "/?least=9", "/export.csv"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_what_a_spreadsheet_takes_for_a_formula_is_text(tmp_path: Path):
    add(tmp_path / "captured", "=HYPERLINK(1)", Payload("image/png", noise(1)), answer(0.9))

    text = ReviewPage(tmp_path / "captured").get("/export.csv").text

    assert text.splitlines()[1].startswith("'=HYPERLINK(1),")


def test_the_vendored_script_is_the_one_that_is_named():
    static = ROOT / "review" / "static"
    digest = hashlib.sha256((static / "htmx.min.js").read_bytes()).hexdigest()

    assert digest in (static / "README.md").read_text()
    assert re.search(r'version:"2\.0\.11"', (static / "htmx.min.js").read_text())


class TestLocalGuard:
    """On a laptop: our own host, our own page, and the token."""

    @pytest.fixture
    def client(self, page: ReviewPage) -> TestClient:
        return TestClient(
            LocalGuard(make_app(page.app.state.parts), PORT, TOKEN, ONCE), base_url=HOME, follow_redirects=False
        )

    def test_the_token_is_needed_once(self, client: TestClient):
        assert client.get("/").status_code == 401
        assert client.get("/?token=wrong").status_code == 401
        first = client.get(f"/record?id=good&token={TOKEN}")
        assert (first.status_code, first.headers["location"]) == (303, "/record?id=good")
        assert "HttpOnly" in first.headers["set-cookie"]
        assert "SameSite=lax" in first.headers["set-cookie"]
        assert client.get("/record?id=good").status_code == 200
        assert client.get("/static/review.js").status_code == 200

    def test_what_the_browser_is_started_with_counts_once(self, client: TestClient):
        assert client.get(f"/?token={ONCE}").headers["location"] == "/"
        assert client.get("/").status_code == 200
        assert client.get(f"{HOME}//evil.example/?token={TOKEN}").headers["location"] == "/evil.example/"
        client.cookies.clear()
        assert client.get(f"/?token={ONCE}").status_code == 401
        assert client.get("/?token=").status_code == 401

    @pytest.mark.parametrize("host", ["evil.example", f"evil.example:{PORT}", "127.0.0.1", "127.0.0.1:1", ""])
    def test_names_that_point_here_are_refused(self, host: str, client: TestClient):
        assert client.get(f"/?token={TOKEN}", headers={"host": host}).status_code == 421

    @pytest.mark.parametrize(
        "origin", [None, "null", "http://evil.example", "http://127.0.0.1:1", f"https://127.0.0.1:{PORT}"]
    )
    @pytest.mark.parametrize("path", ["/correct", "/accept", "/undo"])
    def test_other_pages_change_nothing(self, path: str, origin: str | None, client: TestClient, page: ReviewPage):
        client.get(f"/?token={TOKEN}")
        headers = {"origin": origin} if origin else {}
        answered = client.post(path, data={"id": "good", "label": "motorcycle"}, headers=headers)
        assert answered.status_code == 403
        assert page.said() == {}

    def test_the_page_itself_may(self, client: TestClient, page: ReviewPage):
        client.get(f"/?token={TOKEN}")
        answered = client.post("/correct", data={"id": "good", "label": "motorcycle"}, headers={"origin": HOME})
        assert (answered.status_code, answered.headers["location"]) == (303, "/record?id=good")
        assert page.said() == {"good": {"anna": "motorcycle"}}

    def test_a_broken_cookie_is_no_fault(self, client: TestClient):
        assert (
            client.get("/", headers={"cookie": f"signpost-review-{PORT}=\xe9; ,;==".encode("latin-1")}).status_code
            == 401
        )


def test_a_json_request_is_shown_too(tmp_path: Path):
    body = b'{"instances": [{"b64": "%s"}]}' % base64.b64encode(noise(1))
    add(tmp_path / "captured", "a", Payload(JSON, body), answer(0.9))

    assert ReviewPage(tmp_path / "captured").get("/picture?id=a").status_code == 200
