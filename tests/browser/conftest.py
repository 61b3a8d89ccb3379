"""A real Chromium, and the review page as `signpost review` opens it."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from localcloud.credentials import without_aws

ROOT = Path(__file__).parents[2]
START_SECONDS = 60


# Not for the session: while Playwright runs, nothing else can run an event loop in this thread.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("no chromium on the path (Debian: apt-get install chromium): these tests drive a real browser")
    with sync_playwright() as playwright:
        # As root there is no sandbox to be had; the pages are our own.
        chromium = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def open_review(tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Start `signpost review` on a folder, and give the address that it prints."""
    processes: list[subprocess.Popen[str]] = []

    def start(folder: Path, reviewer: str = "anna") -> str:
        command = [sys.executable, "-m", "cli.main", "review", "--from", str(folder), "--reviewer", reviewer]
        environment = without_aws(os.environ) | {"XDG_CACHE_HOME": str(tmp_path / "cache"), "COLUMNS": "200"}
        process = subprocess.Popen(
            [*command, "--no-browser"],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        processes.append(process)
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:\d+/\?token=\S+", said)
        assert found, said + process.stdout.read()
        return found[0]

    yield start
    for process in processes:
        process.send_signal(signal.SIGINT)
        process.wait(20)
        assert process.stdout
        process.stdout.close()
