"""``signpost evaluate`` explains its figures."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.unit.sample_datasets import noise


@pytest.fixture(scope="module")
def labelled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    for label in ("bicycle", "motorcycle"):
        (folder / label).mkdir()
        for n in range(3):
            (folder / label / f"{n}.png").write_bytes(noise(n))
    (folder / "bicycle" / "notes\x1b.txt").write_text("no image")
    return folder


def test_figures_have_units_intervals_and_a_meaning(labelled: Path):
    figures = json.loads(CliRunner().invoke(app, ["evaluate", "--data", str(labelled), "--json"]).stdout)
    shown = CliRunner().invoke(app, ["evaluate", "--data", str(labelled)]).stdout

    lines = {line.split("  ")[0]: line for line in shown.splitlines()}
    low, high = figures["accuracy_95"]
    assert f"{100 * figures['accuracy']:.1f} %" in lines["accuracy"]
    assert f"{100 * low:.1f} % to {100 * high:.1f} %" in lines["accuracy"]
    assert "images whose most probable label is the true one" in lines["accuracy"]
    assert "6 " in lines["images"]
    assert "1 more were skipped" in lines["images"]
    assert {"to review", "correct when routed", "macro F1", "calibration error"} <= set(lines)
    assert any(line.startswith(r"skipped bicycle/notes\x1b.txt: ") for line in shown.splitlines())


def test_the_mistakes_of_every_label_are_counted(labelled: Path):
    figures = json.loads(CliRunner().invoke(app, ["evaluate", "--data", str(labelled), "--json"]).stdout)
    shown = CliRunner().invoke(app, ["evaluate", "--data", str(labelled)]).stdout

    for n, label in enumerate(figures["labels"]):
        wrong = figures["confusion"][n][1 - n]
        [line] = [line for line in shown.splitlines() if line.startswith(f"{label} ")]
        assert (f"{wrong} {figures['labels'][1 - n]}" in line) == bool(wrong)
