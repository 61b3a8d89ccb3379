"""Finds the package that is in production: behind the endpoint, or the last one that was approved."""

from __future__ import annotations

from stepfunctions.states import State, call, choice, fault

START = "Find production"
SECONDS = 15
_CONTAINER = "$states.result.PrimaryContainer"
# SageMaker may name the same place in the newer of its two ways.
_PLACE = (
    f"$exists({_CONTAINER}.ModelDataUrl) ? {_CONTAINER}.ModelDataUrl : {_CONTAINER}.ModelDataSource.S3DataSource.S3Uri"
)


def describe_endpoint(then: str, assign: State | None = None) -> State:
    """Read how the endpoint is."""
    kept = (
        "{'status': $states.result.EndpointStatus, 'config': $states.result.EndpointConfigName, "
        "'reason': $exists($states.result.FailureReason) ? $states.result.FailureReason : 'no reason given'}"
    )
    return call(
        "aws-sdk:sagemaker:describeEndpoint",
        {"EndpointName": "${Endpoint}"},
        then=then,
        output=f"{{% {kept} %}}",
        assign=assign,
        timeout_seconds=SECONDS,
    )


def of_endpoint(then: str) -> dict[str, State]:
    """Read what runs behind the endpoint.

    Sets ``$former_config`` (a name), ``$config`` and ``$container`` (what to copy) and ``$production`` (``s3://…``).
    """
    status = "'The endpoint ${Endpoint} is ' & $states.input.status"
    busy = f"{{% {status} & ': wait until it is InService, then start again.' %}}"
    return {
        START: describe_endpoint("Endpoint ready?", {"former_config": "{% $states.result.EndpointConfigName %}"}),
        "Endpoint ready?": choice(
            [("$states.input.status = 'InService'", "Read its configuration")], default="Not ready"
        ),
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
    """Read the last approved version in the registry. Sets ``$production``, null where there is none."""
    listed = {
        "ModelPackageGroupName": "${ModelPackageGroup}",
        "ModelApprovalStatus": "Approved",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 1,
    }
    location = "$states.result.InferenceSpecification.Containers[0].ModelDataUrl"
    return {
        START: call(
            "aws-sdk:sagemaker:listModelPackages",
            listed,
            then="Any approved?",
            output="{% {'packages': $states.result.ModelPackageSummaryList} %}",
            assign={"production": None},
            timeout_seconds=SECONDS,
        ),
        "Any approved?": choice([("$count($states.input.packages) > 0", "Read the last approved")], default=then),
        "Read the last approved": call(
            "aws-sdk:sagemaker:describeModelPackage",
            {"ModelPackageName": "{% $states.input.packages[0].ModelPackageArn %}"},
            then=then,
            assign={"production": f"{{% {location} %}}"},
            timeout_seconds=SECONDS,
        ),
    }
