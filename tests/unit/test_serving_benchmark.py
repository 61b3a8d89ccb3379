"""The benchmark of the model server: what it reads, how it judges, what it writes."""

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from serving.benchmark.answers import compare
from serving.benchmark.install import BenchmarkError
from serving.benchmark.load import read_report, wrk_command
from serving.benchmark.page import write_page
from serving.benchmark.servers import RIVALS, ROOT, SERVERS
from serving.benchmark.verdicts import Verdict, judge
from signpost.routing.contracts import Prediction

REPORT = """Running 1s test @ http://127.0.0.1:8080/invocations
  1 threads and 8 connections
Requests/sec:   2220.11
{"requests": 11100, "seconds": 5.0, "p50_ms": 3.5, "p99_ms": 9.25, "refused": 0, "broken": 0, "timed_out": 0}
"""
BICYCLE = Prediction(
    label="bicycle", confidence=0.9, probabilities={"bicycle": 0.9, "motorcycle": 0.1}, threshold=0.6, energy=-3.0
)


def loads(small: float, large: float, p99: float, pss: float, faults: str = "") -> dict[str, Any]:
    rates = {"small": small, "large": large}
    return {
        f"{picture}/{count}": [
            {
                "rate": rate * factor,
                "p50_ms": p99 / 2,
                "p99_ms": p99,
                "server_cores": 1.8,
                "wrk_cores": 0.2,
                "other_cores": 0.05,
                "pss_mb": pss,
                "rss_mb": 2 * pss,
                "faults": faults,
            }
            for factor in (0.9, 1.0, 1.3)
        ]
        for picture, rate in rates.items()
        for count in (1, 8, 32)
    }


FIGURES: dict[str, Any] = {
    "command": "make benchmark-serving",
    "date": "2026-11-21",
    "git_revision": "0123456789abcdef",
    "model": "20261121.081152",
    "trial": False,
    "seconds": 5,
    "rounds": 3,
    "machine": {"processor": "Some processor", "cores": 2, "python": "3.11.7", "system": "Linux", "wrk": "4.1.0"},
    "pictures": {kind: {"count": 8, "bytes": [1500, 2400], "sides": [32, 64]} for kind in ("small", "large")},
    "versions": {"signpost": {"uvicorn": "0.54.0"}, "flask_gunicorn": {"flask": "3.1.3"}},
    "not_installed": {"ray_serve": "no wheel for this platform"},
    "bound": {"small": [5000.0, 5100.0, 4900.0], "large": [400.0, 400.0, 400.0]},
    "servers": {
        "signpost/litert": {"startup_s": [0.5, 0.6, 0.4], "loads": loads(3000, 350, 5, 90)},
        "flask_gunicorn/litert": {"startup_s": [0.7], "loads": loads(1500, 330, 10, 100)},
        "flask_gunicorn/savedmodel": {"startup_s": [4.0], "loads": loads(400, 60, 30, 900)},
        "bento/litert": {"startup_s": [3.0], "loads": loads(600, 130, 20, 300)},
        "bento/savedmodel": {"startup_s": [], "loads": {}, "failed": "no answer"},
    },
}


def words(figures: dict[str, Any], start: str) -> dict[str, str]:
    return {f"{v.what}: {v.whose}": v.word for v in judge(figures) if v.what.startswith(start)}


def test_wrks_report_is_read():
    load = read_report(REPORT)

    assert (load.rate, load.p50_ms, load.p99_ms, load.faults) == (2220, 3.5, 9.25, "")


def test_requests_that_were_refused_or_broken_are_named():
    load = read_report(REPORT.replace('"refused": 0, "broken": 0', '"refused": 7, "broken": 2'))

    assert load.faults == "7 refused, 2 broken"


def test_a_load_without_an_answer_is_no_figure():
    assert read_report(REPORT.replace("11100", "0")).faults == "nothing was answered"
    with pytest.raises(BenchmarkError, match="unable to connect"):
        read_report("unable to connect to 127.0.0.1:8080")


