"""`make demo`, in a clone in a folder with a difficult name, for a user whose home folder cannot be written to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.localcloud.running_cloud import free_port

pytestmark = pytest.mark.slow


def test_a_clone_in_any_folder_runs_the_demo(tmp_path: Path) -> None:
    # GIVEN a clone with everything that is in this checkout and not ignored
    clone = tmp_path / "my clone é's"
    subprocess.run(["git", "clone", "--quiet", ROOT, clone], check=True)
    changed = subprocess.run(["git", "diff", "--binary", "HEAD"], cwd=ROOT, check=True, capture_output=True).stdout
    if changed:
        subprocess.run(["git", "apply"], cwd=clone, input=changed, check=True)
    environment = {name: value for name, value in os.environ.items() if name != "SIGNPOST_STATE"}
    environment |= {"HOME": "/nonexistent"}
    try:
        # WHEN the demo runs
        demo = ["make", "demo", f"PYTHON={sys.executable}", f"PORT={free_port()}"]
        done = subprocess.run(demo, cwd=clone, env=environment, capture_output=True, text=True)
        # THEN pictures are routed
        assert done.returncode == 0, done.stdout + done.stderr
        assert "nearby-orders" in done.stdout
        assert "Traceback" not in done.stdout + done.stderr
    finally:
        subprocess.run(["make", "down"], cwd=clone, env=environment, check=True)
