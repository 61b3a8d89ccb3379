"""Finds the package that is in production: behind the endpoint, or the last one that was approved."""

from __future__ import annotations

from stepfunctions.states import State, call, choice, fault, retrier, wait

START = "Find production"
SECONDS = 15
_CONTAINER = "$states.result.PrimaryContainer"
# Of an endpoint that is soon at rest again: a change of its number of instances looks like an update, too.
UNDER_WAY = "$states.input.status in ['Creating', 'Updating', 'SystemUpdating', 'RollingBack']"
_LOOK_SECONDS = 30
# SageMaker may name the same place in the newer of its two ways.
_PLACE = (
    f"$exists({_CONTAINER}.ModelDataUrl) ? {_CONTAINER}.ModelDataUrl : {_CONTAINER}.ModelDataSource.S3DataSource.S3Uri"
)


def describe_endpoint(then: str, assign: State | None = None) -> State:
    """Read how the endpoint is, patiently: to lose sight of an update would leave it unjudged."""
    kept = (
        "{'status': $states.result.EndpointStatus, 'config': $states.result.EndpointConfigName, "
        "'reason': $exists($states.result.FailureReason) ? $states.result.FailureReason : 'no reason given'}"
    )
    state = call(
        "aws-sdk:sagemaker:describeEndpoint",
        {"EndpointName": "${Endpoint}"},
        then=then,
        output=f"{{% {kept} %}}",
        assign=assign,
        timeout_seconds=SECONDS,
    )
    return state | {"Retry": [retrier(["States.ALL"], 21, first_pause=2, longest_pause=60)]}


def at_rest(look: str, wait_name: str, rules: list[tuple[str, str]], default: str) -> dict[str, State]:
    """Go on from how the endpoint is, once nothing is under way.

    Parameters
    ----------
    look : str
        The state that reads how it is.
    wait_name : str
        Name of the state that waits.
    rules : list of (condition, next state)
        For an endpoint at rest.
    default : str
        Next state where none holds.

    Returns
    -------
    dict of str to dict
        The choice, named for its question, and the pause.
    """
    return {
        f"{look}: at rest?": choice([(UNDER_WAY, wait_name), *rules], default=default),
        wait_name: wait(_LOOK_SECONDS, then=look),
    }


def of_endpoint(then: str) -> dict[str, State]:
    """Read what runs behind the endpoint.

    Sets ``$former_config`` (a name), ``$config`` and ``$container`` (what to copy) and ``$production`` (``s3://…``).
    """
    status = "'The endpoint ${Endpoint} is ' & $states.input.status"
    busy = f"{{% {status} & ': bring it to InService, then start again.' %}}"
    ready = [("$states.input.status = 'InService'", "Read its configuration")]
    return {
        START: describe_endpoint(f"{START}: at rest?", {"former_config": "{% $states.result.EndpointConfigName %}"}),
        **at_rest(START, "Wait for the endpoint", ready, default="Not ready"),
        "Not ready": fault("EndpointBusy", busy, then="Say why"),
        "Read its configuration": call(
            "aws-sdk:sagemaker:describeEndpointConfig",
            {"EndpointConfigName": "{% $former_config %}"},
            then="Read its model",
            assign={"config": "{% $states.result %}"},
            timeout_seconds=SECONDS,
        ),
        "Read its model": call(
            "aws-sdk:sagemaker:describeModel",
            {"ModelName": "{% $config.ProductionVariants[0].ModelName %}"},
            then=then,
            assign={
                "container": f"{{% {_CONTAINER} %}}",
                "isolated": "{% $boolean($states.result.EnableNetworkIsolation) %}",
                "image": f"{{% {_CONTAINER}.Image %}}",
                "production": f"{{% {_PLACE} %}}",
            },
            timeout_seconds=SECONDS,
        ),
    }


def of_registry(then: str) -> dict[str, State]:
    """Read the last approved version in the registry that Signpost made. Sets ``$production``, null if there is none.

    Other programs may register versions in the group; theirs are passed over, as `signpost.model.registry` does.
    """
    listed = {
        "ModelPackageGroupName": "${ModelPackageGroup}",
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,  # with 1, a page of a filtered list may be empty
    }
    location = "$states.result.InferenceSpecification.Containers[0].ModelDataUrl"
    figures = "$states.result.CustomerMetadataProperties"
    own = f"$exists({figures}.model_version) and $exists({figures}.data_fingerprint)"
    return {
        START: call(
            "aws-sdk:sagemaker:listModelPackages",
            listed,
            then="Any approved?",
            assign={
                "production": "{% null %}",
                "approved": "{% [$states.result.ModelPackageSummaryList.ModelPackageArn] %}",
            },
            timeout_seconds=SECONDS,
        ),
        "Any approved?": choice(
            [("$production = null and $count($approved) > 0", "Read the last approved")], default=then
        ),
        "Read the last approved": call(
            "aws-sdk:sagemaker:describeModelPackage",
            {"ModelPackageName": "{% $approved[0] %}"},
            then="Any approved?",
            assign={
                "production": f"{{% {own} ? {location} : null %}}",
                "approved": "{% [$filter($approved, function($arn, $place) {$place > 0})] %}",
            },
            timeout_seconds=SECONDS,
        ),
    }
