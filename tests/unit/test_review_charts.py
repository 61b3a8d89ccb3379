"""The charts show the figures of the records that were chosen."""

import datetime as dt
import io
import math
from pathlib import Path

import pytest
from PIL import Image

from localcloud.sagemaker.capture import Payload
from review import figures
from review.charts import CHARTS, axis
from review.filters import Filter
from signpost.model.package import open_package
from tests.unit.captured_folder import AT, add, answer
from tests.unit.review_page import SETTINGS, ReviewPage
from tests.unit.sample_datasets import noise


@pytest.fixture
def page(tmp_path: Path) -> ReviewPage:
    """Three days: 20 bicycles and 20 motorcycles; 40 bicycles; one doubtful picture."""
    folder = tmp_path / "captured"
    days = [[0.9] * 20 + [0.1] * 20, [0.9] * 40, [0.55]]
    for day, shares in enumerate(days):
        for n, bicycle in enumerate(shares):
            at = AT + dt.timedelta(days=2 * day)
            add(folder, f"{day}-{n:02}", Payload("image/png", noise(1)), answer(bicycle), at=at)
    return ReviewPage(folder)


def _rows(page: ReviewPage, name: str, **chosen: str) -> list[tuple[str, ...]]:
    with page.index.open() as database:
        return CHARTS[name](database, Filter(**chosen), SETTINGS).rows


def test_confidence(page: ReviewPage):
    found = dict(_rows(page, "confidence"))

    assert (found["90% to 95%"], found["55% to 60%"], found["0% to 5%"]) == ("80", "1", "0")


def test_routes_and_review_rate(page: ReviewPage):
    assert _rows(page, "routes")[0] == ("nearby-orders", "60", "74.1%")
    assert _rows(page, "review-rate") == [
        ("2026-01-02", "0.0%", "40"),
        ("2026-01-04", "0.0%", "40"),
        ("2026-01-06", "100.0%", "1"),
    ]
    assert [row[0] for row in _rows(page, "review-rate", until="2026-01-02")] == ["2026-01-02T03"]


def test_calibration_is_of_reviewed_records(page: ReviewPage):
    assert _rows(page, "calibration") == []
    for name, label in (("0-00", "bicycle"), ("0-01", "motorcycle"), ("2-00", "bicycle")):
        page.correct(name, label)

    assert _rows(page, "calibration") == [("55.0%", "100.0%", "1"), ("90.0%", "50.0%", "2")]
    with page.index.open() as database:
        error = figures.calibration_error(figures.reliability(database, Filter()))
    assert error == pytest.approx((0.45 + 2 * 0.4) / 3)


def test_drift_grows_with_the_labels_and_leaves_out_small_days(page: ReviewPage):
    found = {row[0]: float(row[1]) for row in _rows(page, "drift")}

    assert list(found) == ["2026-01-02", "2026-01-04"]
    assert found["2026-01-02"] < 0.1
    assert found["2026-01-04"] > 0.25


def test_the_stability_index_is_the_formula():
    found = figures.stability_index({"a": 700, "b": 300}, {"a": 0.5, "b": 0.5})

    assert found == pytest.approx(0.2 * math.log(0.7 / 0.5) - 0.2 * math.log(0.3 / 0.5), abs=0.002)
    assert figures.stability_index({"c": 10}, {"a": 1.0}) > 1


def _words(page: ReviewPage, name: str, **chosen: str) -> list[str]:
    with page.index.open() as database:
        return [words.text for words in CHARTS[name](database, Filter(**chosen), SETTINGS).words]


def test_a_time_axis_has_distances_as_long_as_the_time_between(page: ReviewPage):
    with page.index.open() as database:
        days, hours = (
            CHARTS["review-rate"](database, Filter(**chosen), SETTINGS) for chosen in ({}, {"until": "2026-01-02"})
        )

    first, second, third = (x for x, _ in days.paths[-1].points)
    assert second - first == pytest.approx(third - second, abs=0.2)
    assert {"2 Jan", "3 Jan", "6 Jan"} <= {words.text for words in days.words}
    assert "2 Jan 03:00" in {words.text for words in hours.words}


@pytest.mark.parametrize(
    ("most", "labels"),
    [
        (0.4, ["0", "0.1", "0.2", "0.3", "0.4"]),
        (0.27, ["0", "0.1", "0.2", "0.3"]),
        (1.9, ["0", "0.5", "1", "1.5", "2"]),
        (1_234_567, ["0", "500k", "1M", "1.5M"]),
    ],
)
def test_an_axis_has_round_numbers(most: float, labels: list[str]):
    end, ticks = axis(most)

    assert [label for _, label in ticks] == labels
    assert end >= most


def test_counts_have_whole_numbers():
    assert [axis(most, least_step=1) for most in (0, 1, 2)] == [
        (1, [(0, "0"), (1, "1")]),
        (1, [(0, "0"), (1, "1")]),
        (2, [(0, "0"), (0.5, "1"), (1, "2")]),
    ]


def test_a_chart_without_data_says_so_and_draws_nothing(tmp_path: Path):
    (tmp_path / "captured").mkdir()
    page = ReviewPage(tmp_path / "captured")

    for name, text in {
        "confidence": "No record has an answer of a model.",
        "routes": "There are no records.",
        "review-rate": "No record has an outcome.",
        "calibration": "No record was reviewed yet.",
        "drift": "No period has 20 records of vehicle.",
    }.items():
        assert _words(page, name) == [text]
        assert page.get(f"/charts/{name}.png").content.startswith(b"\x89PNG")
    assert "Figures" not in page.get("/charts").text


@pytest.mark.parametrize("name", SETTINGS.hosted)
def test_each_manifest_has_what_drift_compares_with(name: str):
    model = SETTINGS.classifiers[name].model
    assert model
    manifest = open_package(model).manifest

    expected = figures.expected_shares(manifest)
    assert list(expected) == manifest.labels
    assert sum(expected.values()) == pytest.approx(1)
    assert figures.expected_shares(manifest.model_copy(update={"metrics": {}})) == {}


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("query", ["", "classifier=none"])
def test_charts_are_exported_even_if_empty(name: str, query: str, page: ReviewPage):
    sent = page.get(f"/charts/{name}.png?{query}")

    with Image.open(io.BytesIO(sent.content)) as image:
        assert image.format == "PNG"
        assert len(image.getcolors(1 << 20) or []) > 3
    assert page.get(f"/charts?{query}").status_code == 200
    assert page.get("/charts/none.png").status_code == 404


def test_records_are_exported(page: ReviewPage):
    page.correct("2-00", "motorcycle")

    lines = page.get("/export.csv?label=bicycle&outcome=review").text.splitlines()

    assert lines[0].startswith("decision_id,time,classifier")
    assert len(lines) == 2
    assert lines[1].startswith("2-00,2026-01-06T03:04:05+00:00,vehicle,review,,bicycle,0.55,0.8,1,motorcycle,0,")
