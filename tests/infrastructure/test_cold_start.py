"""The benchmark of cold starts: functions answer from their bundle alone, and a wrong answer is no figure."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.cold_start.aws import answering
from localcloud.cold_start.bundles import PLAIN, SHIPPED, TRIMMED, unpack
from localcloud.cold_start.functions import Function, functions, known_answer, known_picture
from localcloud.cold_start.measure import NoAnswer, measure_all, start
from localcloud.cold_start.page import write_page
from localcloud.lambda_functions import make_interpreter

PICTURE = known_picture()
ANSWER = known_answer(PICTURE)
FUNCTIONS = {function.title: function for function in functions(PICTURE, ANSWER)}


@pytest.fixture
def url() -> Iterator[str]:
    """The measured functions' AWS."""
    with answering(PICTURE.png, ANSWER) as url:
        yield url


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_interpreter(tmp_path_factory.mktemp("bare") / "python")


@pytest.mark.slow
def test_the_page_says_what_was_measured(url: str, tmp_path: Path) -> None:
    found = measure_all([FUNCTIONS["Filter"], FUNCTIONS["KnownPictures"]], url, 1, tmp_path, lambda _: None)
    sizes = found["functions"]["Filter"]["mb"]
    assert sizes[TRIMMED] < sizes[SHIPPED] < sizes[PLAIN]
    machine = {"processor": "Some processor", "cores": 2, "system": "Linux", "versions": {"Python": "3.14.1"}}
    write_page(
        {**found, **machine, "date": "2026-11-21", "git_revision": "0123", "model": "1", "trial": True},
        tmp_path / "page.md",
    )
    page = (tmp_path / "page.md").read_text()
    answered, imported = page.split("## To the imported handler")
    assert "| Filter | " in answered
    assert "| KnownPictures | " in imported
    assert "This is a trial" in page


def test_every_function_answers_from_what_is_deployed(url: str, python: Path, tmp_path: Path) -> None:
    for function in FUNCTIONS.values():
        assert start(function, unpack(function, tmp_path / function.title), python, url) > 0


@pytest.mark.parametrize(
    "wrong",
    [{"expected": '"label": "zebra"'}, {"event": {"decision_id": "no more than that"}}],
    ids=["another-answer", "no-answer"],
)
def test_a_wrong_answer_is_no_figure(wrong: dict[str, Any], url: str, python: Path, tmp_path: Path) -> None:
    function: Function = replace(FUNCTIONS["Filter"], **wrong)
    bundle = unpack(function, tmp_path)
    with pytest.raises(NoAnswer, match=r"Filter .* did not answer"):
        start(function, bundle, python, url)


def test_a_picture_too_large_to_travel_inline_is_fetched(url: str, python: Path, tmp_path: Path) -> None:
    function = FUNCTIONS["Classify, predictor inside"]
    assert function.event
    by_reference = {**function.event, "prepared": {"s3_bucket": "scratch", "s3_key": "prepared/picture.png"}}
    bundle = unpack(function, tmp_path)
    assert start(replace(function, event=by_reference), bundle, python, url) > 0


def test_boto3_is_loaded_only_where_it_is_needed(url: str, tmp_path: Path) -> None:
    # GIVEN a Python without boto3
    bare = make_interpreter(tmp_path / "python")
    for package in (tmp_path / "python").glob("lib/python*/site-packages/boto*"):
        package.unlink()
    function = FUNCTIONS["Classify, predictor inside"]
    assert start(function, unpack(function, tmp_path / "bundle"), bare, url) > 0
