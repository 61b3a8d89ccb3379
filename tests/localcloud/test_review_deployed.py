"""The review page as it is deployed: its stack, the local cloud's user pool and sign-in page, the index in S3."""

import html
import re
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import pytest

from signpost.routing.contracts import Decision
from tests.browser import conftest as browsers
from tests.conftest import ROOT
from tests.localcloud.running_cloud import wait_for
from training.data.drawn import draw_file

chromium = browsers.browser  # the fixture
PASSWORD = "Correct-horse-7-battery"


class Answer:
    """What came back."""

    def __init__(self, found) -> None:
        self.status, self.headers, self.body = found.status, found.headers, found.read()

    @property
    def text(self) -> str:
        return self.body.decode()


class Browser:
    """A browser that keeps cookies and follows nothing by itself."""

    def __init__(self, app) -> None:
        self.page, self._cookies = app.where["ReviewUrl"].rstrip("/"), dict[str, str]()

    def ask(self, address: str, form: dict[str, str] | None = None) -> Answer:
        found = urlsplit(address if "://" in address else self.page + address)
        headers = {"Accept": "text/html", "Cookie": "; ".join(f"{n}={v}" for n, v in self._cookies.items())}
        body = None
        if form is not None:
            headers |= {"Origin": f"http://{found.netloc}", "Content-Type": "application/x-www-form-urlencoded"}
            body = urlencode(form)
        connection = HTTPConnection(found.netloc, timeout=60)
        target = f"{found.path}?{found.query}" if found.query else found.path
        connection.request("GET" if form is None else "POST", target, body, headers)
        answer = Answer(connection.getresponse())
        connection.close()
        for text in answer.headers.get_all("set-cookie", []):
            for name, morsel in SimpleCookie(text).items():
                self._cookies[name] = morsel.value
        return answer

    def follow(self, answer: Answer) -> Answer:
        assert answer.status in (302, 303), (answer.status, answer.text)
        where = answer.headers["location"]
        home = urlsplit(self.page)
        return self.ask(where if "://" in where else f"{home.scheme}://{home.netloc}{where}")

    def sign_in(self, name: str) -> Answer:
        """Go to the page, fill in the form that this leads to, and come back."""
        form = self.follow(self.follow(self.ask("/")))
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
        fields = {name: html.unescape(value) for name, value in fields.items()}
        login = f"{urlsplit(self.page).scheme}://{urlsplit(self.page).netloc}/login"
        return self.follow(self.ask(login, {**fields, "username": name, "password": PASSWORD}))


@pytest.fixture(scope="module")
def decision(elsewhere) -> Decision:
    return elsewhere.router.route_event(elsewhere.put(draw_file("bicycle", 0, 5)[1]))


def person(app, name: str, group: str | None) -> str:
    """Add somebody to the pool."""
    cognito, pool = app.cloud.client("cognito-idp"), app.where["ReviewPool"]
    cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True)
    if group:
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    return name


@pytest.fixture(scope="module")
def anna(elsewhere) -> Browser:
    browser = Browser(elsewhere)
    assert browser.follow(browser.sign_in(person(elsewhere, "anna@example.com", "reviewer"))).status == 200
    return browser


@pytest.fixture(scope="module")
def vera(elsewhere) -> Browser:
    browser = Browser(elsewhere)
    assert browser.follow(browser.sign_in(person(elsewhere, "vera@example.com", "viewer"))).status == 200
    return browser


def shown(browser: Browser, decision: Decision) -> Answer:
    """The card, once the index has it."""
    path = f"/record?id={decision.decision_id}"
    return wait_for(lambda: (found := browser.ask(path)).status == 200 and found, 90)


def test_a_decision_is_shown_with_its_picture(vera, anna, decision):
    page = shown(vera, decision)
    assert decision.label in page.text
    assert "looking only" in page.text
    [address] = [html.unescape(src) for src in re.findall(r'<img [^>]*src="([^"]+)"', page.text)]
    home = urlsplit(vera.page)
    picture = vera.ask(f"{home.scheme}://{home.netloc}{address}")
    assert (picture.status, picture.headers["content-type"]) == (200, "image/png")
    assert picture.body.startswith(b"\x89PNG")
    [address_of_original] = [html.unescape(href) for href in re.findall(r'href="([^"]*/original[^"]+)"', page.text)]
    original = vera.ask(f"{home.scheme}://{home.netloc}{address_of_original}")
    assert (original.status, original.headers["content-type"]) == (200, "image/jpeg")
    assert original.body.startswith(b"\xff\xd8\xff")
    assert original.headers["x-content-type-options"] == "nosniff"
    assert vera.ask(f"/picture?id={decision.decision_id}").status == 403
    assert vera.ask(f"/original?id={decision.decision_id}").status == 403
    assert anna.ask(f"{home.scheme}://{home.netloc}{address}").status == 403
    assert vera.ask("/static/htmx.min.js").body == (ROOT / "review" / "static" / "htmx.min.js").read_bytes()


