"""Training jobs: SageMaker's operations on them, and their records across a restart."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from localcloud.answers import ServiceError
from localcloud.execution_role import RoleNotAssumableError, client_of_role
from localcloud.moto_backend import MotoBackend
from localcloud.sagemaker.model_package import PRINCIPAL
from localcloud.sagemaker.moto_records import moto_records
from localcloud.sagemaker.training_checks import check_request
from localcloud.sagemaker.training_job import CLOSED_REASON, TrainingJob
from localcloud.sagemaker.training_record import JobRecord
from localcloud.sagemaker.training_request import Parameters, TrainingRequest
from localcloud.sagemaker.training_storage import check_channels

_SORTED_BY = {"Name": "TrainingJobName", "CreationTime": "CreationTime", "Status": "TrainingJobStatus"}


class TrainingJobs:
    """Every training job of this cloud.

    Parameters
    ----------
    moto : MotoBackend
        The control plane, whose records describe them.
    folder : Path
        Where they work, a folder each.
    port : int
        The local cloud's port.
    """

    def __init__(self, moto: MotoBackend, folder: Path, port: int) -> None:
        self.operations: dict[str, Callable[[Parameters], Parameters]] = {
            "CreateTrainingJob": self.create,
            "StopTrainingJob": self.stop,
            "ListTrainingJobs": self.list_jobs,
        }
        self._moto = moto
        self._folder = folder
        self._port = port
        self._jobs: dict[str, TrainingJob] = {}
        self._requests: dict[str, Parameters] = {}
        self._records: dict[str, JobRecord] = {}

    def create(self, parameters: Parameters) -> Parameters:
        """Create a training job and start it in the background.

        Parameters
        ----------
        parameters : dict
            Input of `CreateTrainingJob`.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If there is one of that name, its role can't be taken on, a channel is empty, or this cloud can't run it.
        """
        request = check_request(parameters)
        self._refuse_second(request)
        try:
            check_channels(self._client(request, "s3"), request)
        except RoleNotAssumableError as error:
            message = (
                f"Could not assume role {request.role_arn}. Please ensure that the role exists and allows principal "
                f"'{PRINCIPAL}' to assume the role."
            )
            raise ServiceError("ValidationException", message) from error
        record = self._record(parameters)
        job = TrainingJob(request, record, self._folder / request.name, lambda service: self._client(request, service))
        self._jobs[request.name] = job
        job.start()
        return {"TrainingJobArn": request.arn}

    def stop(self, parameters: Parameters) -> Parameters:
        """Stop a training job.

        Parameters
        ----------
        parameters : dict
            Input of `StopTrainingJob`.

        Returns
        -------
        dict
            Nothing in it.

        Raises
        ------
        ServiceError
            If there is none, or it does not run.
        """
        description = self._moto.call("DescribeTrainingJob", parameters)
        job = self._jobs.get(parameters["TrainingJobName"])
        if job is None:
            status = description["TrainingJobStatus"]
            message = f"The request was rejected because the training job is in status {status}."
            raise ServiceError("ValidationException", message)
        job.stop()
        return {}

    def list_jobs(self, parameters: Parameters) -> Parameters:
        """List training jobs; moto cuts the page before it filters, and sorts nothing.

        Parameters
        ----------
        parameters : dict
            Input of `ListTrainingJobs`.

        Returns
        -------
        dict
            Its output.
        """
        filters = {name: parameters[name] for name in ("NameContains", "StatusEquals") if name in parameters}
        found = self._moto.call("ListTrainingJobs", filters)["TrainingJobSummaries"]
        for member in ("CreationTime", "LastModifiedTime"):
            after, before = parameters.get(f"{member}After", 0), parameters.get(f"{member}Before", float("inf"))
            found = [summary for summary in found if after < summary[member] < before]
        key = _SORTED_BY[parameters.get("SortBy", "CreationTime")]
        found.sort(key=lambda summary: summary[key], reverse=parameters.get("SortOrder") == "Descending")
        first = int(parameters.get("NextToken", 0))
        after_last = first + parameters.get("MaxResults", 10)
        more = {"NextToken": str(after_last)} if after_last < len(found) else {}
        return {"TrainingJobSummaries": found[first:after_last], **more}

    def close(self) -> None:
        """End every job, because the cloud stops."""
        jobs, self._jobs = list(self._jobs.values()), {}
        with ThreadPoolExecutor(max_workers=max(1, len(jobs))) as pool:
            list(pool.map(TrainingJob.close, jobs))

    def get_state(self) -> list[dict[str, Any]]:
        """Return what brings the records back; MiniStack saves it when the cloud stops."""
        return [{"Request": self._requests[name], "Record": record.state()} for name, record in self._records.items()]

    def load_persisted_state(self, state: list[dict[str, Any]]) -> None:
        """Bring back the records of the last run; no job of them runs any more."""
        for saved in state:
            record = self._record(saved["Request"])
            record.restore(saved["Record"])
            if record.status in ("InProgress", "Stopping"):
                record.end("Failed", "Failed", CLOSED_REASON)

    def _record(self, parameters: Parameters) -> JobRecord:
        name = parameters["TrainingJobName"]
        with self._moto.lock:
            self._moto.call("CreateTrainingJob", parameters)
            record = JobRecord(moto_records("training_jobs")[name], parameters, self._moto.lock)
        self._requests[name], self._records[name] = parameters, record
        return record

    def _refuse_second(self, request: TrainingRequest) -> None:
        if request.name in self._records:
            message = (
                "Training job names must be unique within an AWS account and region, and a training job with this name "
                f"already exists ({request.arn})"
            )
            raise ServiceError("ResourceInUse", message)

    def _client(self, request: TrainingRequest, service: str) -> Any:
        return client_of_role(request.role_arn, PRINCIPAL, service, self._port)
