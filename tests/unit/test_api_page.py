"""The page that shows the API: what it offers depends on how callers are known."""

from types import SimpleNamespace
from typing import Any

import pytest

from lambdas.api.page import page, page_file
from signpost.api.openapi import document


def ask(name: str, authorisation: str) -> Any:
    services: Any = SimpleNamespace(configuration=SimpleNamespace(authorisation=authorisation))
    request: Any = SimpleNamespace(id="request", parameters={"file": name})
    return page_file(request, services) if name else page(request, services)


def test_without_tokens_there_is_no_authorize_and_nothing_to_send():
    assert ".auth-wrapper" in ask("page.css", "iam").body
    assert "supportedSubmitMethods: []" in ask("start.js", "iam").body
    assert ".auth-wrapper" not in ask("page.css", "cognito").body
    assert "supportedSubmitMethods" not in ask("start.js", "cognito").body


@pytest.mark.parametrize("authorisation", ["iam", "cognito"])
def test_the_page_has_a_title_and_dark_colours(authorisation: str):
    html, style = ask("", authorisation), ask("page.css", authorisation)

    assert "<title>Signpost API</title>" in html.body
    assert 'href="docs/page.css"' in html.body
    assert (style.status, style.headers["Content-Type"]) == (200, "text/css; charset=utf-8")
    assert "prefers-color-scheme: dark" in style.body
    assert document(authorisation, ["vehicle"])["info"]["title"] == "Signpost API"
