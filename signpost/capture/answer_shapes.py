"""The shapes in which model servers write the probabilities of one image's labels.

Of Keras and TensorFlow Serving (lists, one sigmoid output), Hugging Face (labels with scores), TorchServe (a score for
each label), SageMaker Autopilot, JumpStart and the built-in algorithms (a predicted label with a score or
probabilities), as JSON, JSON lines or CSV.
"""

from __future__ import annotations

import ast
import csv
import json
import math
from collections.abc import Collection, Mapping, Sequence
from typing import Any

NOT_FOUND = "the answer holds no probabilities"
# Endpoints write float32, some of them rounded.
_TOLERANCE = 0.02
# Members by meaning, in lower case and without separators; the first that is there counts.
_LABELS = ("labels", "classes", "classnames", "label")
_LABEL = ("predictedlabel", "predictedclass", "label", "class", "classname", "name", "prediction")
_SCORES = ("probabilities", "scores", "probs", "probability", "score", "prob", "confidence")
_CONTAINERS = ("predictions", "prediction", "outputs", "output", "results", "result", "data", "body")

Probabilities = dict[str, float]


def read_content(body: bytes) -> Any:
    """Parse a body as JSON, JSON lines (a list of their values) or CSV (a list of rows); None if it is none of them."""
    text = body.decode("utf-8-sig", errors="replace").strip()
    try:
        return json.loads(text)
    except RecursionError:
        return None
    except ValueError:
        pass
    try:
        return [json.loads(line) for line in text.splitlines() if line.strip()]
    except (ValueError, RecursionError):
        pass
    try:
        return [[_cell(cell) for cell in row] for row in csv.reader(text.splitlines(), skipinitialspace=True) if row]
    except csv.Error:
        return None


def probabilities_of(content: Any, labels: Sequence[str]) -> Probabilities:
    """Find the probabilities of one image's labels.

    Parameters
    ----------
    content : Any
        See `read_content`.
    labels : sequence of str
        Names of bare numbers, in the network's order. Where their number is another, the probabilities go by their
        position. Of two labels, the second is the one that a sigmoid output is the probability of.

    Returns
    -------
    dict of str to float
        Between 0 and 1, with a sum of 1; less where an answer names the most probable labels only.

    Raises
    ------
    ValueError
        If there are none, or those of several images.
    """
    try:
        return _find(content, labels)
    except (RecursionError, OverflowError):  # an integer in JSON may have any length
        raise ValueError(NOT_FOUND) from None


def check_probabilities(values: Collection[float], *, whole: bool = True) -> None:
    """Refuse numbers that can't be the probabilities of one image's labels.

    Parameters
    ----------
    values : collection of float
    whole : bool
        Whether they are those of all labels, whose sum is 1.

    Raises
    ------
    ValueError
        If they are not between 0 and 1 with a sum of 1.
    """
    total = sum(values)
    # NaN fails every comparison.
    fits = math.isclose(total, 1, abs_tol=_TOLERANCE) if whole else total <= 1 + _TOLERANCE
    if not all(0 <= value <= 1 for value in values) or not fits:
        raise ValueError("the answer's numbers are no probabilities: they are not between 0 and 1 with a sum of 1")


def _find(content: Any, labels: Sequence[str]) -> Probabilities:
    if isinstance(content, Mapping):
        return _from_mapping(content, labels)
    if isinstance(content, list) and content:
        return _from_list(content, labels)
    if (number := _number(content)) is not None:
        return _from_sigmoid(number, labels)
    raise ValueError(NOT_FOUND)


def _from_list(items: list[Any], labels: Sequence[str]) -> Probabilities:
    numbers = [_number(item) for item in items]
    if len(items) > 1 and None not in numbers:
        values = [number for number in numbers if number is not None]
        check_probabilities(values)
        return dict(zip(_names(labels, len(values)), values, strict=True))
    if len(items) == 1:
        return _find(items[0], labels)
    if isinstance(items[0], str):  # a row: the label, its score, and with Autopilot all probabilities and their labels
        row: dict[str, Any] = dict(zip(("label", "score", "probabilities", "labels"), items, strict=False))
        return _from_mapping(row, labels)
    return _from_rows(items, labels)


def _from_rows(items: list[Any], labels: Sequence[str]) -> Probabilities:
    """Read several parts: a label and its score in each, or each an answer about another image."""
    if _is_header(items[0]) and all(isinstance(row, list) and len(row) == len(items[0]) for row in items):
        return _find([dict(zip(items[0], row, strict=True)) for row in items[1:]], labels)
    pairs = [_pair(item) for item in items]
    found = {_known(pair[0], labels): pair[1] for pair in pairs if pair}
    if None in pairs or len(found) < len(pairs) or sum(found.values()) > 1 + _TOLERANCE:
        raise ValueError(f"{len(items)} answers, a decision is about one")
    return _completed(found, labels)


