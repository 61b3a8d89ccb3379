"""CheckData, Evaluate and SmokeTest, with moto's S3."""

import gzip
import io
import json
import tarfile

import numpy as np
import pytest
from PIL import Image

from lambdas.check_data.archives import find
from lambdas.evaluate.compare import compare
from lambdas.smoke_test.known_picture import smoke_test
from signpost.errors import DatasetError, PackageError, SmokeTestFailed
from signpost.model.artifacts import read_evaluation, read_model
from signpost.model.evaluation import EvaluationSet
from signpost.routing.contracts import Answer, ModelRef
from tests.unit.sample_pictures import gradient
from tests.unit.stored_objects import StoredObjects

MODEL, OUTPUT, FORMER = "s3://bucket/jobs/model.tar.gz", "s3://bucket/jobs/output.tar.gz", "s3://bucket/former.tar.gz"


def packed(files):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


@pytest.fixture(scope="module")
def package(vehicle_package):
    """Make the bytes of a model.tar.gz: the committed model with changes of its manifest."""
    files = {name: (vehicle_package / name).read_bytes() for name in ("manifest.json", "model.tflite")}

    def package(**changes):
        manifest = json.loads(files["manifest.json"]) | changes
        return packed(files | {"manifest.json": json.dumps(manifest).encode()})

    return package


@pytest.fixture(scope="module")
def output(predictor, tmp_path_factory):
    """The bytes of an output.tar.gz with eight pictures under the labels that the committed model gives them."""
    images = [gradient().resize((32, 32)).rotate(45 * index) for index in range(8)]
    labels = predictor.manifest.labels
    truth = np.array([labels.index(p.label) for p in predictor.predict(images)], np.int64)
    file = tmp_path_factory.mktemp("output") / "evaluation.npz"
    pictures = np.stack([np.asarray(image) for image in images])
    EvaluationSet(tuple(labels), pictures, truth, pictures[:1]).write(file)
    return packed({"train.log": b"...", "evaluation.npz": file.read_bytes()})


@pytest.fixture
def objects(s3_client):
    """A bucket named bucket."""
    return StoredObjects(s3_client, "bucket")


@pytest.fixture
def store(objects):
    """What a job left in the bucket, and the model in production."""

    def store(model, output, former=None):
        objects.update({"jobs/model.tar.gz": model, "jobs/output.tar.gz": output, "former.tar.gz": former or model})
        return objects.client

    return store


LABELS = ["bicycle", "motorcycle"]


def test_archives_are_found_with_a_fingerprint_that_changes_when_they_do(objects):
    objects.update({"data/x/a.tar.gz": b"1", "data/x/b.tar.gz": b"22"})
    found = find(objects.client, "bucket", "data/x/", ["a.tar.gz", "b.tar.gz"])
    assert found["bytes"] == 3
    objects["data/x/a.tar.gz"] = b"2"
    assert find(objects.client, "bucket", "data/x/", ["a.tar.gz", "b.tar.gz"])["fingerprint"] != found["fingerprint"]


def test_every_missing_and_empty_archive_is_named_at_once(objects):
    objects["data/x/empty.tar.gz"] = b""
    with pytest.raises(DatasetError) as caught:
        find(objects.client, "bucket", "data/x/", ["gone.tar.gz", "empty.tar.gz"])
    assert str(caught.value) == (
        "s3://bucket/data/x/: gone.tar.gz is missing, empty.tar.gz is empty. Upload it: aws s3 cp FILE s3://bucket/data/x/"
    )


def test_a_candidate_is_measured_beside_the_model_in_production(package, output, store):
    # GIVEN a model in production that takes each label for the other
    former = package(version="former", labels=LABELS[::-1])
    report = compare(store(package(version="new"), output, former), MODEL, OUTPUT, FORMER, LABELS)
    # THEN both have figures on the same pictures
    assert report["model"] == {"name": "vehicle", "version": "new"}
    assert (report["candidate"]["accuracy"], report["production"]["accuracy"]) == (1, 0)
    assert report["comparison"] == "Compared with former in production, on the same 8 pictures."
    assert set(report["parity"]) == {"changed_decisions", "probability_shift"}
    json.dumps(report, allow_nan=False)


