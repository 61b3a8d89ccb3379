"""What strangers send runs nothing in a real browser."""

from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, expect

from localcloud.sagemaker.capture import Payload
from tests.browser.browsing import SIZES, check_accessible, visit
from tests.unit.captured_folder import JSON, add, answer, write_line
from tests.unit.sample_datasets import noise

SCRIPT = "\"'><script>document.title = 'run'</script><img src=x onerror=\"document.title = 'run'\">"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='document.title = \"run\"'><script>alert(1)</script></svg>"


def test_hostile_records_run_nothing(browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder, picture = tmp_path / "captured", Payload("image/png", noise(1))
    label = SCRIPT.replace('"', '\\"')
    named = f'{{"probabilities": [0.1, 0.9], "labels": ["x", "{label}"]}}'.encode()
    add(folder, SCRIPT, picture, Payload(JSON, named), endpoint="<script>document.title = 'run'<")
    add(folder, "svg", Payload("image/svg+xml", SVG), answer(0.9))
    add(folder, "html", Payload("image/png", b"<html><script>document.title = 'run'</script>"), answer(0.9))
    write_line(folder, f"junk {SCRIPT}".encode(), endpoint="<img src=x onerror=\"document.title = 'run'\">")
    with visit(browser, open_review(folder, SCRIPT), **SIZES["desktop"]) as page:
        cards = page.locator("article.card")
        expect(cards).to_have_count(3)
        expect(page.get_by_text("SVG, HTML or other markup")).to_have_count(2)
        check_accessible(page)
        hostile = page.locator("article.card", has_text="onerror").first
        hostile.focus()
        page.keyboard.press("a")
        expect(page.locator(".verdict")).to_have_count(1)
        hostile.locator("h2 a").click()
        expect(page.locator("h1")).to_contain_text("<script>")
        for name in ("Charts", "Unreadable"):
            page.get_by_role("link", name=name, exact=True).click()
            check_accessible(page)
        expect(page.locator("tbody tr")).to_have_count(1)
        assert "run" not in page.title().split()
