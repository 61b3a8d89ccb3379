"""The test pictures that a job leaves, and a package's figures on them."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from signpost.errors import DatasetError, PackageError
from signpost.model import evaluation
from signpost.model.evaluation import EvaluationSet, measure
from signpost.model.package import open_package
from tests.unit.sample_pictures import gradient

NONE = np.zeros((0, 32, 32, 3), np.uint8)


@pytest.fixture(scope="module")
def package(vehicle_package):
    return open_package(vehicle_package)


@pytest.fixture(scope="module")
def pictures(predictor):
    """Six pictures, one of them under the wrong label, and two that are nothing."""
    images = [gradient().resize((32, 32)).rotate(60 * index) for index in range(6)]
    labels = predictor.manifest.labels
    truth = [labels.index(prediction.label) for prediction in predictor.predict(images)]
    truth[0] = 1 - truth[0]
    strange = np.stack([np.asarray(Image.new("RGB", (32, 32), colour)) for colour in ("black", "white")])
    return EvaluationSet(tuple(labels), np.stack([np.asarray(i) for i in images]), np.array(truth, np.int64), strange)


def test_what_is_written_is_read_again(pictures, tmp_path):
    pictures.write(tmp_path / "evaluation.npz")
    again = EvaluationSet.read((tmp_path / "evaluation.npz").read_bytes())
    assert again.labels == pictures.labels
    for name in ("images", "truth", "strange"):
        np.testing.assert_array_equal(getattr(again, name), getattr(pictures, name))


def test_figures_are_those_of_the_predictor_that_routing_uses(package, pictures, predictor):
    figures = measure(package, pictures)
    assert (figures["n"], figures["accuracy"]) == (6, pytest.approx(5 / 6, abs=1e-4))
    low, high = figures["accuracy_95"]
    assert 0 < low < 5 / 6 < high < 1
    found = predictor.predict([Image.fromarray(pixels) for pixels in pictures.images])
    routed = sum(p.confidence >= p.threshold and p.energy <= p.energy_threshold for p in found)
    assert figures["review"] == pytest.approx(1 - routed / 6, abs=1e-4)
    assert figures["strange"]["n"] == 2


def test_labels_may_come_in_another_order(package, pictures):
    turned = EvaluationSet(pictures.labels[::-1], pictures.images, 1 - pictures.truth, pictures.strange)
    assert measure(package, turned) == measure(package, pictures)


def test_there_need_be_no_strange_pictures(package, pictures):
    figures = measure(package, EvaluationSet(pictures.labels, pictures.images, pictures.truth, NONE))
    assert figures["strange"] == {"n": 0, "routed_by_mistake": None, "routed_by_mistake_95": [0.0, 1.0]}


def test_other_labels_or_sizes_can_not_be_measured(package, pictures):
    with pytest.raises(PackageError, match=r"knows bicycle, motorcycle, but the test pictures are of cat, dog"):
        measure(package, EvaluationSet(("cat", "dog"), pictures.images, pictures.truth, NONE))
    large = np.zeros((1, 64, 64, 3), np.uint8)
    with pytest.raises(PackageError, match="takes 32 × 32 pixels, but the test pictures have 64 × 64"):
        measure(package, EvaluationSet(pictures.labels, large, np.zeros(1, np.int64), large[:0]))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"images": np.zeros((0, 4, 4, 3), np.uint8)}, r"n above 0"),
        ({"images": np.zeros((1, 4, 4), np.uint8)}, r"allowed is \(n, height, width, 3\)"),
        ({"images": np.zeros((1, 4, 4, 3), np.float32)}, "allowed is uint8"),
        ({"truth": np.zeros(2, np.int64)}, r"expected is int64 \(1,\)"),
        ({"truth": np.array([2])}, "truth names labels from 2 to 2 of 2"),
        ({"truth": np.array([-1])}, "truth names labels from -1"),
        ({"labels": ("a", "a")}, "2 different ones|allowed are 2 to 1000 different ones"),
        ({"strange": np.zeros((1, 8, 8, 3), np.uint8)}, "strange pictures have the shape"),
    ],
)
def test_parts_that_do_not_fit_together_are_refused(changes, said):
    parts = {
        "labels": ("a", "b"),
        "images": np.zeros((1, 4, 4, 3), np.uint8),
        "truth": np.zeros(1, np.int64),
        "strange": np.zeros((0, 4, 4, 3), np.uint8),
    }
    with pytest.raises(DatasetError, match=said):
        EvaluationSet(**parts | changes)


def archive(**arrays):
    content = io.BytesIO()
    parts = {
        "labels": np.array(["a", "b"]),
        "images": np.zeros((1, 4, 4, 3), np.uint8),
        "truth": np.zeros(1, np.int64),
        "strange": np.zeros((0, 4, 4, 3), np.uint8),
    }
    np.savez_compressed(content, **{name: array for name, array in (parts | arrays).items() if array is not None})
    return content.getvalue()


def with_member(name, data):
    """An archive in which one array's file is something else."""
    old, content = zipfile.ZipFile(io.BytesIO(archive())), io.BytesIO()
    with zipfile.ZipFile(content, "w") as new:
        for member in old.namelist():
            new.writestr(member, data if member == f"{name}.npy" else old.read(member))
    return content.getvalue()


def header(shape, descr="|u1"):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": descr, "fortran_order": False, "shape": shape})
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no .npz"),
        (b"PK\x03\x04 and then nothing", "no .npz"),
        (archive(truth=None), "has no truth"),
        (archive(images=np.array([[{"a": 1}]], object)), "images is"),
        (archive(labels=np.array([b"a", b"b"])), "labels is"),
        (archive(labels=np.array(["a" * 100, "b"])), "names of up to 61 characters"),
        (archive(truth=np.zeros(1, np.float64)), "truth is"),
        (archive(images=np.asfortranarray(np.zeros((2, 4, 4, 3), np.uint8))), "images is"),
        (with_member("images", b"not an array"), "no .npz"),
        (with_member("images", header((10**12, 4, 4, 3))), r"claims 48,000,000,000,000 bytes"),
        (with_member("images", header((-1, 4, 4, 3)) + bytes(48)), "claims|no .npz"),
        (with_member("images", b"\x93NUMPY\x01\x00\xff\xff" + b"[" * 65535), "no .npz"),
        (with_member("images", header((1, 4, 4, 3)) + bytes(47)), "claims 48 bytes and has others"),
    ],
    # A zip holds the time, and every worker must find tests of the same names.
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_hostile_files_are_refused(content, said):
    with pytest.raises(DatasetError, match=said):
        EvaluationSet.read(content)


def test_more_than_a_reader_accepts_is_neither_read_nor_written(pictures, tmp_path, monkeypatch):
    pictures.write(tmp_path / "evaluation.npz")
    monkeypatch.setattr(evaluation, "MAX_BYTES", 1000)
    with pytest.raises(DatasetError, match="at most 1,000 are allowed"):
        EvaluationSet.read((tmp_path / "evaluation.npz").read_bytes())
    with pytest.raises(DatasetError, match="at most 1,000 are allowed"):
        pictures.write(tmp_path / "more.npz")