def test_without_a_model_in_production_it_is_said(package, output, store):
    report = compare(store(package(), output), MODEL, OUTPUT, None, LABELS)
    assert report["production"] is None
    assert report["comparison"] == "There is no endpoint and no approved version to compare with."


def test_a_model_of_other_labels_in_production_does_not_keep_a_new_one_back(package, output, store):
    labels = ["cat", "dog"]
    former = package(labels=labels, thresholds=dict.fromkeys(labels, 0.5))
    report = compare(store(package(), output, former), MODEL, OUTPUT, FORMER, LABELS)
    assert report["production"] is None
    assert "can't be compared" in report["comparison"]


def test_a_model_in_production_that_cannot_be_read_does_not_let_a_worse_one_pass(package, output, store):
    with pytest.raises(PackageError):
        compare(store(package(), output, b"no archive"), MODEL, OUTPUT, FORMER, LABELS)


def test_a_candidate_must_know_the_routes_labels(package, output, store):
    with pytest.raises(PackageError, match=r"knows bicycle, motorcycle, but signpost.toml routes bicycle, tricycle"):
        compare(store(package(), output), MODEL, OUTPUT, None, ["bicycle", "tricycle"])


def test_a_candidate_must_say_what_its_export_changed(package, output, store):
    with pytest.raises(PackageError, match="does not say how much its export changed"):
        compare(store(package(metrics={}), output), MODEL, OUTPUT, None, LABELS)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (packed({"train.log": b"..."}), "the training job left no test pictures"),
        (b"not gzip", "is no usable .tar.gz"),
        (gzip.compress(b"not tar" * 1000, mtime=0), "is no usable .tar.gz"),
        (packed({"evaluation.npz": b"not npz"}), "no .npz"),
    ],
    ids=["no pictures", "no gzip", "no tar", "no npz"],
)
def test_an_output_without_usable_pictures_is_refused(output, said, store):
    with pytest.raises(DatasetError, match=said):
        read_evaluation(store(b"", output), OUTPUT)


def test_what_is_not_there_is_named(objects):
    with pytest.raises(PackageError, match="there is no s3://bucket/gone"):
        read_model(objects.client, "s3://bucket/gone")
    with pytest.raises(DatasetError, match="there is no s3://bucket/gone"):
        read_evaluation(objects.client, "s3://bucket/gone")


def endpoint(predictor, **changes):
    """An endpoint that serves a predictor; the changes are what it gets wrong."""

    def ask(png):
        (prediction,) = predictor.predict([Image.open(io.BytesIO(png)).convert("RGB")])
        prediction = prediction.model_copy(update={k: v for k, v in changes.items() if k != "version"})
        model = ModelRef(name=predictor.model.name, version=changes.get("version", predictor.model.version))
        return Answer(predictions=[prediction], model=model, timings_ms={})

    return ask


def test_an_endpoint_that_says_what_the_package_says_passes(package, output, predictor, store):
    version = predictor.model.version
    answered = smoke_test(store(package(), output), MODEL, OUTPUT, version, endpoint(predictor))
    assert answered["version"] == version


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"version": "former"}, "the endpoint answers with former instead of"),
        ({"label": "tricycle"}, "the endpoint says tricycle"),
        ({"confidence": 0.1}, r"\(10.0%\) of a picture of which the package itself says"),
    ],
)
def test_an_endpoint_that_says_something_else_fails(package, output, predictor, changes, said, store):
    with pytest.raises(SmokeTestFailed, match=said):
        smoke_test(store(package(), output), MODEL, OUTPUT, predictor.model.version, endpoint(predictor, **changes))


def test_a_package_that_was_swapped_after_the_gate_fails(package, output, predictor, store):
    swapped = store(package(version="swapped"), output)
    with pytest.raises(SmokeTestFailed, match="is now swapped; 1 passed the gate"):
        smoke_test(swapped, MODEL, OUTPUT, "1", endpoint(predictor))