def _from_mapping(content: Mapping[str, Any], labels: Sequence[str]) -> Probabilities:
    scored = {name: number for name, value in content.items() if (number := _number(value)) is not None}
    if known := {name: number for name, number in scored.items() if name in labels}:
        return _completed(known, labels)
    label, score = _member(content, _LABEL), _member(content, _SCORES)
    if (number := _number(score)) is not None and isinstance(label, str | int | float):
        return _from_predicted(_known(label, labels), number, labels)
    inner = score if score is not None else _member(content, _CONTAINERS)
    if inner is not None:
        return _from_container(inner, _member(content, _LABELS), label, labels)
    if scored and len(scored) == len(content):
        check_probabilities(scored.values())
        return {_text(name): number for name, number in scored.items()}
    raise ValueError(NOT_FOUND)


def _from_container(inner: Any, own: Any, predicted: Any, labels: Sequence[str]) -> Probabilities:
    """Read what a member holds, with the answer's own labels where it has some."""
    while isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], list):
        [inner] = inner
    if isinstance(own, list):
        while len(own) == 1 and isinstance(own[0], list):
            [own] = own
        names = [_text(name) for name in own]
        numbers = [_number(item) for item in inner] if isinstance(inner, list) else []
        if numbers and len(set(names)) == len(names) == len(numbers) and None not in numbers:
            return _completed({n: v for n, v in zip(names, numbers, strict=True) if v is not None}, labels)
        labels = names if len(set(names)) == len(names) else ()
    elif own is not None and not isinstance(own, str):
        labels = ()
    found = _find(inner, labels)
    if isinstance(predicted, str) and found.get(predicted, 1) < max(found.values()):
        raise ValueError("the predicted label is not the most probable one: the order of the labels is another")
    return found


def _from_predicted(label: str, score: float, labels: Sequence[str]) -> Probabilities:
    """Read a predicted label and its score, or with two labels the score of the second one, the positive."""
    if len(labels) == 2 and score < 0.5:
        if label != labels[0]:
            raise ValueError("the predicted label is not the most probable one")
        score = 1 - score
    return _completed({label: score}, labels)


def _from_sigmoid(number: float, labels: Sequence[str]) -> Probabilities:
    if len(labels) != 2:
        raise ValueError(f"the answer is one number, which is a probability of two labels; there are {len(labels)}")
    return _completed({labels[1]: number}, labels)


def _completed(found: Probabilities, labels: Sequence[str]) -> Probabilities:
    """Add the one label that is missing, which has the rest of the probability; in the order of the labels."""
    missing = [label for label in labels if label not in found]
    known = bool(labels) and found.keys() <= set(labels)
    check_probabilities(found.values(), whole=known and not missing)
    if known and len(missing) == 1:
        found = found | {missing[0]: max(0.0, 1 - sum(found.values()))}
    return {label: found[label] for label in labels} if found.keys() == set(labels) else found


def _pair(item: Any) -> tuple[str | float, float] | None:
    """Return the label and the score in a part of an answer; None if it is of another shape."""
    if isinstance(item, Mapping):
        label, score = _member(item, _LABEL), _number(_member(item, _SCORES))
    elif isinstance(item, list) and len(item) == 2 and _number(item[0]) is None:
        label, score = item[0], _number(item[1])
    else:
        return None
    return (label, score) if isinstance(label, str | int | float) and score is not None else None


def _known(label: str | float, labels: Sequence[str]) -> str:
    """Return a label's name: servers that know no names write its position, some as ``LABEL_1``."""
    text = _text(label)
    position = text.removeprefix("LABEL_").removesuffix(".0")
    known = text not in labels and position.isascii() and position.isdigit() and len(position) < 6
    return labels[int(position)] if known and int(position) < len(labels) else text


def _names(labels: Sequence[str], count: int) -> Sequence[str]:
    return labels if len(labels) == count else [str(position) for position in range(count)]


def _member(content: Mapping[str, Any], names: Sequence[str]) -> Any:
    """Return the first member of these names, whichever way they are written; None if there is none."""
    plain = {str(name).lower().replace("_", "").replace("-", "").replace(" ", ""): name for name in content}
    return next((content[plain[name]] for name in names if name in plain), None)


def _is_header(row: Any) -> bool:
    """Return whether a row of CSV has names and no numbers."""
    several = isinstance(row, list) and len(row) > 1
    return several and all(isinstance(cell, str) and _number(cell) is None for cell in row)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _cell(text: str) -> Any:
    """Parse a list in a cell, which Autopilot writes as Python does."""
    text = text.strip()
    if not text.startswith("["):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _text(value: Any) -> str:
    # JSON may hold half a surrogate pair, which is no text to any other program.
    return str(value).encode(errors="replace").decode()
