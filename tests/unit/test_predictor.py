"""Pixels in, calibrated predictions out."""

import hashlib
import math
import tarfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from signpost.errors import PackageError
from signpost.images.jpeg_pixels import decode_jpeg
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.manifest import Manifest, OutOfDistribution
from signpost.model.package import Package, open_package
from signpost.model.predictor import Predictor, interpret, quantise
from signpost.routing.contracts import Prediction
from signpost.routing.decision import doubt
from tests.unit.sample_pictures import gradient

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def manifest(predictor: Predictor) -> Manifest:
    return predictor.manifest


def picture(manifest: Manifest) -> Image.Image:
    return gradient().resize((manifest.input.width, manifest.input.height))


def test_a_prediction_is_a_distribution_over_the_labels(predictor, manifest):
    (prediction,) = predictor.predict([picture(manifest)])
    assert list(prediction.probabilities) == manifest.labels
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert prediction.confidence == max(prediction.probabilities.values())
    assert prediction.probabilities[prediction.label] == prediction.confidence
    assert prediction.threshold == manifest.thresholds[prediction.label]


def test_predictions_keep_their_order_and_leave_no_trace(predictor, manifest):
    pictures = [picture(manifest), Image.new("RGB", picture(manifest).size, "white"), picture(manifest).rotate(180)]
    together = predictor.predict(pictures)
    assert together == [predictor.predict([one])[0] for one in pictures]
    assert predictor.predict(pictures[::-1]) == together[::-1]
    assert predictor.predict([]) == []


def test_the_answering_model_is_named(predictor, manifest):
    assert (predictor.model.name, predictor.model.version) == (manifest.name, manifest.version)


def with_(manifest: Manifest, **changes: object) -> Manifest:
    return manifest.model_copy(update=changes)


def test_temperature_softens_and_keeps_the_label(manifest):
    logits = np.array([2.0, -1.0])
    sharp = interpret(logits, with_(manifest, temperature=1.0))
    soft = interpret(logits, with_(manifest, temperature=4.0))
    assert sharp.confidence == pytest.approx(1 / (1 + math.exp(-3)))
    assert soft.confidence == pytest.approx(1 / (1 + math.exp(-3 / 4)))
    assert sharp.label == soft.label == manifest.labels[0]


def test_energy_is_that_of_the_paper_whatever_the_temperature(manifest):
    for temperature in (0.5, 3.0):
        prediction = interpret(np.array([2.0, -1.0]), with_(manifest, temperature=temperature))
        assert prediction.energy == pytest.approx(-math.log(math.exp(2) + math.exp(-1)))


def test_weak_logits_look_stranger_than_strong_ones(manifest):
    assert interpret(np.array([0.1, 0.0]), manifest).energy > interpret(np.array([9.0, 0.0]), manifest).energy


def test_the_energy_threshold_is_the_packages(manifest):
    tested = with_(manifest, out_of_distribution=OutOfDistribution(threshold=-3.5))
    assert interpret(np.zeros(2), tested).energy_threshold == -3.5
    assert interpret(np.zeros(2), with_(manifest, out_of_distribution=None)).energy_threshold is None


@given(logits=arrays(np.float64, 2, elements=st.floats(-1e6, 1e6)), temperature=st.floats(0.01, 100))
def test_any_logits_give_probabilities(manifest, logits, temperature):
    prediction = interpret(logits, with_(manifest, temperature=temperature))
    assert sum(prediction.probabilities.values()) == pytest.approx(1)
    assert 0.5 - 1e-9 <= prediction.confidence <= 1
    assert math.isfinite(prediction.energy)


def test_a_model_that_is_none(manifest):
    with pytest.raises(PackageError, match="can't be loaded"):
        Predictor(Package(manifest, b"no model at all" * 10))


def test_a_model_with_other_shapes_than_its_manifest(vehicle_package):
    opened = open_package(vehicle_package)
    larger = with_(opened.manifest, input=opened.manifest.input.model_copy(update={"width": 999}))
    with pytest.raises(PackageError, match="999"):
        Predictor(Package(larger, opened.model))
    labels = [*opened.manifest.labels, "tricycle"]
    with pytest.raises(PackageError, match=r"the manifest says .*3\]"):
        Predictor(Package(with_(opened.manifest, labels=labels), opened.model))


def test_the_committed_package_is_what_its_manifest_says(vehicle_package):
    opened = open_package(vehicle_package)
    assert opened.manifest.labels == ["bicycle", "motorcycle"]
    for name, digest in opened.manifest.files.items():
        assert hashlib.sha256((vehicle_package / name).read_bytes()).hexdigest() == digest


@pytest.mark.parametrize(
    ("dtype", "quantization", "expected"),
    [
        (np.float32, (0.0, 0), [0, 100, 255]),
        (np.uint8, (0.0, 0), [0, 100, 255]),
        (np.uint8, (1.0, 0), [0, 100, 255]),
        (np.uint8, (2.0, 10), [10, 60, 138]),
        (np.uint8, (0.5, 0), [0, 200, 255]),
        (np.int8, (1.0, -128), [-128, -28, 127]),
        (np.int16, (0.01, 0), [0, 10_000, 25_500]),
    ],
)
def test_pixels_enter_a_network_by_its_scale_and_zero_point(dtype, quantization, expected):
    found = quantise(np.array([0, 100, 255], np.uint8), {"dtype": dtype, "quantization": quantization})
    assert (found.dtype, found.tolist()) == (dtype, expected)


@pytest.mark.parametrize(("name", "labels_agree"), [("vehicle", 0.998), ("dog-breed", 0.95)])
def test_decoding_at_a_reduced_scale_changes_no_decision(shared_data: Path, monkeypatch, name, labels_agree):
    # GIVEN real photographs, ten times the size of what the network sees
    predictor = Predictor(open_package(ROOT / "models" / name))
    size = predictor.manifest.input
    with tarfile.open(shared_data / "ants-bees-photos.tar.gz") as archive:
        photographs = [archive.extractfile(file).read() for file in archive if file.name.endswith(".jpg")]

    def predictions() -> list[Prediction]:
        return predictor.predict([prepare(photograph, size.width, size.height, Limits()) for photograph in photographs])

    # WHEN they are decoded at a reduced scale, and in full
    reduced = predictions()
    monkeypatch.setattr("signpost.images.prepare.decode_jpeg", lambda data, size, _least: decode_jpeg(data, size, size))
    full = predictions()
    # THEN what would be done with them is the same. Of five that are nothing that the breeds' model knows, and go to
    # a person either way, the likeliest label is another.
    pairs = list(zip(reduced, full, strict=True))
    assert len(pairs) == 130
    assert all(_decision(one) == _decision(other) for one, other in pairs)
    assert sum(one.label == other.label for one, other in pairs) >= labels_agree * len(pairs)
    shifts = [abs(one.probabilities[label] - p) for one, other in pairs for label, p in other.probabilities.items()]
    assert 0 < max(shifts) < 0.16


def _decision(prediction: Prediction) -> str:
    return "review" if doubt(prediction, prediction.threshold) else prediction.label
