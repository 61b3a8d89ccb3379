"""The life of a training job: data in, runs on the instances, artefacts out, and what SageMaker says on the way."""

import contextlib
import datetime as dt
import logging
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from localcloud.answers import ServiceError
from localcloud.sagemaker.training_checkpoints import Checkpoints
from localcloud.sagemaker.training_logs import Metrics
from localcloud.sagemaker.training_record import JobRecord
from localcloud.sagemaker.training_request import Place, TrainingRequest
from localcloud.sagemaker.training_run import AlgorithmError, Control, Ending, Limits, TrainingRun
from localcloud.sagemaker.training_storage import TransferError, download, upload_archive

logger = logging.getLogger("localcloud.training")

# Between SIGTERM and SIGKILL, as in SageMaker.
STOP_SECONDS = 120.0
# When the cloud itself stops, it can't wait as long.
CLOSING_SECONDS = 10.0
CLOSED_REASON = "InternalServerError: The local cloud stopped while the job ran. Start the job again."


class TrainingJob:
    """One training job.

    Parameters
    ----------
    request : TrainingRequest
        What was asked for.
    record : JobRecord
        What is described.
    folder : Path
        Of the job; gone when the job has ended.
    client : callable
        Makes a boto3 client of a service that acts as the job's role.
    """

    def __init__(self, request: TrainingRequest, record: JobRecord, folder: Path, client: Callable[[str], Any]) -> None:
        self.record = record
        self._request = request
        self._folder = folder
        self._client = client
        self._metrics = Metrics(request.metrics)
        self._wish: Ending | None = None
        self._wished = threading.Event()
        self._lock = threading.Lock()
        self._trained_seconds = 0.0
        self._interruptions = 0
        self._thread = threading.Thread(target=self._run, name=f"training-{request.name}", daemon=True)

    def start(self) -> None:
        """Start it in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to stop; its model is put into S3 all the same.

        Raises
        ------
        ServiceError
            `ValidationException`, if it does not run.
        """
        with self._lock:
            if self.record.status != "InProgress":
                message = f"The request was rejected because the training job is in status {self.record.status}."
                raise ServiceError("ValidationException", message)
            self.record.enter("Stopping", "Stopping")
            self._wish = Ending.STOPPED
        self._wished.set()

    def close(self) -> None:
        """End it because the cloud stops, and wait for that."""
        with self._lock:
            self._wish = Ending.CLOSED
        self._wished.set()
        # A download or upload is not cut short, but not waited for without end.
        self._thread.join(2 * CLOSING_SECONDS)
        if self.record.status in ("InProgress", "Stopping"):
            self.record.end("Failed", "Failed", CLOSED_REASON)

    def _run(self) -> None:
        status, secondary, reason = "Failed", "Failed", None
        try:
            ending = self._train()
            if ending is Ending.CLOSED:
                reason = CLOSED_REASON
            else:
                status = "Completed" if ending is Ending.COMPLETED else "Stopped"
                secondary = ending.value
        except AlgorithmError as error:
            reason = str(error)
        except (TransferError, ClientError, BotoCoreError) as error:
            reason = f"ClientError: {error}"
        except Exception:
            logger.exception("The training job %s could not be run", self._request.name)
            reason = "InternalServerError: The local cloud could not run the job; its log says why."
        shutil.rmtree(self._folder, ignore_errors=True)
        self.record.set_metrics(self._metrics.values)
        with self._lock:
            self.record.end(status, secondary, reason)

    def _train(self) -> Ending:
        """Run it, again after every interruption, and put its artefacts into S3."""
        s3, logs = self._client("s3"), self._client("logs")
        while True:
            # A new instance has an empty disk.
            folder = self._folder / str(self._interruptions)
            folder.mkdir(parents=True)
            run = TrainingRun(self._request, folder, logs, self._metrics)
            try:
                ending = self._run_once(run, s3)
            except AlgorithmError:
                with contextlib.suppress(TransferError):
                    self._upload(run, s3)
                raise
            if ending is Ending.CLOSED:
                return ending
            if ending is not Ending.INTERRUPTED:
                if run.started:
                    self._upload(run, s3)
                return self._wish if self._wish is Ending.STOPPED else ending
            self._interruptions += 1
            self._enter("Interrupted")
            self.record.pause_billing()
            shutil.rmtree(folder, ignore_errors=True)
            self._enter("Starting")

    def _run_once(self, run: TrainingRun, s3: Any) -> Ending:
        waiting = self._limits().wait
        if self._wish or (waiting is not None and time.monotonic() >= waiting):
            return self._wish or Ending.MAX_WAIT
        self._enter("Downloading")
        self.record.start_billing()
        run.prepare()
        for channel in self._request.channels:
            download(s3, channel, [folders.channel(channel.name) for folders in run.folders.values()])
        keep: Callable[[], None] = _nothing
        if place := self._request.checkpoints:
            checkpoints = Checkpoints(s3, place, [folders.checkpoints for folders in run.folders.values()])
            checkpoints.restore()
            keep = checkpoints.keep
        if self._wish:
            return self._wish
        self._enter("Training")
        began = time.monotonic()
        try:
            return run.train(self._limits(), Control(self._wait_for_wish, self._on_ending, self._grace, keep))
        finally:
            self._trained_seconds += time.monotonic() - began

    def _limits(self) -> Limits:
        now, age = time.monotonic(), (dt.datetime.now(dt.UTC) - self.record.created).total_seconds()
        wait, interruption = self._request.max_wait, self._request.interrupt_after
        return Limits(
            runtime=now + self._request.max_runtime - self._trained_seconds,
            wait=None if wait is None else now + wait - age,
            interruption=None if interruption is None or self._interruptions else now + interruption,
        )

    def _upload(self, run: TrainingRun, s3: Any) -> None:
        self._enter("Uploading")
        output = self._request.output
        for name, folders in (
            ("model.tar.gz", [folders.model for folders in run.folders.values()]),
            ("output.tar.gz", [folders.output for folders in run.folders.values()]),
        ):
            place = Place(f"{output.uri}/{name}", output.bucket, f"{output.key}/{name}")
            upload_archive(s3, folders, place, self._folder / name)

    def _enter(self, stage: str) -> None:
        """Note the next stage; a job that stops only has its upload before it."""
        with self._lock:
            stopping = self.record.status == "Stopping"
            if not stopping or stage == "Uploading":
                self.record.enter(stage, "Stopping" if stopping else "InProgress")

    def _on_ending(self, ending: Ending) -> None:
        if ending in (Ending.MAX_RUNTIME, Ending.MAX_WAIT):
            with self._lock:
                if self.record.status == "InProgress":
                    self.record.enter("Stopping", "Stopping")

    def _wait_for_wish(self, seconds: float) -> Ending | None:
        self._wished.wait(seconds)
        return self._wish

    def _grace(self) -> float:
        return CLOSING_SECONDS if self._wish is Ending.CLOSED else STOP_SECONDS


def _nothing() -> None:
    """Keep no checkpoints."""
