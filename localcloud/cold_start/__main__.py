"""Measures cold starts and writes ``docs/cold-start.md``: ``make benchmark-cold-start``."""

from __future__ import annotations

import argparse
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from localcloud.cold_start.aws import answering
from localcloud.cold_start.functions import PACKAGE, ROOT, functions, known_answer, known_picture
from localcloud.cold_start.measure import measure_all
from localcloud.cold_start.page import write_page
from signpost.model.package import open_package
from training.machine import processor
from training.packaging import git_revision

_BUILD = ROOT / "build" / "cold-start"
_ROUNDS = 25
_LIBRARIES = ("boto3", "pydantic", "aws-lambda-powertools", "aws-xray-sdk", "numpy", "pillow", "ai-edge-litert")


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m localcloud.cold_start", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 round: a trial, written to build/")
    quick = parser.parse_args().quick
    picture = known_picture()
    answer = known_answer(picture)
    rounds = 1 if quick else _ROUNDS
    with answering(picture.png, answer) as url:
        found = measure_all(functions(picture, answer), url, rounds, _BUILD, print)
    page = (_BUILD if quick else ROOT / "docs") / "cold-start.md"
    write_page({**found, **_circumstances(), "trial": quick}, page)
    print(f"wrote {page.relative_to(ROOT)}")  # noqa: T201 - a command's last word


def _circumstances() -> dict[str, Any]:
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "git_revision": git_revision(ROOT),
        "model": open_package(PACKAGE).manifest.version,
        "processor": processor(),
        "cores": os.cpu_count(),
        "system": platform.platform(terse=True),
        "versions": {"Python": platform.python_version(), **{name: version(name) for name in _LIBRARIES}},
    }


if __name__ == "__main__":
    main()
