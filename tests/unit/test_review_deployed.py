"""The deployed review page, through the adapter that API Gateway's events go through: sign-in, roles, pictures."""

import base64
import html
import re
import time
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from mangum import Mangum

from localcloud.sagemaker.capture import Payload
from review.deployed.application import make_deployed
from review.deployed.copy import Copy
from review.deployed.identity import Identity
from review.deployed.sessions import Sessions
from review.deployed.shared_index import SharedIndex
from review.index import Index
from review.sync import Sources, sync
from signpost.aws.files import Folder
from signpost.capture.json_lines import Lines
from tests.unit.captured_folder import add, answer
from tests.unit.identity_provider import ISSUER, Pool
from tests.unit.review_page import SETTINGS
from tests.unit.sample_datasets import noise

HOST, STAGE = "review.example", "/v1"
KEY = b"k" * 64


class Answer:
    """What API Gateway would send."""

    def __init__(self, event: dict[str, Any]) -> None:
        self.status = event["statusCode"]
        self.headers = event["headers"]
        self.cookies = [*event["multiValueHeaders"].get("set-cookie", []), event["headers"].get("set-cookie", "")]
        self.body = base64.b64decode(event["body"]) if event["isBase64Encoded"] else event["body"].encode()

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def pictures(self) -> list[str]:
        return [html.unescape(src) for src in re.findall(r'<img [^>]*src="([^"]+)"', self.text)]


class Browser:
    """A browser, as far as API Gateway: it keeps cookies, and names the page that a form is on."""

    def __init__(self, adapter: Mangum) -> None:
        self._adapter, self.cookies = adapter, dict[str, str]()

    def ask(self, address: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        asked = urlsplit(address)
        assert asked.path.startswith(f"{STAGE}/")
        named = {"Host": HOST, "Accept": "text/html", "Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}
        if form is not None:
            named |= {"Origin": f"https://{HOST}", "Content-Type": "application/x-www-form-urlencoded"}
        event = {
            "resource": "/{proxy+}",
            "path": asked.path.removeprefix(STAGE),
            "httpMethod": "GET" if form is None else "POST",
            "headers": named | {name.replace("_", "-"): value for name, value in headers.items()},
            "multiValueQueryStringParameters": parse_qs(asked.query, keep_blank_values=True) or None,
            "requestContext": {"requestId": "1", "identity": {"sourceIp": "192.0.2.1"}},
            "body": base64.b64encode(urlencode(form or {}).encode()).decode(),
            "isBase64Encoded": True,
        }
        found = Answer(self._adapter(event, None))
        for text in found.cookies:
            for name, morsel in SimpleCookie(text).items():
                self.cookies[name] = morsel.value
        return found

    def sign_in(self, pool: Pool, groups: list[str], to: str = "/v1/", **said: Any) -> Answer:
        """Ask for a page, sign in where that leads to, and come back."""
        door = self.ask(self.ask(to).headers["location"])
        return self.ask(pool.sign_in(door.headers["location"], groups, **said))


@pytest.fixture(scope="module")
def pool():
    pool = Pool()
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("no_proxy", "127.0.0.1")  # the pool stands in for a host that a proxy may lead to
        yield pool
    pool.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "captured"
    add(folder, "good", Payload("image/png", noise(1)), answer(0.9))
    return folder


@pytest.fixture
def adapter(folder: Path, pool: Pool, tmp_path: Path):
    index, sources = Index(tmp_path / "index.sqlite"), Sources(Folder(folder), "", None, None, SETTINGS)
    sync(index, sources, lambda _done, _total: None, whole=True)
    (tmp_path / "shared").mkdir()
    copy = Copy(index, SharedIndex(Folder(tmp_path / "shared"), ""), sources, lambda: None)  # pyright: ignore
    address = f"https://{HOST}{STAGE}"
    yield Mangum(make_deployed(copy, Identity(pool.provider, address), Sessions(KEY, address)), lifespan="off")
    index.close()


@pytest.fixture
def browser(adapter: Mangum) -> Browser:
    return Browser(adapter)


def said(folder: Path) -> dict[str, dict[str, str]]:
    found = Lines(Folder(folder)).corrections("corrections/").standing
    return {name: {who: one.label for who, one in people.items()} for name, people in found.items()}


def test_a_stranger_signs_in_and_comes_back_to_the_page_that_was_wanted(browser: Browser, pool: Pool):
    back = browser.sign_in(pool, ["viewer"], "/v1/record?id=good")
    assert (back.status, back.headers["location"]) == (303, "/v1/record?id=good")
    [cookie] = [text for text in back.cookies if "__Host-signpost-session" in text]
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    page = browser.ask("/v1/record?id=good")
    assert page.status == 200
    assert "unsafe" not in page.headers["content-security-policy"]
    addresses = re.findall(r'(?:href|src|action|hx-get|hx-post)="([^"#]*)"', page.text)
    assert addresses
    assert all(address.startswith("/v1/") for address in addresses)


def test_a_viewer_looks_and_a_reviewer_corrects(adapter: Mangum, browser: Browser, pool: Pool, folder: Path):
    browser.sign_in(pool, ["viewer"], sub="vera")
    page = browser.ask("/v1/")
    assert "looking only" in page.text
    assert "<button" not in page.text.replace("<noscript><button>Filter</button></noscript>", "")
    refused = browser.ask("/v1/correct", {"id": "good", "label": "motorcycle"})
    assert (refused.status, "You may look at decisions, but not correct them." in refused.text) == (403, True)
    assert said(folder) == {}

    anna = Browser(adapter)
    anna.sign_in(pool, ["viewer", "reviewer"], sub="anna")
    kept = anna.ask("/v1/correct", {"id": "good", "label": "motorcycle"})
    assert (kept.status, kept.headers["location"]) == (303, "/v1/record?id=good")
    [name] = said(folder)["good"]
    assert re.fullmatch("[0-9a-f]{16}", name)
    assert f"It is motorcycle, says {name}" in anna.ask("/v1/").text


def test_who_is_in_no_group_is_told(browser: Browser, pool: Pool):
    refused = browser.sign_in(pool, ["another"])
    assert (refused.status, "neither group" in refused.text) == (403, True)
    assert browser.ask("/v1/").status == 303


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://other.example"},
        {"aud": "another-page"},
        {"exp": int(time.time()) - 60},
        {"nonce": "another"},
        {"token_use": "access"},
        {"key": rsa.generate_private_key(public_exponent=65537, key_size=2048)},
        {"key": "", "algorithm": "none"},
        {"key": b"a secret of somebody else's, long enough for it", "algorithm": "HS256"},
    ],
    ids=lambda wrong: "-".join(wrong),
)
def test_a_token_that_is_not_what_it_should_be_lets_nobody_in(browser: Browser, pool: Pool, wrong: dict[str, Any]):
    refused = browser.sign_in(pool, ["reviewer"], **wrong)
    assert (refused.status, "sign in again" in refused.text) == (401, True)
    assert browser.ask("/v1/").status == 303


