"""A visit to the review page, and what is looked at during it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
SIZES = {
    "desktop": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
}
SERIOUS = {"serious", "critical"}


@contextmanager
def visit(browser: Browser, address: str, **options: object) -> Iterator[Page]:
    """Open an address; nothing but our own server may be asked, and no script may fail."""
    context = browser.new_context(accept_downloads=True, **options)
    page, wrong = context.new_page(), list[str]()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    host = urlsplit(address).netloc
    page.on("request", lambda request: wrong.append(request.url) if urlsplit(request.url).netloc != host else None)
    page.goto(address)
    yield page
    context.close()
    assert wrong == []


def check_accessible(page: Page) -> None:
    violations = Axe().run(page).response["violations"]
    serious = [entry for entry in violations if entry["impact"] in SERIOUS]
    assert serious == [], json.dumps([(e["id"], [n["html"] for n in e["nodes"]]) for e in serious], indent=1)


def picture_of(page: Page, name: str) -> None:
    """Take a screenshot; it replaces the one in the docs where that is asked for."""
    keep = "KEEP_SCREENSHOTS" in os.environ
    path = ROOT / "docs" / "img" / name if keep else None
    page.screenshot(path=path, type="jpeg", quality=80, animations="disabled")
