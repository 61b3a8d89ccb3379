"""Labels of any script work from the settings to the training archives."""

import json
import unicodedata
from pathlib import Path

import pytest

from localcloud.sagemaker.capture import Payload
from signpost.model.package import parse_manifest
from signpost.settings.file import load_settings
from stepfunctions import routing
from tests.unit import review_page
from tests.unit.captured_folder import JSON, add
from tests.unit.review_page import ReviewPage
from tests.unit.sample_datasets import noise, pack_tar
from tests.unit.test_state_machines import evaluate
from training.data.folders import open_pictures

LABELS = ["自転車", "vélo", "мотоцикл", "साइकिल"]
NOW = "2026-01-02T03:04:05.000Z"
SETTINGS = """
[app]
default_classifier = "vehicle"
[classifiers.vehicle]
model = "models/vehicle"
thresholds = { "vélo" = 0.7 }
[classifiers.vehicle.routes]
near = { labels = ["自転車", "vélo", "साइकिल"] }
far = { labels = ["мотоцикл"] }
"""


def _decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


@pytest.mark.parametrize("written", [SETTINGS, _decomposed(SETTINGS)], ids=["NFC", "NFD"])
def test_settings_take_labels_however_they_are_typed(written: str, tmp_path: Path):
    (tmp_path / "signpost.toml").write_text(written, encoding="utf-8")

    vehicle = load_settings(tmp_path / "signpost.toml").classifiers["vehicle"]

    assert sorted(vehicle.route_of) == sorted(LABELS)
    assert vehicle.thresholds == {"vélo": 0.7}


def test_every_label_has_a_branch_of_the_state_machine(tmp_path: Path):
    (tmp_path / "signpost.toml").write_text(SETTINGS, encoding="utf-8")
    settings = load_settings(tmp_path / "signpost.toml")

    machine = json.loads(json.dumps(routing.build(settings)))

    for label, route in settings.classifiers["vehicle"].route_of.items():
        decision = {"outcome": "routed", "classifier": "vehicle", "label": label, "route": route}
        context = {"State": {"EnteredTime": NOW}, "Execution": {"StartTime": NOW}}
        taken = [
            rule["Next"]
            for rule in machine["States"]["Where to?"]["Choices"]
            if evaluate(rule["Condition"], {"decision": decision, "classifier": "vehicle"}, context=context)
        ]
        assert taken == [f"vehicle: {label} → {route}"]


def test_a_manifest_has_the_labels_of_the_settings(vehicle_package: Path):
    manifest = json.loads((vehicle_package / "manifest.json").read_text())
    manifest |= {"labels": ["自転車", _decomposed("vélo")], "thresholds": {"自転車": 0.5, _decomposed("vélo"): 0.5}}

    assert parse_manifest(json.dumps(manifest).encode(), "test").labels == ["自転車", "vélo"]


def test_archives_of_any_system_have_the_labels_of_the_model(tmp_path: Path):
    files = {f"{_decomposed(label)}/{n}.png": noise(n) for n, label in enumerate(LABELS)}

    found = open_pictures(pack_tar(tmp_path / "images.tar.gz", files), LABELS)

    assert sorted(label for label, _, _ in found.pictures) == sorted(LABELS)
    assert found.skipped == []


def test_the_review_page_shows_and_corrects_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    text = SETTINGS.replace('model = "models/vehicle"', 'hosting = "off"')
    (tmp_path / "signpost.toml").write_text(text, encoding="utf-8")
    monkeypatch.setattr(review_page, "SETTINGS", load_settings(tmp_path / "signpost.toml"))
    answer = {"probabilities": [0.1, 0.2, 0.3, 0.4], "labels": LABELS}
    add(tmp_path / "captured", "a", Payload("image/png", noise(1)), Payload(JSON, json.dumps(answer).encode()))
    page = ReviewPage(tmp_path / "captured")

    assert [label for label in LABELS if label not in page.get("/").text] == []
    assert page.correct("a", "vélo") == 200
    assert page.said() == {"a": {"anna": "vélo"}}
