"""`sagemaker:createTrainingJob.sync`: a task that starts a training job and waits for its end."""

import json
import logging
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.service_integration import Integration, TaskError

RESOURCE = "arn:aws:states:::sagemaker:createTrainingJob.sync"
POLL_SECONDS = 0.5
_ENDED = "The execution has ended."

logger = logging.getLogger("localcloud.training")


def run_training(client: Any, arguments: Any, is_running: Callable[[], bool]) -> Any:
    """Run a training job.

    Parameters
    ----------
    client : boto3 client
        Of SageMaker, acting as the machine's role.
    arguments : Any
        The state's arguments: input of `CreateTrainingJob`.
    is_running : callable
        Tells whether the execution still runs. The job of one that does not is stopped.

    Returns
    -------
    Any
        The description of the completed job.

    Raises
    ------
    TaskError
        If the job can't be created, or ends in any other way than completed: then `States.TaskFailed`, and the cause
        is the job's description.
    """
    if not is_running():
        # A retry of the failure below.
        raise TaskError("States.TaskFailed", _ENDED)
    _integration("createTrainingJob").call(client, arguments)
    name = {"TrainingJobName": arguments["TrainingJobName"]}
    while True:
        job = _integration("describeTrainingJob").call(client, name)
        if job["TrainingJobStatus"] == "Completed":
            return job
        if job["TrainingJobStatus"] in ("Failed", "Stopped"):
            raise TaskError("States.TaskFailed", json.dumps(job))
        if not is_running():
            _stop(client, name)
            raise TaskError("States.TaskFailed", _ENDED)
        time.sleep(POLL_SECONDS)


def _integration(action: str) -> Integration:
    integration = Integration.of(f"arn:aws:states:::sagemaker:{action}")
    if integration is None:
        raise ValueError(action)
    return integration


def _stop(client: Any, name: dict[str, str]) -> None:
    try:
        client.stop_training_job(**name)
    except (ClientError, BotoCoreError) as error:
        logger.warning("The training job %s of an ended execution runs on: %s", name["TrainingJobName"], error)
