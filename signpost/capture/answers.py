"""What an endpoint answered, whichever way it writes probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from signpost.capture.answer_shapes import NOT_FOUND, check_probabilities, probabilities_of, read_content
from signpost.capture.records import Side
from signpost.routing.contracts import Answer, ModelRef, Prediction


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
        The captured output: Signpost's JSON, or one of the shapes of `signpost.capture.answer_shapes`.
    labels : sequence of str
        See `signpost.capture.answer_shapes.probabilities_of`.

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
        return Said(probabilities_of(read_content(body), labels))
    if len(answer.predictions) != 1:
        raise ValueError(f"{len(answer.predictions)} answers, a decision is about one")
    [prediction] = answer.predictions
    if not prediction.probabilities:
        raise ValueError(NOT_FOUND)
    check_probabilities(prediction.probabilities.values())
    return Said(prediction.probabilities, prediction, answer.model)
