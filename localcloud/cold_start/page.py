"""Writes ``docs/cold-start.md`` from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from localcloud.cold_start.bundles import PLAIN, SHIPPED, TRIMMED
from stacks.constructs.bundling import MAX_BYTES

_KINDS = (SHIPPED, TRIMMED, PLAIN)


def write_page(figures: dict[str, Any], page: Path) -> None:
    """Write the page.

    Parameters
    ----------
    figures : dict
        What `localcloud.cold_start.__main__.measure_all` found, and ``date``, ``git_revision``, ``model``,
        ``processor``, ``cores``, ``system``, ``versions`` and ``trial``.
    page : Path
    """
    waited = {title: f for title, f in figures["functions"].items() if f["answers"]}
    others = {title: f for title, f in figures["functions"].items() if not f["answers"]}
    parts = [
        _head(figures),
        f"## To the first answer\n\n{_times(waited)}\n",
        f"## To the imported handler\n\nNo picture waits for these.\n\n{_times(others)}\n",
        f"## Sizes\n\nMB unzipped.\n\n{_sizes(figures['functions'])}\n",
        _versions(figures),
    ]
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("\n".join(parts))


def _head(f: dict[str, Any]) -> str:
    trial = "\n**This is a trial of the command, and its figures are no results.**\n" if f["trial"] else ""
    return f"""# Cold starts

What a function has to load before it can answer for the first time, and how long that takes. Measured by
`make benchmark-cold-start` on {f["date"]} at revision `{f["git_revision"][:12]}`: {f["processor"]},
{f["cores"]} cores. **Not run on AWS**: compare the ratios, not the milliseconds.
{trial}
What is done about it:

- Wheels are trimmed to what a function loads, their licences kept in `licences/`. No function may be larger than
  {MAX_BYTES / 1e6:.0f} MB unzipped: a larger one stops the deployment and names its largest parts.
- Everything is compiled beforehand, by the Python version of the function, and Python is told not to compare times or
  sources (PEP 552, unchecked hashes). If the machine that deploys has no such Python, uv downloads one; where that
  fails, the deployment says so and the functions start as "trimmed, not compiled" below.
- A function imports what it needs: Classify with its predictor inside makes a client of S3 only for a picture too
  large to travel inline, the others load botocore without the rest of boto3, none loads the settings of the
  whole app, and Pydantic looks for no plugins.
- Functions that load LiteRT run on x86-64: its wheels for arm64 need GLIBCXX_3.4.30, and Lambda's image has 3.4.29.
  Bundling compares the symbol versions of every library with those of the image. On arm64, Lambda may also lack
  `/sys/devices/system/cpu`, without which LiteRT does not use XNNPACK. Measured here with that delegate switched off
  (`BUILTIN_WITHOUT_DEFAULT_DELEGATES`, one thread, 400 images, the fastest): 2.1 ms instead of 0.36 ms for the 32 × 32
  network of `models/vehicle`, about six times as slow.

How it is measured:

- From the start of the process to the first answer, which is checked to be the right one. The kinds of bundle take
  turns, rounds: {f["rounds"]}; median, with the smallest and largest in brackets. What else runs on the machine makes
  figures larger, so the smallest are the least disturbed; the second ratio is theirs. Python alone takes
  {_spread(f["python"])} ms of each figure.
- The functions on AWS are arm64 (x86-64 where they load LiteRT): the same wheels for this machine are bundled by the
  same code. Files are in the page cache; Lambda also fetches the zip and starts a virtual machine, and gives a function
  with little memory a share of a core.
- "{PLAIN}" is what `pip install --target` leaves: whole wheels with all that they name as needed, no compiled
  files. The functions' own code is the same in all three.
- boto3 is that of this machine and has its compiled files ("{PLAIN}" brings its own botocore, without). Whether
  Lambda's own has them is not known here. S3 and the endpoint answer at once, from another process.
"""


def _times(functions: dict[str, Any]) -> str:
    rows = []
    for title, found in functions.items():
        times = [found["ms"][kind] for kind in _KINDS]
        ratios = [f"{of(found['ms'][PLAIN]) / of(found['ms'][SHIPPED]):.2f}" for of in (median, min)]
        rows.append([title, *map(_spread, times), *ratios])
    return _table(("ms", *_KINDS, f"{PLAIN} ÷ {SHIPPED}", "of the smallest"), rows)


def _sizes(functions: dict[str, Any]) -> str:
    rows = [[title, *(f"{found['mb'][kind]:.1f}" for kind in _KINDS)] for title, found in functions.items()]
    return _table(("function", *_KINDS), rows)


def _versions(f: dict[str, Any]) -> str:
    listed = ", ".join(f"{name} {version}" for name, version in f["versions"].items())
    return f"## Versions\n\n{f['system']}, {listed}; model vehicle {f['model']}.\n"


def _spread(numbers: Sequence[float]) -> str:
    return f"{median(numbers):.0f} ({min(numbers):.0f} to {max(numbers):.0f})"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))
