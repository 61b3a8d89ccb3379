"""A person's whole visit to the review page, in a real browser, on a desktop and on a phone."""

import base64
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser, expect

from signpost.aws.files import Folder
from signpost.capture.json_lines import Lines
from tests.browser.browsing import SIZES, check_accessible, picture_of, visit
from tests.browser.review_folder import fill


def said(folder: Path) -> dict[str, dict[str, str]]:
    """What the files say: by decision and person, the label."""
    found = Lines(Folder(folder)).corrections("corrections/").standing
    return {name: {who: one.label for who, one in people.items()} for name, people in found.items()}


@pytest.mark.parametrize("size", SIZES)
def test_a_whole_visit(size: str, browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder = tmp_path / "captured"
    fill(folder)
    address = open_review(folder)
    with visit(browser, address, **SIZES[size]) as page:
        # Open: the most doubtful first, and more on request.
        expect(page.locator(".count")).to_have_text("60 records")
        cards = page.locator("article.card")
        expect(cards).to_have_count(24)
        expect(cards.first).to_contain_text("motorcycle")
        expect(cards.first).to_contain_text("52.0 %")
        expect(page.locator("img").first).not_to_have_js_property("naturalWidth", 0)
        picture_of(page, f"review-{size}.jpg")
        check_accessible(page)
        page.get_by_role("link", name="More").click()
        expect(cards).to_have_count(48)
        # Filter.
        page.get_by_label("Label").select_option("bicycle")
        expect(page.locator(".count")).to_have_text("29 records")
        page.get_by_label("Label").select_option("")
        expect(page.locator(".count")).to_have_text("60 records")
        page.get_by_text("More filters").click()
        page.get_by_label("Id begins with").fill("decision-00")
        page.get_by_label("Id begins with").press("Enter")
        expect(page.locator(".count")).to_have_text("10 records")
        # Correct by keyboard: the first is a bicycle, the next is what the model says.
        page.locator("h1").click()
        page.keyboard.press("s")
        expect(cards.first).to_be_focused()
        page.keyboard.press("1")
        expect(cards.nth(0)).to_contain_text("✗ It is bicycle, says anna.")
        expect(cards.nth(1)).to_be_focused()
        page.keyboard.press("a")
        expect(cards.nth(1)).to_contain_text("✓ Right, says anna.")
        page.keyboard.press("s")
        page.keyboard.press("0")
        expect(cards.nth(3)).to_contain_text("✗ It is none of these, says anna.")
        assert said(folder) == {
            "decision-000": {"anna": "bicycle"},
            "decision-001": {"anna": "motorcycle"},
            "decision-003": {"anna": "none of these"},
        }
        # Undo.
        page.keyboard.press("u")
        expect(page.locator("#notice")).to_have_text("Undone: 1.")
        expect(cards.nth(3).locator(".verdict")).to_have_count(0)
        # Accept several.
        page.get_by_role("button", name="Check all shown").click()
        page.get_by_role("button", name="Accept the checked").click()
        expect(page.locator("#notice")).to_have_text("Accepted 10.")
        assert set(said(folder)["decision-000"].values()) == {"motorcycle"}
        page.get_by_role("button", name="Undo").click()
        expect(page.locator("#notice")).to_have_text("Undone: 9.")
        picture_of(page, f"review-corrected-{size}.jpg")
        check_accessible(page)
        # A deep link.
        page.get_by_role("link", name="motorcycle").first.click()
        expect(page.locator("h1")).to_contain_text("decision-0")
        check_accessible(page)


def test_charts_change_and_are_exported(browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder = tmp_path / "captured"
    fill(folder)
    with visit(browser, open_review(folder), **SIZES["desktop"]) as page:
        page.get_by_role("link", name="Charts").click()
        calibration = page.locator("#chart-calibration")
        expect(calibration).to_contain_text("No record was reviewed yet.")
        page.get_by_role("link", name="Review", exact=True).click()
        page.get_by_role("button", name="Check all shown").click()
        page.get_by_role("button", name="Accept the checked").click()
        expect(page.locator("#notice")).to_have_text("Accepted 24.")
        page.get_by_role("link", name="Charts").click()
        expect(calibration).to_contain_text("Of 24 reviewed records")
        picture_of(page, "review-charts.jpg")
        check_accessible(page)
        page.get_by_label("Label").select_option("bicycle")
        expect(page.locator(".count")).to_contain_text("29 records")
        with page.expect_download() as download:
            page.get_by_role("link", name="CSV").click()
        assert len(download.value.path().read_text().splitlines()) == 30
        with page.expect_download() as download:
            page.get_by_role("link", name="PNG of Drift").click()
        assert download.value.path().read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("size", SIZES)
def test_in_the_dark(size: str, browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder = tmp_path / "captured"
    fill(folder, 6)
    with visit(browser, open_review(folder), color_scheme="dark", **SIZES[size]) as page:
        page.keyboard.press("s")
        page.keyboard.press("1")
        expect(page.locator(".verdict")).to_have_count(1)
        picture_of(page, f"review-dark-{size}.jpg")
        check_accessible(page)
        # Nothing is wider than the screen.
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.get_by_role("link", name="Charts").click()
        check_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_two_reviewers_see_that_they_disagree(browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder = tmp_path / "captured"
    fill(folder, 3)
    for reviewer, key in (("anna", "1"), ("bob", "2")):
        with visit(browser, open_review(folder, reviewer), **SIZES["desktop"]) as page:
            page.keyboard.press("s")
            page.keyboard.press(key)
            expect(page.locator(".verdict")).to_have_count(1)
    with visit(browser, open_review(folder, "carla"), **SIZES["desktop"]) as page:
        expect(page.locator(".verdict")).to_have_text("People disagree: anna says bicycle; bob says motorcycle.")
        page.locator("select[name=state]").select_option("conflict")
        expect(page.locator(".count")).to_have_text("1 record")
    assert said(folder)["decision-000"] == {"anna": "bicycle", "bob": "motorcycle"}


def test_without_scripts_it_works_too(browser: Browser, open_review: Callable[..., str], tmp_path: Path):
    folder = tmp_path / "captured"
    fill(folder, 3)
    with visit(browser, open_review(folder), java_script_enabled=False) as page:
        page.get_by_role("button", name="bicycle").first.click()
        expect(page.locator(".verdict")).to_have_text("✗ It is bicycle, says anna.")
        page.get_by_role("button", name="Undo").click()
        expect(page.locator(".verdict")).to_have_count(0)
    assert said(folder) == {}


def test_records_of_real_endpoints_are_shown(
    browser: Browser, open_review: Callable[..., str], tmp_path: Path, shared_data: Path
):
    folder = tmp_path / "captured"
    shutil.copytree(shared_data / "captured-data", folder)
    records = {
        json.loads(line)["eventMetadata"]["eventId"]: (file, json.loads(line))
        for file in folder.glob("*/*.jsonl")
        for line in file.read_text().splitlines()
    }
    with visit(browser, open_review(folder), **SIZES["desktop"]) as page:
        expect(page.locator("article.card")).to_have_count(len(records))
        for event, (_, record) in records.items():
            card = page.locator(f'article.card[aria-label$="{event}"]')
            card.scroll_into_view_if_needed()
            sides = record["captureData"]
            bicycle, motorcycle = json.loads(sides["endpointOutput"]["data"])
            for label, value in (("bicycle", bicycle), ("motorcycle", motorcycle)):
                row = card.locator("tr", has_text=label)
                expect(row.locator(".number")).to_have_text(f"{100 * value:.1f} %")
            expect(card.locator("h2 a")).to_have_text("bicycle" if bicycle > motorcycle else "motorcycle")
            shown = page.request.get(page.url + card.locator("img").get_attribute("src").lstrip("/")).body()
            assert shown != base64.b64decode(sides["endpointInput"]["data"])
            assert pixels(shown) == pixels(base64.b64decode(sides["endpointInput"]["data"]))
        for image in page.locator("img").all():
            expect(image).not_to_have_js_property("naturalWidth", 0)


def pixels(content: bytes) -> bytes:
    with Image.open(io.BytesIO(content)) as image:
        return image.convert("RGB").tobytes()
