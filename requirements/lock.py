"""Resolves every dependency at once, then writes one hash-locked file per use.

``make lock`` keeps the versions that are locked and adds what is new; ``make lock UPGRADE=1`` takes the newest of each.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
USES = {
    "demo": ["lambdas", "serving", "review", "cli", "infrastructure", "local", "heic"],
    "test": ["lambdas", "serving", "review", "cli", "infrastructure", "local", "heic", "test"],
    "training": ["training", "cli", "heic"],
    "serving": ["serving"],
    "container": ["container"],
}
OPTIONS = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"]
OPTIONS += ["--no-emit-index-url", "--no-annotate", "--no-header", *sys.argv[1:]]


def _compile(source: str, target: Path, *more: str) -> None:
    command = [str(ROOT / ".venv/bin/uv"), "pip", "compile", *OPTIONS, *more, source, "-o", str(target)]
    subprocess.run(command, check=True, cwd=ROOT)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        everything = Path(folder) / "all.txt"
        # uv prefers the versions that its output file already has.
        everything.write_text("\n".join((FOLDER / f"{use}.txt").read_text(encoding="utf-8") for use in USES))
        _compile("pyproject.toml", everything, "--all-extras", "--constraint", str(FOLDER / "constraints.txt"))
        for use, extras in USES.items():
            chosen = [part for extra in extras for part in ("--extra", extra)]
            _compile("pyproject.toml", FOLDER / f"{use}.txt", *chosen, "--constraint", str(everything))
    _compile(str(FOLDER / "uv.in"), FOLDER / "uv.txt")
