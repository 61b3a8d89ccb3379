"""The page of results is written from what was measured."""

from pathlib import Path
from typing import Any

from training.benchmark.page import write_page

MACHINE = {"processor": "Some processor", "cores": 2, "python": "3.11.7", "libraries": "keras 3", "date": "2026-11-21"}
TEST: dict[str, Any] = {
    "n": 100,
    "accuracy": 0.97,
    "accuracy_95": [0.9155, 0.9897],
    "macro_f1": 0.97,
    "ece_before_calibration": 0.05,
    "ece": 0.02,
    "review": 0.1,
    "review_95": [0.05, 0.17],
    "precision_routed": None,
    "precision_routed_95": [0.0, 1.0],
}
RECIPE = {
    "test": TEST,
    "strange": {"classes never seen": {"n": 5, "auroc": 0.9, "routed_by_mistake": 0.2, "routed_by_mistake_95": [0, 1]}},
    "train_n": 771,
    "parameters": 320_000,
    "bytes": 1_700_000,
    "seconds": 600,
    "peak_mb": 1500,
    "official": False,
    "git_revision": "0123456789abcdef",
    "machine": MACHINE,
}


def test_each_figure_stands_with_its_interval_command_and_machine(tmp_path: Path):
    page = tmp_path / "results.md"

    write_page({"accuracy": {"vehicle": RECIPE}, "memory": {"peak_mb": 2000, "pictures": 9, "machine": MACHINE}}, page)

    text = page.read_text()
    assert "97.0% (91.5% to 99.0%)" in text
    assert "make benchmark-training DATA=folder WHAT=vehicle" in text
    assert "archives that are smaller than the official ones" in text
    assert "Some processor, 2 cores" in text
    assert "| none |" in text
    assert "2,000 MB" in text
    assert "Input pipeline" not in text
