"""Measures the servers and writes ``docs/serving-benchmark.md``: ``make benchmark-serving``."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from serving.benchmark.install import BenchmarkError, export_saved_model, find_wrk, install, versions
from serving.benchmark.measure import measure_all
from serving.benchmark.page import write_page
from serving.benchmark.pictures import describe, draw_pictures
from serving.benchmark.servers import BUILD, CORES, NAMES, OURS, PACKAGE, ROOT, SERVERS
from signpost.model.package import open_package
from signpost.terminal.console import make_console
from training.machine import processor
from training.packaging import git_revision

DOCS = ROOT / "docs"
_SECONDS, _ROUNDS = 5, 3


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m serving.benchmark", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1 second a load, 1 round: a trial, written to build/")
    parser.add_argument("--only", nargs="+", choices=list(NAMES), help="these servers: a trial too")
    options = parser.parse_args()
    console = make_console(stderr=True)
    plan = {"trial": bool(options.quick or options.only), "seconds": _SECONDS, "rounds": _ROUNDS}
    if options.quick:
        plan |= {"seconds": 1, "rounds": 1}
    try:
        figures = {**plan, **_measure(options.only or list(NAMES), plan["seconds"], plan["rounds"], console)}
    except BenchmarkError as error:
        console.print(str(error))
        return 1
    page = (BUILD if plan["trial"] else DOCS) / "serving-benchmark.md"
    page.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    write_page(figures, page)
    console.print(f"wrote {page.relative_to(ROOT)}")
    return 0


def _measure(names: list[str], seconds: int, rounds: int, console: Console) -> dict[str, Any]:
    wrk = find_wrk()
    missing = _install_all([name for name in names if name != OURS], console)
    export_saved_model()
    pictures = draw_pictures(BUILD / "pictures", PACKAGE)
    present = [name for name in names if name not in missing]
    servers = [server for server in SERVERS if server.name in present]
    found = measure_all(servers, pictures, seconds, rounds, console.print)
    return {
        "command": "make benchmark-serving",
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "git_revision": git_revision(ROOT),
        "model": open_package(PACKAGE).manifest.version,
        "machine": {
            "processor": processor(),
            "cores": CORES,
            "python": platform.python_version(),
            "system": platform.platform(terse=True),
            "wrk": wrk,
        },
        "pictures": {kind: describe(files) for kind, files in pictures.items()},
        "versions": {name: versions(name) for name in present},
        "not_installed": missing,
        **found,
    }


def _install_all(names: list[str], console: Console) -> dict[str, str]:
    """Install what is not yet, and say why what can't be."""
    BUILD.mkdir(parents=True, exist_ok=True)
    missing: dict[str, str] = {}
    for name in names:
        console.print(f"installing {NAMES[name]} …")
        try:
            install(name)
        except BenchmarkError as error:
            missing[name] = str(error)
            console.print(str(error))
    return missing


if __name__ == "__main__":
    sys.exit(main())
