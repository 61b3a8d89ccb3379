"""Registers a model, has it approved, and tells the world."""

from __future__ import annotations

from signpost.settings.file import Hosting
from signpost.settings.training import TrainingSettings
from stepfunctions.production import SECONDS
from stepfunctions.states import State, call, choice, fault, wait

_FIGURES = ("accuracy", "macro_f1", "ece", "review", "precision_routed")
_FIRST_PAUSE, LONGEST_PAUSE = 5, 600
_LONGEST_DESCRIPTION = 1024
_PASSED = "The gate was passed, and signpost.toml says that this is enough."


def event(kind: str, detail: State) -> State:
    """Describe an event on the bus."""
    entry = {"Source": "signpost", "DetailType": kind, "EventBusName": "${EventBus}", "Detail": detail}
    return {"Entries": [entry]}


def register(name: str, training: TrainingSettings, *, then: str, waits: bool) -> dict[str, State]:
    """Put the model into the registry and have it approved.

    Parameters
    ----------
    name : str
        The classifier.
    training : TrainingSettings
        Who approves.
    then : str
        Next state.
    waits : bool
        Whether a person's decision is waited for.

    Returns
    -------
    dict of str to dict
        States.
    """
    if training.approval == "automatic":
        return {"Register": _register(name, training, then="Approve"), "Approve": _decide("Approved", _PASSED, then)}
    if not waits:
        return {"Register": _register(name, training, then=then)}
    return {"Register": _register(name, training, then="Wait for a person"), **_wait_for_a_person(name, training, then)}


