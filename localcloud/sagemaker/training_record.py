"""Moto's record of a training job, and what changes in it while the job runs."""

import datetime as dt
import threading
from typing import Any

from localcloud.sagemaker.record_state import plain, rich

# As many as `DescribeTrainingJob` shows.
MOST_REASON_CHARACTERS = 1024

# As SageMaker words them.
_MESSAGES = {
    "Starting": "Preparing the instances for training",
    "Downloading": "Downloading input data",
    "Training": "Training image download completed. Training in progress.",
    "Interrupted": "Training job interrupted",
    "Stopping": "Stopping the training job",
    "Uploading": "Uploading generated training model",
    "Completed": "Training job completed",
    "Failed": "Training job failed",
    "Stopped": "Training job stopped",
    "MaxRuntimeExceeded": "Training job runtime exceeded MaxRuntimeInSeconds provided",
    "MaxWaitTimeExceeded": "Training job runtime exceeded MaxWaitTimeInSeconds provided",
}
_SAVED = (
    "training_job_status",
    "secondary_status",
    "secondary_status_transitions",
    "failure_reason",
    "final_metric_data_list",
    "creation_time",
    "last_modified_time",
    "training_start_time",
    "training_end_time",
    "training_time_in_seconds",
    "billable_time_in_seconds",
)


class JobRecord:
    """What `DescribeTrainingJob` shows of one job.

    Parameters
    ----------
    record : moto.sagemaker.models.FakeTrainingJob
        Moto's record, which says that the job is completed until this class says what it is.
    request : dict
        Input of `CreateTrainingJob`.
    lock : threading.RLock
        Held by whoever reads the record.
    """

    def __init__(self, record: Any, request: dict[str, Any], lock: "threading.RLock") -> None:
        self._record = record
        self._lock = lock
        self._billed_seconds = 0.0
        self._billed_since: dt.datetime | None = None
        # Moto leaves these out, or puts in what nobody asked for.
        record.algorithm_specification = request["AlgorithmSpecification"]
        record.environment = request.get("Environment")
        record.retry_strategy = request.get("RetryStrategy")
        record.training_start_time = record.training_end_time = None
        record.training_time_in_seconds = record.billable_time_in_seconds = record.failure_reason = None
        record.secondary_status_transitions, record.final_metric_data_list = [], []
        record.creation_time = dt.datetime.now(dt.UTC)
        self.enter("Starting")

    @property
    def status(self) -> str:
        """`TrainingJobStatus`."""
        return self._record.training_job_status

    @property
    def created(self) -> dt.datetime:
        """When the job was created."""
        return self._record.creation_time

    def enter(self, secondary: str, status: str = "InProgress") -> None:
        """Note the next stage.

        Parameters
        ----------
        secondary : str
            `SecondaryStatus`.
        status : str
            `TrainingJobStatus`.
        """
        now = dt.datetime.now(dt.UTC)
        transition = {"Status": secondary, "StartTime": now, "StatusMessage": _MESSAGES[secondary]}
        with self._lock:
            transitions = self._record.secondary_status_transitions
            if transitions:
                transitions[-1]["EndTime"] = now
            self._record.secondary_status_transitions = [*transitions, transition]
            self._record.training_job_status, self._record.secondary_status = status, secondary
            self._record.last_modified_time = now

    def start_billing(self) -> None:
        """Note that the instances run from now on."""
        with self._lock:
            self._billed_since = dt.datetime.now(dt.UTC)
            self._record.training_start_time = self._record.training_start_time or self._billed_since

    def pause_billing(self) -> None:
        """Note that the instances run no more."""
        with self._lock:
            if self._billed_since:
                self._billed_seconds += (dt.datetime.now(dt.UTC) - self._billed_since).total_seconds()
                self._billed_since = None

    def end(self, status: str, secondary: str, reason: str | None = None) -> None:
        """Note the end of the job.

        Parameters
        ----------
        status : str
            `Completed`, `Failed` or `Stopped`.
        secondary : str
            `SecondaryStatus`.
        reason : str, optional
            `FailureReason`, cut to the 1,024 characters that SageMaker shows.
        """
        with self._lock:
            self.pause_billing()
            self.enter(secondary, status)
            last = self._record.secondary_status_transitions[-1]
            last["EndTime"] = last["StartTime"]
            self._record.failure_reason = reason[:MOST_REASON_CHARACTERS] if reason else None
            if self._record.training_start_time:
                self._record.training_end_time = last["StartTime"]
                lasted = last["StartTime"] - self._record.training_start_time
                self._record.training_time_in_seconds = round(lasted.total_seconds())
                self._record.billable_time_in_seconds = round(self._billed_seconds)

    def set_metrics(self, metrics: dict[str, tuple[float, dt.datetime]]) -> None:
        """Note the last value of each metric.

        Parameters
        ----------
        metrics : dict
            Value and moment by name.
        """
        with self._lock:
            self._record.final_metric_data_list = [
                {"MetricName": name, "Value": value, "Timestamp": moment} for name, (value, moment) in metrics.items()
            ]

    def state(self) -> dict[str, Any]:
        """Return what `restore` brings back, fit for JSON."""
        with self._lock:
            return {member: plain(getattr(self._record, member)) for member in _SAVED}

    def restore(self, state: dict[str, Any]) -> None:
        """Bring back what `state` returned.

        Parameters
        ----------
        state : dict
            That.
        """
        with self._lock:
            for member, value in state.items():
                setattr(self._record, member, rich(value))