def test_wrk_keeps_so_many_connections_and_gets_the_pictures():
    command = wrk_command(8080, 32, 5, [Path("a.jpg"), Path("b.jpg")])

    assert {"-c32", "-d5s"} <= set(command)
    assert command[-3:] == ["--", "a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("label", "probability", "tolerance", "fault"),
    [
        ("bicycle", 0.9, 1e-6, ""),
        ("bicycle", 0.85, 0.1, ""),
        ("bicycle", 0.899, 1e-6, "bicycle 0.899000 instead of 0.900000"),
        ("motorcycle", 0.9, 0.1, "motorcycle instead of bicycle"),
    ],
)
def test_an_answer_is_held_against_the_predictors_own(label: str, probability: float, tolerance: float, fault: str):
    found = {"label": label, "probabilities": {"bicycle": probability, "motorcycle": 1 - probability}}

    assert compare(json.dumps({"predictions": [found]}).encode(), BICYCLE, tolerance) == fault


def test_the_best_of_the_others_is_what_counts():
    rates = words(FIGURES, "requests a second, small, concurrency 8")

    assert rates == {
        "requests a second, small, concurrency 8: Flask + gunicorn, SavedModel": "reached",
        "requests a second, small, concurrency 8: Flask + gunicorn, LiteRT": "reached",
        "requests a second, small, concurrency 8: bare loop, all cores": "reached",
        "requests a second, small, concurrency 8: bare loop, what wrk leaves": "reached",
    }


def test_a_loss_is_called_a_loss():
    memory = words(FIGURES, "resident memory")

    assert memory == {
        "resident memory in MB: Flask + gunicorn, SavedModel": "reached",
        "resident memory in MB: Flask + gunicorn, LiteRT": "LOSS",
    }


def test_a_target_is_reached_exactly_at_its_border():
    assert Verdict("rate", 150, 100, "other", least=1.5).word == "reached"
    assert Verdict("rate", 149, 100, "other", least=1.5).word == "LOSS"
    assert Verdict("p99", 10, 10, "other", most=1).word == "reached"
    assert Verdict("p99", 10.1, 10, "other", most=1).word == "LOSS"


def test_void_figures_count_for_nobody():
    figures = copy.deepcopy(FIGURES)
    figures["servers"]["flask_gunicorn/litert"]["loads"] = loads(9000, 900, 1, 10, faults="3 broken")

    assert words(figures, "resident memory")["resident memory in MB: BentoML, LiteRT"] == "reached"
    figures["servers"]["signpost/litert"]["loads"] = loads(9000, 900, 1, 10, faults="3 broken")
    assert {v.word for v in judge(figures)} == {"not measured"}


def test_the_page_names_losses_failures_and_what_is_missing(tmp_path: Path):
    page = tmp_path / "page.md"

    write_page(FIGURES, page)

    text = page.read_text()
    assert (
        "| resident memory in MB | 90.0 | 100 (Flask + gunicorn, LiteRT) | 0.900 | at most 0.333 | **LOSS** |" in text
    )
    assert "not measured: no answer" in text
    assert "Ray Serve: not installed, so not measured: no wheel for this platform" in text
    assert "3,000 (2,700 to 3,900)" in text
    assert "Some processor, 2 cores" in text
    assert "no results" not in text


def test_a_trial_says_that_it_is_no_result(tmp_path: Path):
    page = tmp_path / "page.md"

    write_page({**FIGURES, "trial": True}, page)

    assert "its figures are no results" in page.read_text()


def test_the_others_have_the_very_libraries_that_signpost_has():
    pinned = pins(RIVALS / "model.in")
    own = pins(ROOT / "requirements/training.txt")
    names = {server.name for server in SERVERS} - {"signpost"}

    assert {name: own[name] for name in pinned if name in own} == {n: v for n, v in pinned.items() if n in own}
    for name in names:
        assert pinned.items() <= pins(RIVALS / name / "requirements.txt").items(), name


def pins(file: Path) -> dict[str, str]:
    """Read name and version of each line; of several for different Pythons the first, which is the oldest's."""
    found: dict[str, str] = {}
    for name, version in re.findall(r"^([a-z0-9-]+)==([^ ;\\\n]+)", file.read_text(), re.MULTILINE):
        found.setdefault(name, version)
    return found
