"""The training machine (Standard) of a classifier: from archives in S3 to a model that ships, or to a clear no."""

from __future__ import annotations

from signpost.routing.prefixes import CHECKPOINTS, CORRECTED, DATA, JOBS
from signpost.settings.file import JOB_DIGITS, Classifier, Settings
from signpost.settings.training import TrainingSettings
from stepfunctions import production, registry, shipping
from stepfunctions.gate import gate
from stepfunctions.states import State, call, catch, choice, fault, invoke, machine, retrier

CHECK_SECONDS, COLLECT_SECONDS, EVALUATE_SECONDS = 30, 840, 840
# What the rest of the way takes at most: evaluating, updating the endpoint, and bringing the former model back.
_REST_SECONDS = 6 * 3600
# Starting instances, pulling the image, copying data in and out.
_AROUND_TRAINING_SECONDS = 3600


def job_prefix(app: str, classifier: str) -> str:
    """Return what the names of a classifier's training jobs, models and endpoint configurations start with."""
    return f"{app}-{classifier}-"


def machine_name(app: str, classifier: str) -> str:
    """Name the training machine of a classifier."""
    return f"{app}-train-{classifier}"


def build(settings: Settings, name: str) -> State:
    """Build the machine of one classifier. It takes no input.

    Parameters
    ----------
    settings : Settings
        All that is asked for.
    name : str
        A classifier with a ``training`` table.

    Returns
    -------
    dict
        Amazon States Language.
    """
    classifier, training = settings.classifiers[name], settings.trained[name]
    ships = classifier.hosting.ships
    states = {
        **_train(settings, name, training),
        **(production.of_endpoint("Evaluate") if ships else production.of_registry("Evaluate")),
        "Evaluate": _evaluate(classifier),
        **gate(training.gate, passed="Register", refused="Say why"),
        **registry.register(name, training, then=shipping.START if ships else "Announce", waits=ships),
        **(shipping.ship(name, classifier) if ships else registry.end(name, classifier.hosting, training)),
    }
    guarded = {n: _caught(state) if state["Type"] == "Task" else state for n, state in states.items()}
    seconds = _training_seconds(training) + training.approval_days * 86_400 + _REST_SECONDS
    comment = f"Trains {name}. Production changes only when everything before has gone well."
    return machine(comment, "Name the job", {**guarded, **_failure(name)}, seconds)


def _train(settings: Settings, name: str, training: TrainingSettings) -> dict[str, State]:
    digits = f"$substring($hash($states.context.Execution.Id, 'SHA-256'), 0, {JOB_DIGITS})"
    check = invoke(
        "CheckData",
        {"bucket": "${ModelsBucket}", "prefix": f"{DATA}{name}/", "archives": training.archives},
        then="Collect the corrections",
        assign={"data": "{% $states.result.Payload %}"},
        timeout_seconds=CHECK_SECONDS + 1,
        attempts=3,
    )
    return {
        "Name the job": {
            "Type": "Pass",
            # Whatever fails later, these have a value.
            "Assign": {
                "job": f"{{% '{job_prefix(settings.app.name, name)}' & {digits} %}}",
                "image": "{% null %}",
                "failures": "{% '' %}",
                "after": "{% '' %}",
            },
            "Next": "Check the data",
        },
        "Check the data": check,
        "Collect the corrections": _collect(settings, name),
        "Train": _job(name, training),
        "Trained?": choice([("$states.input.status = 'Completed'", production.START)], default="Not trained"),
        "Not trained": fault(
            "TrainingStopped",
            "{% 'The training job ' & $job & ' ended: ' & $states.input.status & ', ' & $states.input.detail & '.' %}",
            then="Say why",
        ),
    }


def _collect(settings: Settings, name: str) -> State:
    """Write what people corrected until now where the job reads it."""
    payload = {
        "app": settings.app.name,
        "classifier": name,
        "classifiers": list(settings.classifiers),
        "captured_bucket": "${CapturedBucket}",
        "decisions_bucket": "${DecisionsBucket}",
        "models_bucket": "${ModelsBucket}",
        "to": f"{{% '{CORRECTED}{name}/' & $job & '/' %}}",
        "limits": settings.limits.model_dump(mode="json"),
    }
    return invoke(
        "CollectCorrections",
        payload,
        then="Train",
        assign={"corrected": "{% $states.result.Payload %}"},
        timeout_seconds=COLLECT_SECONDS + 1,
        attempts=2,
    )


