"""The gate of a training machine: one visible question for each limit; every one that fails is named."""

from __future__ import annotations

from signpost.settings.training import GateSettings
from stepfunctions.states import State, choice, fault

_MODEL = "$report.model.name & ' ' & $report.model.version"


def gate(limits: GateSettings, *, passed: str, refused: str) -> dict[str, State]:
    """Build the questions.

    They look at ``$report``, which `lambdas.evaluate.compare` made, and gather what fails in ``$failures``.

    Parameters
    ----------
    limits : GateSettings
        What a model must reach.
    passed, refused : str
        Next states.

    Returns
    -------
    dict of str to dict
        States, the first one first.
    """
    questions = _questions(limits)
    names = [*questions, "Gate passed?"]
    states: dict[str, State] = {}
    for (name, (holds, otherwise, said)), following in zip(questions.items(), names[1:], strict=True):
        states[name] = choice([(holds, following)], default=otherwise)
        gathered = f"{{% $failures & ($failures = '' ? '' : '; ') & {said} %}}"
        states[otherwise] = {"Type": "Pass", "Assign": {"failures": gathered}, "Next": following}
    states["Gate passed?"] = choice([("$failures = ''", passed)], default="Refused by the gate")
    cause = f"{{% 'The model ' & {_MODEL} & ' does not pass the gate: ' & $failures & '. Production is untouched.' %}}"
    states["Refused by the gate"] = fault("GateRefused", cause, then=refused)
    return states


def _questions(limits: GateSettings) -> dict[str, tuple[str, str, str]]:
    """Give each question's condition, the state where it does not hold, and what is said then."""
    accuracy, former = "$report.candidate.accuracy", "$report.production.accuracy"
    return {
        "Accurate enough?": (
            f"{accuracy} >= {limits.min_accuracy}",
            "Not accurate enough",
            f"'accuracy ' & {accuracy} & ' is below min_accuracy = {limits.min_accuracy}'",
        ),
        "Calibrated?": _at_most(
            "$report.candidate.ece",
            "calibration error",
            "max_calibration_error",
            limits.max_calibration_error,
            "Not calibrated",
        ),
        "Decisions kept by the export?": _at_most(
            "$report.parity.changed_decisions",
            "share of decisions that the export changed",
            "max_changed_decisions",
            limits.max_changed_decisions,
            "Decisions changed by the export",
        ),
        "Probabilities kept by the export?": _at_most(
            "$report.parity.probability_shift",
            "shift of a probability by the export",
            "max_probability_shift",
            limits.max_probability_shift,
            "Probabilities shifted by the export",
        ),
        "Not worse than production?": (
            f"$report.production = null or $round({former} - {accuracy}, 4) <= {limits.max_accuracy_loss}",
            "Worse than production",
            f"'accuracy ' & {accuracy} & ' is below ' & {former} & ' of ' & $report.production.version & "
            "' in production, on the same ' & $report.production.n & ' pictures, with max_accuracy_loss = "
            f"{limits.max_accuracy_loss}'",
        ),
    }


def _at_most(value: str, title: str, setting: str, limit: float, otherwise: str) -> tuple[str, str, str]:
    return f"{value} <= {limit}", otherwise, f"'{title} ' & {value} & ' is above {setting} = {limit}'"
