"""From captured records and decisions to rows of the index."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from signpost.aws.files import Found
from signpost.capture.answers import check_probabilities
from signpost.capture.endpoints import classifier_of
from signpost.capture.json_lines import Line
from signpost.capture.records import CapturedRecord
from signpost.capture.summary import Listed
from signpost.routing.contracts import Decision, Outcome
from signpost.routing.decision import doubt
from signpost.settings.file import Settings

_DAY = re.compile(r"(\d{4})/(\d\d)/(\d\d)/[^/]+$")
# The day is that on which the execution was there, which may be over when the file is written.
_DAY_AND_A_BIT = timedelta(hours=25)


def captured_row(line: Line[CapturedRecord], listed: Listed, settings: Settings) -> dict[str, Any]:
    """Make the row of a captured record whose answer can be read.

    Of this app's endpoints the outcome is worked out as Filter does it; of others it is not known.
    """
    record, said = line.content, listed.said
    if record is None or said is None:
        raise ValueError("nothing could be read")
    classifier = classifier_of(settings, listed.endpoint)
    row = {
        "decision_id": record.decision_id,
        "event_id": listed.event_id,
        "file": line.key,
        "start": line.start,
        "length": line.length,
        "time": record.metadata.at.astimezone(UTC).isoformat(timespec="seconds"),
        "classifier": classifier or f"{listed.endpoint} (not made by Signpost)".strip(),
        "width": listed.width,
        "picture_fault": listed.error,
        "model": said.model.version if said.model else None,
        **_answered(said.probabilities),
    }
    if classifier and said.prediction:
        app, prediction = settings.classifiers[classifier], said.prediction
        threshold = app.thresholds.get(prediction.label, prediction.threshold)
        reason, route = doubt(prediction, threshold), app.route_of.get(prediction.label)
        routed = reason is None and route is not None
        row |= {
            "threshold": threshold,
            "outcome": Outcome.ROUTED if routed else Outcome.REVIEW,
            "route": route if routed else None,
            "reason": reason.message if reason else None,
        }
    return row


def decision_row(file: Found, decision: Decision) -> dict[str, Any]:
    """Make the row of an archived decision.

    Raises
    ------
    ValueError
        If the key has a day that does not exist, or the numbers can't be probabilities.
    """
    if decision.probabilities:
        check_probabilities(decision.probabilities.values())
    row = {
        "decision_id": decision.decision_id,
        "decision_file": file.key,
        "image": decision.image.model_dump_json(),
        "time": _decided_at(file).isoformat(timespec="seconds"),
        "classifier": decision.classifier or "",
        "outcome": decision.outcome,
        "route": decision.route,
        "reason": decision.reason.message if decision.reason else None,
        "threshold": decision.threshold,
        "model": decision.model.version if decision.model else None,
    }
    return row | (_answered(decision.probabilities) if decision.probabilities else {"doubt": 0})


def _decided_at(file: Found) -> datetime:
    """Return when a decision was archived: its key has the day, and the file was written right then.

    A file that was copied later has the time of the copy; then the day is all that is known.
    """
    match = _DAY.search(file.key)
    day = datetime(*map(int, match.groups() if match else (1, 1, 1)), tzinfo=UTC)
    is_original = file.modified is not None and day <= file.modified < day + _DAY_AND_A_BIT
    return file.modified.astimezone(UTC) if file.modified is not None and is_original else day


def _answered(probabilities: Mapping[str, float]) -> dict[str, Any]:
    label = max(probabilities, key=probabilities.__getitem__)
    second = max((value for name, value in probabilities.items() if name != label), default=0.0)
    return {
        "label": label,
        "confidence": probabilities[label],
        "probabilities": json.dumps(probabilities),
        "doubt": 1 - (probabilities[label] - second),
    }