def reject(then: str) -> State:
    """Take back the approval of a model that did not ship."""
    reason = "{% $substring($fault.Error & ': ' & $fault.Cause, 0, 1000) %}"
    state = _decide("Rejected", reason, then)
    return {**state, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": then}]}


def end(name: str, hosting: Hosting, training: TrainingSettings) -> dict[str, State]:
    """End without an endpoint to update: say what is left to do."""
    approve = "" if training.approval == "automatic" else f"approve it (signpost model approve {name}), then "
    switch_on = ", set its hosting in signpost.toml" if hosting is Hosting.OFF else ""
    left = (
        f"The model is registered. To ship it, {approve}bring it into the repository (signpost model pull {name})"
        f"{switch_on} and deploy again (signpost up, or cdk deploy)."
    )
    summary = _summary(name) | {"outcome": "registered", "said": left}
    return {
        "Announce": _announce(event("ModelRegistered", summary), then="Registered"),
        "Registered": {"Type": "Pass", "Output": summary, "End": True},
    }


def shipped(name: str) -> dict[str, State]:
    """End with a shipped model."""
    said = (
        f"{{% 'The endpoint ${{Endpoint}} answers with {name} ' & $report.model.version & '. ' & $report.comparison %}}"
    )
    summary = _summary(name) | {
        "outcome": "shipped",
        "said": said,
        "endpoint": "${Endpoint}",
        "endpoint_config": "{% $job %}",
        "smoke_test": "{% $smoke_test %}",
    }
    return {
        "Announce": _announce(event("ModelShipped", summary), then="Shipped"),
        "Shipped": {"Type": "Pass", "Output": summary, "End": True},
    }


def _announce(said: State, then: str) -> State:
    """Tell it; told or not, what was done is done."""
    state = call("events:putEvents", said, then=then)
    return {**state, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": then}]}


def _summary(name: str) -> State:
    return {
        "classifier": name,
        "model": "{% $report.model %}",
        "package": "{% $model %}",
        "model_package_arn": "{% $model_package_arn %}",
        "training_job": "{% $job %}",
        "billable_seconds": "{% $billable_seconds %}",
        "data_fingerprint": "{% $data.fingerprint %}",
        "corrected": "{% $corrected %}",
        "figures": "{% $report.candidate %}",
        "parity": "{% $report.parity %}",
        "production": "{% $report.production %}",
    }


def _register(name: str, training: TrainingSettings, then: str) -> State:
    figures = {figure: f"{{% $string($report.candidate.{figure}) %}}" for figure in _FIGURES}
    about = f"'{name} ' & $report.model.version & '. ' & $report.comparison"
    arguments = {
        "ModelPackageGroupName": "${ModelPackageGroup}",
        "ModelPackageDescription": f"{{% $substring({about}, 0, {_LONGEST_DESCRIPTION}) %}}",
        "ModelApprovalStatus": "PendingManualApproval",
        "InferenceSpecification": {
            # Without an endpoint there is no image to serve it.
            "Containers": "{% [$merge([{'ModelDataUrl': $model}, $image = null ? {} : {'Image': $image}])] %}",
            "SupportedContentTypes": ["image/png"],
            "SupportedResponseMIMETypes": ["application/json"],
        },
        # Letters, digits, spaces and _ . : / = + - @ only.
        "CustomerMetadataProperties": {
            "model_version": "{% $report.model.version %}",
            "training_job": "{% $job %}",
            "data_fingerprint": "{% $data.fingerprint %}",
            "corrected_images": "{% $string($corrected.images) %}",
            "test_pictures": "{% $string($report.candidate.n) %}",
            **figures,
            "strange_routed_by_mistake": "{% $string($report.candidate.strange.routed_by_mistake) %}",
            "changed_decisions": "{% $string($report.parity.changed_decisions) %}",
            "probability_shift": "{% $string($report.parity.probability_shift) %}",
        },
        # The same execution registers once, however often it asks.
        "ClientToken": "{% $substring($hash($states.context.Execution.Id, 'SHA-256'), 0, 32) %}",
    }
    now = "$toMillis($states.context.State.EnteredTime)"
    assign = {
        "model_package_arn": "{% $states.result.ModelPackageArn %}",
        "give_up_at": f"{{% {now} + {training.approval_days * 86_400_000} %}}",
        "pause": _FIRST_PAUSE,
    }
    service = "aws-sdk:sagemaker:createModelPackage"
    return call(service, arguments, then=then, assign=assign, timeout_seconds=SECONDS)


def _decide(status: str, reason: str, then: str) -> State:
    arguments = {
        "ModelPackageArn": "{% $model_package_arn %}",
        "ModelApprovalStatus": status,
        "ApprovalDescription": reason,
    }
    return call("aws-sdk:sagemaker:updateModelPackage", arguments, then=then, timeout_seconds=SECONDS)


def _wait_for_a_person(name: str, training: TrainingSettings, then: str) -> dict[str, State]:
    """Ask the registry, ever more rarely: an execution can have 25,000 events."""
    answer = "$states.result.ModelApprovalStatus"
    said = "$exists($states.result.ApprovalDescription) ? $states.result.ApprovalDescription : 'no reason given'"
    ask = call(
        "aws-sdk:sagemaker:describeModelPackage",
        {"ModelPackageName": "{% $model_package_arn %}"},
        then="Approved?",
        output=f"{{% {{'status': {answer}, 'said': {said}}} %}}",
        assign={"pause": f"{{% $min([{LONGEST_PAUSE}, $ceil($pause * 1.5)]) %}}"},
        timeout_seconds=SECONDS,
    )
    rules = [
        ("$states.input.status = 'Approved'", then),
        ("$states.input.status = 'Rejected'", "Rejected by a person"),
        ("$toMillis($states.context.State.EnteredTime) > $give_up_at", "Nobody decided"),
    ]
    model = "'The model ' & $report.model.version"
    rejected = f"{{% {model} & ' was rejected: ' & $states.input.said & '. Production is untouched.' %}}"
    nobody = (
        f"Nobody approved or rejected the model within {training.approval_days} days (approval_days). It stays in the "
        f"registry; production is untouched. Start the training again, or set approval to automatic for {name}."
    )
    return {
        "Wait for a person": wait("{% $pause %}", then="Ask the registry"),
        "Ask the registry": ask,
        "Approved?": choice(rules, default="Wait for a person"),
        "Rejected by a person": fault("NotApproved", rejected, then="Say why"),
        "Nobody decided": fault("NotApproved", nobody, then="Say why"),
    }
