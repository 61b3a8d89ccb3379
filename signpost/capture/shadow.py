"""Compares what a shadow variant said with what production said, from captured records.

A copy has the same bytes as its request, so that their digest joins the two.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import ValidationError

from signpost.capture.json_lines import Lines
from signpost.capture.records import CapturedRecord
from signpost.routing.contracts import Answer, Outcome, Prediction
from signpost.routing.decision import doubt
from signpost.validation import explain

PRODUCTION, SHADOW = "AllTraffic", "Shadow"


@dataclass
class Comparison:
    """What became of the requests that both were asked.

    Attributes
    ----------
    pairs : int
        Different pictures that both answered.
    same_label, same_decision : int
        Of them, those with one label, and those that would go the same way.
    changes : Counter
        Pictures by the way that they go and the way that the shadow would send them, where these differ.
    shifts : list of float
        Of each pair, how much surer the shadow is of production's label.
    only_production, only_shadow : int
        Pictures that one of them answered and the other did not.
    production, shadow : set of str
        Versions that answered.
    bad : list of str
        Records that can't be read, each with its place and fault.
    """

    pairs: int = 0
    same_label: int = 0
    same_decision: int = 0
    changes: Counter[tuple[str, str]] = field(default_factory=Counter)
    shifts: list[float] = field(default_factory=list)
    only_production: int = 0
    only_shadow: int = 0
    production: set[str] = field(default_factory=set)
    shadow: set[str] = field(default_factory=set)
    bad: list[str] = field(default_factory=list)


def compare(lines: Lines, prefix: str, routes: Mapping[str, str], thresholds: Mapping[str, float]) -> Comparison:
    """Compare the captured records of an endpoint's two variants.

    Parameters
    ----------
    lines : Lines
        Reads the bucket.
    prefix : str
        Where the endpoint's records are; a folder for each variant is below it.
    routes : mapping of str to str
        Route of every label.
    thresholds : mapping of str to float
        Overrides of the packages' thresholds.

    Returns
    -------
    Comparison
        Of a picture that was asked several times the latest answers count.
    """
    production, shadow = (_answers(lines, f"{prefix}{variant}/") for variant in (PRODUCTION, SHADOW))
    both = production.keys() & shadow.keys()
    found = Comparison(
        pairs=len(both),
        only_production=len(production.keys() - both),
        only_shadow=len(shadow.keys() - both),
        production={answer.model.version for answer in production.values()},
        shadow={answer.model.version for answer in shadow.values()},
        bad=lines.bad,
    )
    for digest in both:
        ours, theirs = (answers[digest].predictions[0] for answers in (production, shadow))
        ways = tuple(_way(prediction, routes, thresholds) for prediction in (ours, theirs))
        found.same_label += ours.label == theirs.label
        found.same_decision += ways[0] == ways[1]
        if ways[0] != ways[1]:
            found.changes[ways[0], ways[1]] += 1
        found.shifts.append(theirs.probabilities.get(ours.label, 0.0) - ours.confidence)
    return found


def _answers(lines: Lines, prefix: str) -> dict[str, Answer]:
    answers = {}
    for record in lines.records(prefix):
        try:
            answers[_digest(record)] = _answer(record)
        except ValueError as error:
            lines.bad.append(f"{prefix}: {record.decision_id}: {error}")
    return answers


def _digest(record: CapturedRecord) -> str:
    if record.sides.input is None:
        raise ValueError("the input was not captured")
    return hashlib.sha256(record.sides.input.body()).hexdigest()


def _answer(record: CapturedRecord) -> Answer:
    if record.sides.output is None:
        raise ValueError("the output was not captured")
    try:
        answer = Answer.model_validate_json(record.sides.output.body())
    except ValidationError as error:
        raise ValueError(f"the answer is not Signpost's: {explain(error.errors(), 'the whole')}") from error
    if len(answer.predictions) != 1:
        raise ValueError(f"{len(answer.predictions)} answers, a decision is about one")
    return answer


def _way(prediction: Prediction, routes: Mapping[str, str], thresholds: Mapping[str, float]) -> str:
    """Say where a picture would go."""
    unsure = doubt(prediction, thresholds.get(prediction.label, prediction.threshold))
    return Outcome.REVIEW.value if unsure else routes.get(prediction.label, Outcome.REVIEW.value)
