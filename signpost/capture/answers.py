"""What an endpoint answered, whichever way it writes probabilities."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from signpost.capture.records import Side
from signpost.routing.contracts import Answer, ModelRef, Prediction

# Endpoints write float32, some of them rounded.
_TOLERANCE = 0.02
# Names that servers give to a list of probabilities: TensorFlow Serving, JumpStart and others.
_KEYS = ("predictions", "probabilities", "scores", "outputs")


@dataclass(frozen=True)
class Said:
    """What an endpoint said of one picture.

    Attributes
    ----------
    probabilities : dict of str to float
    prediction : Prediction or None
        Signpost's own answer, with its thresholds; None of other endpoints.
    model : ModelRef or None
        As far as the answer names it.
    """

    probabilities: dict[str, float]
    prediction: Prediction | None = None
    model: ModelRef | None = None

    @property
    def label(self) -> str:
        """The most probable label."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def confidence(self) -> float:
        """Its probability."""
        return max(self.probabilities.values())


def read_answer(side: Side | None, labels: Sequence[str]) -> Said:
    """Read the answer about one picture.

    Parameters
    ----------
    side : Side or None
        The captured output: Signpost's JSON, or probabilities as JSON or CSV.
    labels : sequence of str
        Names of bare probabilities, in the network's order. Where their number is another, the probabilities go by
        their position.

    Returns
    -------
    Said

    Raises
    ------
    ValueError
        If the output was not captured, or holds no probabilities, or those of several pictures, or numbers that can be
        none.
    """
    if side is None:
        raise ValueError("the output was not captured")
    body = side.body()
    try:
        answer = Answer.model_validate_json(body)
    except ValidationError:
        return _bare(_read(body), labels)
    if len(answer.predictions) != 1:
        raise ValueError(f"{len(answer.predictions)} answers, a decision is about one")
    [prediction] = answer.predictions
    if not prediction.probabilities:
        raise ValueError("the answer holds no probabilities")
    check_probabilities(prediction.probabilities.values())
    return Said(prediction.probabilities, prediction, answer.model)


def check_probabilities(values: Collection[float]) -> None:
    """Refuse numbers that can't be the probabilities of one picture's labels.

    Raises
    ------
    ValueError
        If they are not between 0 and 1 with a sum of 1.
    """
    # NaN fails both comparisons.
    if not all(0 <= value <= 1 for value in values) or not math.isclose(sum(values), 1, abs_tol=_TOLERANCE):
        raise ValueError("the answer's numbers are no probabilities: they are not between 0 and 1 with a sum of 1")


def _read(body: bytes) -> Any:
    text = body.decode("utf-8", errors="replace").strip()
    try:
        return json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        pass
    try:
        return [row for row in csv.reader(text.splitlines()) if row]
    except csv.Error:
        return None


def _bare(content: Any, labels: Sequence[str]) -> Said:
    names = labels
    while not _flat(content):
        if isinstance(content, dict):
            names = content.get("labels", names)
            content = next((content[key] for key in _KEYS if key in content), None)
        elif isinstance(content, list) and len(content) == 1:
            [content] = content
        elif isinstance(content, list) and content and all(isinstance(part, list) for part in content):
            raise ValueError(f"{len(content)} answers, a decision is about one")
        else:
            raise ValueError("the answer holds no probabilities")
    try:
        values = [float(value) for value in content]
    except (ValueError, OverflowError):  # an integer in JSON may have any length
        raise ValueError("the answer holds no probabilities") from None
    check_probabilities(values)
    # JSON may hold half a surrogate pair, which is no text to anybody else.
    texts = [str(name).encode(errors="replace").decode() for name in names] if isinstance(names, Sequence) else []
    if len(texts) != len(values) or len(set(texts)) != len(texts):
        texts = [str(position) for position in range(len(values))]
    return Said(dict(zip(texts, values, strict=True)))


def _flat(content: Any) -> bool:
    several = isinstance(content, list) and len(content) > 1
    return several and all(isinstance(value, int | float | str) for value in content)