def test_an_answer_counts_only_in_the_browser_that_asked(adapter: Mangum, browser: Browser, pool: Pool):
    question = browser.ask("/v1/sign-in?to=/").headers["location"]
    back = pool.sign_in(question, ["reviewer"])
    assert Browser(adapter).ask(back).status == 401
    assert browser.ask(re.sub("state=.*", "state=another", back)).status == 401
    assert browser.ask("/v1/signed-in?error=access_denied").status == 401
    assert browser.ask(back).status == 303


@pytest.mark.parametrize("to", ["https://evil.example/", "//evil.example/", "/\\evil.example/"])
def test_a_sign_in_leads_nowhere_else(browser: Browser, pool: Pool, to: str):
    question = browser.ask(f"/v1/sign-in?{urlencode({'to': to})}").headers["location"]
    assert browser.ask(pool.sign_in(question, ["viewer"])).headers["location"] == "/v1/"


def test_pictures_are_shown_under_addresses_of_ones_own_for_some_minutes(
    adapter: Mangum, browser: Browser, pool: Pool, monkeypatch: pytest.MonkeyPatch
):
    browser.sign_in(pool, ["viewer"], sub="vera")
    [address] = browser.ask("/v1/").pictures
    shown = browser.ask(address)
    assert (shown.status, shown.headers["content-type"]) == (200, "image/png")
    assert shown.headers["cache-control"].startswith("private")
    assert shown.body.startswith(b"\x89PNG")

    assert browser.ask("/v1/picture?id=good").status == 403
    assert browser.ask(address.replace("until=", "until=9")).status == 403
    other = Browser(adapter)
    assert other.ask(address, accept="image/*").status == 401
    other.sign_in(pool, ["reviewer"], sub="anna")
    assert other.ask(address).status == 403
    later = time.time() + 11 * 60
    monkeypatch.setattr("review.links.time.time", lambda: later)
    assert browser.ask(address).status == 403


def test_only_the_page_itself_at_its_own_address(browser: Browser, pool: Pool, folder: Path):
    browser.sign_in(pool, ["reviewer"])
    form = {"id": "good", "label": "motorcycle"}
    assert browser.ask("/v1/", Host="evil.example").status == 421
    assert browser.ask("/v1/correct", form, Origin="https://evil.example").status == 403
    assert browser.ask("/v1/correct", form, Origin="null").status == 403
    assert browser.ask("/v1/sign-out", sec_fetch_site="cross-site").status == 403
    assert said(folder) == {}


def test_a_cookie_that_was_made_elsewhere_or_for_something_else_is_none(browser: Browser, pool: Pool):
    browser.ask("/v1/sign-in")
    browser.cookies["__Host-signpost-session"] = browser.cookies["__Host-signpost-sign-in"]
    assert browser.ask("/v1/").status == 303
    browser.sign_in(pool, ["reviewer"])
    assert browser.ask("/v1/").status == 200
    browser.cookies["__Host-signpost-session"] = browser.cookies["__Host-signpost-session"][:-2] + "aa"
    assert browser.ask("/v1/").status == 303
    browser.cookies.clear()
    turned_away = browser.ask("/v1/status", accept="*/*")
    assert (turned_away.status, turned_away.headers["hx-refresh"]) == (401, "true")
    assert browser.ask("/v1/correct", {"id": "good", "label": "motorcycle"}).status == 401


def test_signing_out_ends_it_here_and_there(browser: Browser, pool: Pool):
    browser.sign_in(pool, ["viewer"])
    gone = browser.ask("/v1/sign-out")
    goodbye = urlsplit(gone.headers["location"])
    assert f"{goodbye.scheme}://{goodbye.netloc}{goodbye.path}" == f"{ISSUER}/logout"
    assert parse_qs(goodbye.query)["logout_uri"] == [f"https://{HOST}/v1/signed-out"]
    assert "You are signed out." in browser.ask("/v1/signed-out").text
    assert browser.ask("/v1/").status == 303
