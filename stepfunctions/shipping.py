"""Updates the endpoint through its guardrails, and brings the former model back if the new one answers wrongly."""

from __future__ import annotations

from typing import Any

from signpost.aws.guardrails import guarded_update, has_known_pictures, rollback_alarm_names
from signpost.errors import ASLEEP
from signpost.settings.file import Classifier, Hosting
from stepfunctions.production import SECONDS, UNDER_WAY, at_rest, describe_endpoint
from stepfunctions.registry import reject, shipped
from stepfunctions.states import State, call, catch, choice, fault, invoke, wait

SMOKE_TEST_SECONDS = 120
START = "Look at the endpoint again"
_PAUSE = "{% $min([30, $ceil($pause * 1.5)]) %}"
_STATE = "'The endpoint ${Endpoint} is ' & $states.input.status & ' with the configuration ' & $states.input.config"


def ship(name: str, classifier: Classifier) -> dict[str, State]:
    """Build the way from an approved model to one that answers.

    Parameters
    ----------
    name : str
        The classifier.
    classifier : Classifier
        With an endpoint.

    Returns
    -------
    dict of str to dict
        States, the first one first.
    """
    # An approved model that does not ship loses the approval: else it could be deployed by another way.
    before = {
        state: catch(body, "Reject in the registry") if body["Type"] == "Task" and "Catch" not in body else body
        for state, body in {**_make(), **_update(classifier)}.items()
    }
    return {
        **before,
        "Smoke-test": _smoke_test(classifier.hosting),
        **_bring_back(classifier.hosting),
        "Reject in the registry": reject(then="Say why"),
        **shipped(name),
    }


def _make() -> dict[str, State]:
    """Make model and configuration, unless production is another one than the model was compared with."""
    same = "$states.input.status = 'InService' and $states.input.config = $former_config"
    changed = f"{{% {_STATE} & '; the model was compared with ' & $former_config & '. Start again to compare anew.' %}}"
    model = {
        "ModelName": "{% $job %}",
        "ExecutionRoleArn": "${ModelRole}",
        "EnableNetworkIsolation": "{% $isolated %}",
        "PrimaryContainer": "{% {'Image': $image, 'ModelDataUrl': $model, 'Environment': $container.Environment} %}",
    }
    # Everything as it is, but for the model.
    configuration = (
        "{% {'EndpointConfigName': $job, "
        "'ProductionVariants': [$merge([$config.ProductionVariants[0], {'ModelName': $job}])], "
        "'DataCaptureConfig': $config.DataCaptureConfig, 'AsyncInferenceConfig': $config.AsyncInferenceConfig} %}"
    )
    return {
        START: describe_endpoint(f"{START}: at rest?"),
        **at_rest(START, "Wait until it rests", [(same, "Make the model")], default="Production changed"),
        "Production changed": fault("ProductionChanged", changed, then="Reject in the registry"),
        "Make the model": _sagemaker("createModel", model, then="Make the configuration"),
        "Make the configuration": _sagemaker("createEndpointConfig", configuration, then="Update the endpoint"),
    }


def _update(classifier: Classifier) -> dict[str, State]:
    update = _to("{% $job %}", classifier.hosting)
    if classifier.hosting is not Hosting.SERVERLESS:
        names = rollback_alarm_names("${Endpoint}", known_pictures=has_known_pictures(classifier))
        update["DeploymentConfig"] = guarded_update(classifier.endpoint, classifier.hosting, list(names.values()))
    reached = [("$states.input.status = 'InService' and $states.input.config = $job", "Smoke-test")]
    undone = f"{{% {_STATE} & ', not with the new one: ' & $states.input.reason & '.' %}}"
    start = {**_sagemaker("updateEndpoint", update, then="Wait for it"), "Assign": {"pause": 5}}
    # An answer that was lost says nothing about the update: how the endpoint is does.
    refused = "{% ' UpdateEndpoint answered: ' & $states.errorOutput.Error & ': ' & $states.errorOutput.Cause %}"
    return {
        "Update the endpoint": catch(start, "Wait for it", pause=5, after=refused),
        "Wait for it": wait("{% $pause %}", then="Look at it"),
        "Look at it": describe_endpoint("Updated?", {"pause": _PAUSE}),
        "Updated?": choice([*reached, (UNDER_WAY, "Wait for it")], default="Not updated"),
        "Not updated": fault("RolledBack", undone, then="Reject in the registry"),
    }


def _smoke_test(hosting: Hosting) -> State:
    payload: State = {
        "endpoint": "${Endpoint}",
        "hosting": hosting.value,
        "model": "{% $model %}",
        "output": "{% $output %}",
        "version": "{% $report.model.version %}",
        "job": "{% $job %}",
    }
    if hosting is Hosting.ASYNC:
        payload["scratch_bucket"] = "${DecisionsBucket}"
    state = invoke(
        "SmokeTest",
        payload,
        then="Announce",
        assign={"smoke_test": "{% $states.result.Payload %}"},
        timeout_seconds=SMOKE_TEST_SECONDS + 1,
        attempts=4,
        retry=["EndpointUnwell"],
    )
    if hosting is Hosting.ASYNC:  # its first instance may have to start
        patient = {"ErrorEquals": [ASLEEP], "IntervalSeconds": 60, "BackoffRate": 1.0, "MaxAttempts": 15}
        state["Retry"].append(patient)
    return catch(state, "Look before the way back")


def _bring_back(hosting: Hosting) -> dict[str, State]:
    back = _sagemaker("updateEndpoint", _to("{% $former_config %}", hosting), then="Wait for the former model")
    there = [("$states.input.status = 'InService' and $states.input.config = $former_config", "It is back")]
    by_hand = "Update it by hand to the configuration "
    failed = f" The former model could not be brought back. {by_hand}"
    return {
        "Look before the way back": {
            **describe_endpoint("Look before the way back: at rest?"),
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Bring the former model back"}],
        },
        **at_rest("Look before the way back", "Wait before the way back", [], default="Bring the former model back"),
        "Bring the former model back": {
            **back,
            "Assign": {"pause": 5},
            # Its answer may be lost: how the endpoint is says whether it is on its way.
            "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"pause": 5}, "Next": "Wait for the former model"}],
        },
        "Wait for the former model": wait("{% $pause %}", then="Look for the former model"),
        "Look for the former model": {
            **describe_endpoint("Former model back?", {"pause": _PAUSE}),
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "It is not back"}],
        },
        "Former model back?": choice([*there, (UNDER_WAY, "Wait for the former model")], default="It is not back"),
        "It is back": _note("' The former model is back.'"),
        "It is not back": _note(f"'{failed}' & $former_config & '.'"),
    }


def _note(sentence: str) -> State:
    return {"Type": "Pass", "Assign": {"after": f"{{% {sentence} %}}"}, "Next": "Reject in the registry"}


def _to(configuration: str, hosting: Hosting) -> State:
    update: State = {"EndpointName": "${Endpoint}", "EndpointConfigName": configuration}
    if hosting is not Hosting.SERVERLESS:
        update["RetainAllVariantProperties"] = True  # what scaling has chosen
        update["ExcludeRetainedVariantProperties"] = [{"VariantPropertyType": "DataCaptureConfig"}]
    return update


def _sagemaker(action: str, arguments: Any, *, then: str) -> State:
    return call(f"aws-sdk:sagemaker:{action}", arguments, then=then, timeout_seconds=SECONDS)
