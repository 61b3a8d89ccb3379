"""What a shadow says is compared with production, picture by picture, whatever order and ids the records have."""

import datetime as dt
import json

import pytest
from typer.testing import CliRunner

from cli import shadow as command
from cli.main import app
from localcloud.sagemaker.capture import Payload, capture_record, object_key
from signpost.aws.files import Bucket as Files
from signpost.capture.json_lines import Lines
from signpost.capture.shadow import compare
from signpost.errors import SettingsError
from signpost.routing.contracts import Answer, ModelRef, Prediction
from signpost.settings.file import load_settings
from tests.conftest import ROOT
from tests.unit.stored_objects import AT, BOTH, CapturedBucket

ROUTES = {"bicycle": "near", "motorcycle": "far"}
SETTINGS = """
[app]
name = "signpost"
default_classifier = "vehicle"
[classifiers.vehicle]
model = "models/vehicle"
{hosting}
[classifiers.vehicle.routes]
near = {{ labels = ["bicycle"] }}
far = {{ labels = ["motorcycle"] }}
[classifiers.vehicle.endpoint]
{endpoint}
[classifiers.vehicle.shadow]
model = "models/candidate"
percent = {percent}
"""

ENDPOINT = "signpost-vehicle-realtime-m5-large"


class Bucket(CapturedBucket):
    """Captured records of two variants."""

    def captured(self, variant, picture, label, confidence, minute=0, options=BOTH):
        other = "motorcycle" if label == "bicycle" else "bicycle"
        prediction = Prediction(
            label=label,
            confidence=confidence,
            probabilities={label: confidence, other: 1 - confidence},
            threshold=0.6,
            energy=-4,
        )
        model = ModelRef(name="vehicle", version="1" if variant == "AllTraffic" else "2")
        answer = Answer(predictions=[prediction], model=model, timings_ms={}).model_dump_json().encode()
        at = AT + dt.timedelta(minutes=minute)
        headers = {"JsonContentTypes": ["application/json"]}
        record = capture_record(
            {"CaptureOptions": options, "CaptureContentTypeHeader": headers},
            Payload("image/png", picture),
            Payload("application/json", answer),
            None,
            at,
        )
        self.objects[object_key("capture", ENDPOINT, variant, at)] = json.dumps(record).encode()


@pytest.fixture
def bucket(s3_client):
    return Bucket(s3_client)


def compared(bucket):
    return compare(Lines(Files(bucket.client, "captured")), f"capture/{ENDPOINT}/", ROUTES, {})


def test_pictures_of_both_are_compared_and_others_counted(bucket):
    # GIVEN one of whom they say the same, one that the shadow sends elsewhere, one that it is less sure of
    for picture, ours, theirs in (
        (b"a", ("bicycle", 0.9), ("bicycle", 0.95)),
        (b"b", ("bicycle", 0.9), ("motorcycle", 0.8)),
        (b"c", ("motorcycle", 0.9), ("motorcycle", 0.55)),
    ):
        bucket.captured("AllTraffic", picture, *ours)
        bucket.captured("Shadow", picture, *theirs)
    # AND some that only one was asked
    bucket.captured("AllTraffic", b"d", "bicycle", 0.9)
    bucket.captured("Shadow", b"e", "bicycle", 0.9)
    found = compared(bucket)
    assert (found.pairs, found.same_label, found.same_decision) == (3, 2, 1)
    assert found.changes == {("near", "far"): 1, ("far", "review"): 1}
    assert sorted(found.shifts) == pytest.approx([-0.7, -0.35, 0.05])
    assert (found.only_production, found.only_shadow) == (1, 1)
    assert (found.production, found.shadow) == ({"1"}, {"2"})


def test_of_a_picture_that_was_asked_twice_the_latest_answers_count(bucket):
    for minute, label in enumerate(("bicycle", "motorcycle")):
        bucket.captured("AllTraffic", b"a", "motorcycle", 0.9, minute)
        bucket.captured("Shadow", b"a", label, 0.9, minute)
    assert (compared(bucket).pairs, compared(bucket).same_label) == (1, 1)


def test_a_record_without_one_of_its_sides_is_named_and_skipped(bucket):
    bucket.captured("AllTraffic", b"a", "bicycle", 0.9)
    bucket.captured("Shadow", b"a", "bicycle", 0.9, options=BOTH[:1])
    found = compared(bucket)
    assert found.pairs == 0
    assert "the output was not captured" in found.bad[0]


def settings_of(folder, hosting="", endpoint="", percent=20):
    file = folder / "signpost.toml"
    file.write_text(SETTINGS.format(hosting=hosting, endpoint=endpoint, percent=percent))
    return load_settings(file)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_shows_what_would_go_elsewhere(bucket, tmp_path, monkeypatch, as_json):
    for variant, label in (("AllTraffic", "bicycle"), ("Shadow", "motorcycle")):
        bucket.captured(variant, b"a", label, 0.9)
    settings = settings_of(tmp_path)
    assert settings.classifiers["vehicle"].shadow.model == tmp_path / "models/candidate"
    monkeypatch.setattr(command, "settings", lambda: settings)
    monkeypatch.setattr(command, "find_deployment", lambda _: {"CapturedBucket": "captured"})
    monkeypatch.setattr(command.clients, "client", lambda *_, **__: bucket.client)
    result = CliRunner().invoke(app, ["shadow", "vehicle", *(["--json"] if as_json else [])], catch_exceptions=False)
    assert result.exit_code == 0
    if as_json:
        said = json.loads(result.stdout)
        assert said["changes"] == [["near", "far", 1]]
        assert (said["production"], said["shadow"], said["same_label"]) == (["1"], ["2"], 0)
    else:
        assert "would go to" in result.stdout


def test_a_classifier_without_a_shadow_is_refused(monkeypatch):
    monkeypatch.setattr(command, "settings", lambda: load_settings(ROOT / "signpost.toml"))
    with pytest.raises(SettingsError, match="has no shadow table"):
        CliRunner().invoke(app, ["shadow", "vehicle"], catch_exceptions=False)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"hosting": 'hosting = "async"'}, 'a shadow needs hosting = "realtime"'),
        ({"endpoint": "capture_percent = 0"}, "input and output captured"),
        ({"endpoint": 'capture = ["output"]'}, "input and output captured"),
        ({"percent": 0}, "classifiers.vehicle.shadow.percent: input should be greater than or equal to 1"),
    ],
)
def test_a_shadow_that_could_not_be_compared_is_refused(tmp_path, wrong, said):
    with pytest.raises(SettingsError, match=said):
        settings_of(tmp_path, **wrong)