def test_a_reviewer_corrects_and_everybody_sees_it_at_once(vera, anna, decision, elsewhere):
    shown(anna, decision)
    form = {"id": decision.decision_id, "label": "motorcycle"}
    assert vera.ask("/correct", form).status == 403
    kept = anna.follow(anna.ask("/correct", form))
    assert "It is motorcycle" in kept.text
    assert "It is motorcycle" in vera.ask(f"/record?id={decision.decision_id}").text
    s3, bucket = elsewhere.cloud.client("s3"), elsewhere.where["CapturedBucket"]
    keys = [found["Key"] for found in s3.list_objects_v2(Bucket=bucket, Prefix="corrections/")["Contents"]]
    written = [s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys]
    assert any(decision.decision_id.encode() in correction for correction in written)
    assert not any(b"anna" in correction for correction in written)
    anna.follow(anna.ask("/undo", {}))
    assert "verdict" not in vera.ask(f"/record?id={decision.decision_id}").text


def test_charts_can_be_taken_away(vera, decision):
    shown(vera, decision)
    assert vera.ask("/charts").status == 200
    assert vera.ask("/charts/confidence.png").body.startswith(b"\x89PNG")
    assert decision.decision_id in vera.ask("/export.csv").text


def test_who_is_in_no_group_or_in_another_pool_stays_out(elsewhere):
    stranger = Browser(elsewhere)
    assert stranger.sign_in(person(elsewhere, "nobody@example.com", None)).status == 403
    assert stranger.ask("/").status == 303

    cognito = elsewhere.cloud.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="elsewhere")["UserPool"]["Id"]
    cognito.create_user_pool_domain(Domain="elsewhere", UserPoolId=pool)
    client = cognito.create_user_pool_client(
        UserPoolId=pool,
        ClientName="theirs",
        AllowedOAuthFlows=["code"],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthScopes=["openid"],
        CallbackURLs=[f"{stranger.page}/signed-in"],
        SupportedIdentityProviders=["COGNITO"],
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="eve", MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username="eve", Password=PASSWORD, Permanent=True)
    question = stranger.follow(stranger.ask("/")).headers["location"]
    own = re.search(r"client_id=(\w+)", question)
    assert own
    form = stranger.ask(question.replace(own[1], client))
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    fields = {name: html.unescape(value) for name, value in fields.items()}
    login = f"{urlsplit(stranger.page).scheme}://{urlsplit(stranger.page).netloc}/login"
    back = stranger.ask(login, {**fields, "username": "eve", "password": PASSWORD})
    assert stranger.follow(back).status == 401
    assert stranger.ask("/").status == 303


def test_a_real_browser_signs_in_corrects_and_signs_out(chromium, elsewhere, anna, decision):
    shown(anna, decision)
    name = person(elsewhere, "rita@example.com", "reviewer")
    page = chromium.new_page()
    complaints, hosts = [], set()
    page.on("console", lambda message: complaints.append((message.type, message.text, message.location["url"])))
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    page.goto(f"{anna.page}/record?id={decision.decision_id}")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.get_by_role("heading", name=f"Decision {decision.decision_id}").wait_for()
    page.wait_for_load_state()  # with its scripts
    wait_for(lambda: page.evaluate("document.querySelector('article img').naturalWidth > 0"))
    page.get_by_role("button", name="motorcycle").click()
    page.get_by_text("It is motorcycle").wait_for()
    page.locator("article.card").focus()
    page.keyboard.press("u")
    page.get_by_text("Undone: 1.").wait_for()
    page.get_by_role("link", name="Sign out").click()
    page.get_by_role("heading", name="You are signed out.").wait_for()
    page.goto(f"{anna.page}/")
    page.wait_for_selector("input[name=password]")
    assert not [said for said in complaints if said[0] == "error" and said[2].startswith(anna.page)]
    assert hosts == {urlsplit(anna.page).netloc}
    page.close()