def _channel(name: str, uri: str) -> State:
    source = {"S3DataType": "S3Prefix", "S3Uri": uri, "S3DataDistributionType": "FullyReplicated"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def _job(name: str, training: TrainingSettings) -> State:
    place = "s3://${ModelsBucket}"
    left = f"{place}/{JOBS}{name}/"
    stopping = {"MaxRuntimeInSeconds": 60 * training.max_runtime_minutes}
    spot: State = {}
    if training.spot:
        stopping["MaxWaitTimeInSeconds"] = 60 * training.max_wait_minutes
        spot = {
            "EnableManagedSpotTraining": True,
            "CheckpointConfig": {"S3Uri": f"{{% '{place}/{CHECKPOINTS}{name}/' & $job %}}"},
        }
    arguments = {
        "TrainingJobName": "{% $job %}",
        "RoleArn": "${TrainingRole}",
        "AlgorithmSpecification": {"TrainingImage": "${TrainingImage}", "TrainingInputMode": "File"},
        "HyperParameters": {
            "classifier": name,
            "strategy": training.strategy,
            "quick": "true" if training.quick else "false",
        },
        "InputDataConfig": [
            _channel("data", f"{place}/{DATA}{name}/"),
            _channel("corrected", f"{{% '{place}/{CORRECTED}{name}/' & $job & '/' %}}"),
        ],
        "OutputDataConfig": {"S3OutputPath": left.rstrip("/")},
        "ResourceConfig": {
            "InstanceType": training.instance_type,
            "InstanceCount": training.instances,
            "VolumeSizeInGB": training.volume_gb,
        },
        "StoppingCondition": stopping,
        "EnableNetworkIsolation": True,  # the instances of a job still reach each other
        **spot,
    }
    detail = "$exists($states.result.SecondaryStatus) ? $states.result.SecondaryStatus : 'no detail'"
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "Arguments": arguments,
        "Assign": {
            "model": f"{{% '{left}' & $job & '/output/model.tar.gz' %}}",
            "output": f"{{% '{left}' & $job & '/output/output.tar.gz' %}}",
            "billable_seconds": "{% $exists($states.result.BillableTimeInSeconds) ? "
            "$states.result.BillableTimeInSeconds : null %}",
        },
        "Output": {"status": "{% $states.result.TrainingJobStatus %}", "detail": f"{{% {detail} %}}"},
        # The service's own trouble, throttling among it: no job was started then.
        "Retry": [
            retrier(
                ["SageMaker.AmazonSageMakerException", "SageMaker.SdkClientException"],
                7,
                first_pause=5,
                longest_pause=60,
            )
        ],
        "TimeoutSeconds": _training_seconds(training),
        "Next": "Trained?",
    }


def _training_seconds(training: TrainingSettings) -> int:
    minutes = training.max_wait_minutes if training.spot else training.max_runtime_minutes
    return 60 * minutes + _AROUND_TRAINING_SECONDS


def _evaluate(classifier: Classifier) -> State:
    payload = {
        "model": "{% $model %}",
        "output": "{% $output %}",
        "production": "{% $production %}",
        "labels": sorted(classifier.route_of),
    }
    return invoke(
        "Evaluate",
        payload,
        then="Accurate enough?",
        assign={"report": "{% $states.result.Payload %}"},
        timeout_seconds=EVALUATE_SECONDS + 1,
        attempts=2,
    )


def _caught(state: State) -> State:
    return state if state.get("Catch") else catch(state, "Say why")


def _failure(name: str) -> dict[str, State]:
    """Put the reason into one sentence, tell it on the bus, and fail."""
    # A job's failure and a function's error come as JSON text.
    why = (
        "($c := $exists($fault.Cause) ? $fault.Cause : 'no cause given'; "
        "$p := $substring($c, 0, 1) = '{' and $substring($c, -1) = '}' ? $parse($c) : {}; "
        "$said := $exists($p.FailureReason) ? 'The training job ' & $job & ' failed: ' & $p.FailureReason : "
        "$exists($p.TrainingJobStatus) ? 'The training job ' & $job & ' ended as ' & $p.TrainingJobStatus & "
        "' (' & $p.SecondaryStatus & ').' : $exists($p.errorMessage) ? $p.errorMessage : $c; "
        "$substring($said, 0, 2000) & $after)"
    )
    detail = {
        "classifier": name,
        "execution": "{% $states.context.Execution.Id %}",
        "error": "{% $error %}",
        "why": "{% $why %}",
    }
    announce = call("events:putEvents", registry.event("TrainingFailed", detail), then="Failed")
    return {
        "Say why": {
            "Type": "Pass",
            "Assign": {"error": "{% $fault.Error %}", "why": f"{{% {why} %}}"},
            "Next": "Announce the failure",
        },
        # Told or not: the execution fails with the reason.
        "Announce the failure": {**announce, "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}]},
        "Failed": {"Type": "Fail", "Error": "{% $error %}", "Cause": "{% $why %}"},
    }
