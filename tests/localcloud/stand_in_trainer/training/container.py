"""A program with SageMaker's container contract that "trains" what lies ready in its data channel.

Each archive there holds what a job leaves (`model/…`, `output/data/…`), or a file `failure` with the reason to fail.
"""

import os
import sys
import tarfile
from pathlib import Path

ROOT = Path(os.environ["SIGNPOST_ML_ROOT"])


def main() -> None:
    archive = min((ROOT / "input" / "data" / "data").glob("*.tar.gz"))
    sys.stdout.write(f"training on {archive.name}\n")
    with tarfile.open(archive) as tar:
        tar.extractall(ROOT, filter="data")
    if (failure := ROOT / "failure").exists():
        (ROOT / "output" / "failure").write_text(failure.read_text())
        sys.exit(1)


if __name__ == "__main__":
    main()
