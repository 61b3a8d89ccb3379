"""Refuses training jobs that SageMaker refuses too, or that this machine can't run."""

import posixpath
import re
from pathlib import PurePosixPath

from localcloud.answers import ServiceError
from localcloud.api_input import input_shape
from localcloud.sagemaker.training_request import (
    DEFAULT_CHECKPOINTS,
    DEFAULT_RUNTIME_SECONDS,
    INTERRUPT_VARIABLE,
    ML_ROOT,
    Parameters,
    TrainingRequest,
)

# Each instance is a process here: more would only fight for the same processor.
MOST_INSTANCES = 8


def check_request(parameters: Parameters) -> TrainingRequest:
    """Refuse a job that SageMaker refuses too, or that this machine can't run.

    Parameters
    ----------
    parameters : dict
        Input of `CreateTrainingJob`, whose types are right.

    Returns
    -------
    TrainingRequest
        The same, readable.

    Raises
    ------
    ServiceError
        `ValidationException` or `ResourceLimitExceeded`.
    """
    _check_algorithm(parameters.get("AlgorithmSpecification", {}))
    _check_resources(parameters.get("ResourceConfig", {}))
    _check_stopping(parameters)
    for channel in parameters.get("InputDataConfig", []):
        _check_channel(channel)
    if parameters["OutputDataConfig"].get("CompressionType", "GZIP") != "GZIP":
        raise _invalid("The local cloud packs a model: OutputDataConfig's CompressionType has to be GZIP.")
    request = TrainingRequest(parameters)
    _check_checkpoints(parameters.get("CheckpointConfig", {}))
    try:
        # Properties that read text: what they can't read is refused now, not while it runs.
        _ = request.output, request.checkpoints, request.channels, request.metrics, request.interrupt_after
    except re.error as error:
        raise _invalid(f"A regular expression of the MetricDefinitions can't be read: {error}") from error
    except ValueError as error:
        raise _invalid(f"{INTERRUPT_VARIABLE} has to be a number of seconds: {error}") from error
    return request


def _invalid(message: str) -> ServiceError:
    return ServiceError("ValidationException", message)


def _check_algorithm(algorithm: Parameters) -> None:
    if not algorithm.get("TrainingImage"):
        raise _invalid("The local cloud runs jobs with an AlgorithmSpecification's TrainingImage.")
    if algorithm["TrainingInputMode"] != "File":
        raise _invalid(f"The local cloud runs jobs with TrainingInputMode File, not {algorithm['TrainingInputMode']}.")


def _check_resources(resources: Parameters) -> None:
    count, kind = resources.get("InstanceCount", 0), resources.get("InstanceType")
    if not kind or count < 1:
        raise _invalid("The local cloud runs jobs with a ResourceConfig's InstanceType and InstanceCount of 1 or more.")
    known = input_shape("sagemaker", "CreateTrainingJob").members["ResourceConfig"].members["InstanceType"].enum
    if kind not in known:
        raise _invalid(
            f"Value '{kind}' at 'resourceConfig.instanceType' failed to satisfy constraint: Member must satisfy enum "
            f"value set: [{', '.join(known)}]"
        )
    if count > MOST_INSTANCES:
        message = f"The local cloud runs at most {MOST_INSTANCES} instances a job; {count} were asked for."
        raise ServiceError("ResourceLimitExceeded", message)


def _check_stopping(parameters: Parameters) -> None:
    stopping = parameters.get("StoppingCondition", {})
    wait, runtime = stopping.get("MaxWaitTimeInSeconds"), stopping.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS)
    if parameters.get("EnableManagedSpotTraining") and (wait is None or wait < runtime):
        raise _invalid(
            "Invalid MaxWaitTimeInSeconds. It must be present and be greater than or equal to MaxRuntimeInSeconds"
        )


def _check_channel(channel: Parameters) -> None:
    name, source = channel["ChannelName"], channel["DataSource"].get("S3DataSource")
    if name in (".", ".."):
        raise _invalid(f"'{name}' can't be the name of a channel.")
    if not source or source["S3DataType"] != "S3Prefix" or channel.get("InputMode", "File") != "File":
        raise _invalid(f"The local cloud reads channels of S3DataType S3Prefix in File mode; '{name}' is another.")


def _check_checkpoints(config: Parameters) -> None:
    folder = PurePosixPath(posixpath.normpath(config.get("LocalPath", DEFAULT_CHECKPOINTS)))
    taken = {ML_ROOT, ML_ROOT / "input", ML_ROOT / "model", ML_ROOT / "output"}
    if ML_ROOT not in folder.parents or taken & {folder, *folder.parents} - {ML_ROOT}:
        raise _invalid(f"Checkpoints have to lie in a folder of their own below {ML_ROOT}, not in {folder}.")
