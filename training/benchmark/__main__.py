"""Measures what is asked for and writes ``docs/results.md``: ``make benchmark-training DATA=folder``."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from signpost.terminal.console import make_console
from training.benchmark.accuracy import measure_accuracy
from training.benchmark.memory import measure_memory
from training.benchmark.page import write_page
from training.benchmark.pipeline import measure_pipeline
from training.recipe import recipes

ROOT = Path(__file__).resolve().parents[2]
RESULTS, PAGE = ROOT / "docs/results.json", ROOT / "docs/results.md"
_OTHERS = ("pipeline", "memory")


def main() -> None:
    """Run the command; what was measured before and is not asked for stays on the page."""
    parser = argparse.ArgumentParser(prog="python -m training.benchmark", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join((*recipes(), *_OTHERS))}; default all")
    parser.add_argument("--data", type=Path, required=True, help="folder that holds the archives of the recipes")
    parser.add_argument("--out", type=Path, default=ROOT / "build/benchmark", help="folder of the packages")
    options = parser.parse_args()
    console = make_console(stderr=True)
    results = json.loads(RESULTS.read_text()) if RESULTS.is_file() else {}
    for what in options.what or (*recipes(), *_OTHERS):
        console.rule(what)
        if what == "pipeline":
            results[what] = measure_pipeline()
        elif what == "memory":
            results[what] = measure_memory()
        else:
            results.setdefault("accuracy", {})[what] = measure_accuracy(what, options.data, options.out / what)
        RESULTS.write_text(json.dumps(results, indent=2) + "\n")
        write_page(results, PAGE)
    console.print(f"wrote {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
