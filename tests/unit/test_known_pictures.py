"""Known pictures: the committed model knows them, and wrong answers are counted as long as an update lasts."""

import io

import pytest
from PIL import Image

from lambdas.known_pictures.watch import watch, wrong_answers
from signpost.aws.guardrails import has_known_pictures
from signpost.errors import EndpointRefused, EndpointUnwell
from signpost.model.known_pictures import KnownPicture, read_known_pictures
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.routing.contracts import Answer, ModelRef, Prediction
from signpost.settings.file import load_settings
from tests.conftest import ROOT

PICTURES = [KnownPicture(f"{label}/1.png", label, label.encode()) for label in ("bicycle", "motorcycle")]


def answer(label):
    prediction = Prediction(label=label, confidence=0.9, probabilities={label: 0.9}, threshold=0.5, energy=-4)
    return Answer(predictions=[prediction], model=ModelRef(name="vehicle", version="2"), timings_ms={})


def test_every_committed_known_picture_is_answered_rightly():
    """Else every update would be rolled back, that to a better model too."""
    found = 0
    for classifier in load_settings(ROOT / "signpost.toml").classifiers.values():
        if has_known_pictures(classifier):
            predictor = Predictor(open_package(classifier.model))
            size = (predictor.manifest.input.width, predictor.manifest.input.height)
            pictures = read_known_pictures(classifier.model)
            assert {picture.label for picture in pictures} == set(predictor.manifest.labels)
            for picture in pictures:
                image = Image.open(io.BytesIO(picture.png))
                assert (image.size, image.mode) == (size, "RGB")
                assert predictor.predict([image])[0].label == picture.label, picture.name
                found += 1
    assert found


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({"bicycle": answer("bicycle"), "motorcycle": answer("motorcycle")}, []),
        (
            {"bicycle": answer("motorcycle"), "motorcycle": answer("motorcycle")},
            ["bicycle/1.png: 2 says motorcycle (90.0%)"],
        ),
        ({"bicycle": EndpointUnwell("down"), "motorcycle": answer("motorcycle")}, []),
        ({"bicycle": EndpointRefused("no answer"), "motorcycle": answer("motorcycle")}, ["bicycle/1.png: no answer"]),
    ],
)
def test_another_label_or_nonsense_is_wrong_and_no_answer_is_the_business_of_another_alarm(answers, wrong):
    def ask(png):
        found = answers[png.decode()]
        if isinstance(found, Exception):
            raise found
        return found

    assert wrong_answers(PICTURES, ask) == wrong


def test_the_endpoint_is_watched_until_its_update_is_over():
    labels, rounds, going_on = iter(["bicycle", "motorcycle"] * 2 + ["motorcycle"] * 2), [], iter([True, True, False])
    worst = watch(PICTURES, lambda _: answer(next(labels)), rounds.append, lambda: next(going_on), seconds=60, pause=0)
    assert [len(wrong) for wrong in rounds] == [0, 0, 1]
    assert worst == 1


def test_a_watch_ends_before_its_function_does():
    rounds = []
    watch([], lambda _: answer("bicycle"), rounds.append, lambda: True, seconds=0, pause=1)
    assert len(rounds) == 1
