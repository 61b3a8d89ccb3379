"""How quickly the page answers with 100,000 records, in a real Chromium: ``python -m review.benchmark``."""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
RECORDS, HOURS, REPEATS = 100_000, 24 * 30, 7
_LABELS = ("bicycle", "motorcycle")
_FILTERS = (("label", "motorcycle"), ("outcome", "review"), ("model", "v2"), ("state", "open"))


def generate(folder: Path, records: int) -> None:
    """Write captured records, a file an hour over 30 days."""
    rng = random.Random(7)  # noqa: S311 - no secret
    pictures = [_picture(rng) for _ in range(50)]
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for hour in range(HOURS):
        at = start + timedelta(hours=hour)
        lines = [_line(rng, pictures, at) for _ in range(records * hour // HOURS, records * (hour + 1) // HOURS)]
        path = folder / f"capture/signpost-vehicle/AllTraffic/{at:%Y/%m/%d/%H}/00-00-000-{uuid.uuid4()}.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text("".join(lines))


def main() -> None:
    """Generate, index, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=RECORDS)
    records = parser.parse_args().records
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as playwright:
        folder = Path(temporary) / "captured"
        generate(folder, records)
        started = time.perf_counter()
        server, address = _serve(folder, Path(temporary))
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            page = chromium.new_page()
            page.goto(address)
            _wait_for(page, f"{records:,} records")
            _say("all indexed after", [time.perf_counter() - started])
            home = page.url
            _say("first card", [_first_card(page, home) for _ in range(REPEATS)])
            for name, value in _FILTERS:
                _say(f"filter {name} = {value}", [_filter(page, home, name, value) for _ in range(REPEATS)])
            _say("the server alone", [_server(page, home) for _ in range(REPEATS)])
            _say("charts", [_charts(page, home) for _ in range(REPEATS)])
        finally:
            server.terminate()
            server.wait()


def _picture(rng: random.Random) -> str:
    buffer = io.BytesIO()
    Image.frombytes("RGB", (32, 32), rng.randbytes(32 * 32 * 3)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def _line(rng: random.Random, pictures: list[str], at: datetime) -> str:
    first = rng.random()
    probabilities = dict(zip(_LABELS, (first, 1 - first), strict=True))
    label = max(probabilities, key=probabilities.__getitem__)
    prediction = {"label": label, "confidence": probabilities[label], "probabilities": probabilities}
    answer = {
        "predictions": [prediction | {"threshold": 0.8, "energy": -5.0}],
        "model": {"name": "vehicle", "version": rng.choice(("v1", "v2"))},
        "timings_ms": {},
    }
    sides = {
        "endpointInput": {
            "observedContentType": "image/png",
            "mode": "INPUT",
            "data": rng.choice(pictures),
            "encoding": "BASE64",
        },
        "endpointOutput": {
            "observedContentType": "application/json",
            "mode": "OUTPUT",
            "data": json.dumps(answer),
            "encoding": "JSON",
        },
    }
    metadata = {
        "eventId": str(uuid.uuid4()),
        "inferenceId": str(uuid.uuid4()),
        "inferenceTime": f"{at + timedelta(seconds=rng.random() * 3599):%Y-%m-%dT%H:%M:%SZ}",
    }
    return json.dumps({"captureData": sides, "eventMetadata": metadata, "eventVersion": "0"}) + "\n"


def _serve(folder: Path, temporary: Path) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "cli.main", "review", "--from", str(folder), "--no-browser", "--reviewer", "me"]
    environment = {"PATH": "/usr/bin:/bin", "XDG_CACHE_HOME": str(temporary), "COLUMNS": "200"}
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    if server.stdout is None:
        raise RuntimeError("no output")
    return server, server.stdout.readline().split()[4]


def _wait_for(page: Page, count: str) -> None:
    page.locator(".count", has_text=count).wait_for(timeout=600_000)


def _first_card(page: Page, home: str) -> float:
    page.goto(f"{home}unreadable")
    started = time.perf_counter()
    page.get_by_role("link", name="Review", exact=True).click(no_wait_after=True)
    page.locator("article.card").first.wait_for()
    return time.perf_counter() - started


def _server(page: Page, home: str) -> float:
    started = time.perf_counter()
    page.request.get(home).body()
    return time.perf_counter() - started


def _filter(page: Page, home: str, name: str, value: str) -> float:
    page.goto(home)
    page.evaluate("document.querySelector('details').open = true")
    page.evaluate("document.querySelector('#cards').dataset.old = 'yes'")
    started = time.perf_counter()
    page.locator(f"select[name={name}]").select_option(value)
    page.locator("#cards:not([data-old]) article.card").first.wait_for()
    return time.perf_counter() - started


def _charts(page: Page, home: str) -> float:
    started = time.perf_counter()
    page.goto(f"{home}charts", wait_until="commit")
    page.locator("figure").first.wait_for()
    return time.perf_counter() - started


def _say(what: str, seconds: list[float]) -> None:
    found = f"median {1000 * statistics.median(seconds):,.0f} ms, slowest {1000 * max(seconds):,.0f} ms"
    print(f"{what}: {found}")  # noqa: T201 - a program's output


if __name__ == "__main__":
    main()
