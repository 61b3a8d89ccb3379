"""What a training job was asked to be, read from the input of `CreateTrainingJob`."""

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from localcloud.credentials import ACCOUNT_ID, REGION
from localcloud.sagemaker.model_package import split_s3_uri

Parameters = dict[str, Any]

ML_ROOT = PurePosixPath("/opt/ml")
DEFAULT_CHECKPOINTS = str(ML_ROOT / "checkpoints")
# SageMaker's default of a job that sets none.
DEFAULT_RUNTIME_SECONDS = 86_400
# In a job's environment: a managed spot job is interrupted once, so long after its first training began.
INTERRUPT_VARIABLE = "SIGNPOST_INTERRUPT_AFTER_SECONDS"


@dataclass(frozen=True)
class Place:
    """Where something lies in S3.

    Parameters
    ----------
    uri : str
        As it was given.
    bucket, key : str
        Its parts; the key may be a prefix.
    """

    uri: str
    bucket: str
    key: str

    @classmethod
    def of(cls, uri: str) -> "Place":
        """Read an S3 URI; refuses what is none with a `ServiceError`."""
        return cls(uri, *split_s3_uri(uri))


@dataclass(frozen=True)
class Channel:
    """One input channel.

    Parameters
    ----------
    name : str
        Its folder under `input/data`.
    place : Place
        The prefix of its objects.
    sharded : bool
        Whether every host gets its share of the objects, in place of all.
    content_type : str
        As it was given, or nothing.
    """

    name: str
    place: Place
    sharded: bool
    content_type: str


@dataclass(frozen=True)
class TrainingRequest:
    """A training job as it was asked for.

    Parameters
    ----------
    parameters : dict
        Input of `CreateTrainingJob`, checked before.
    """

    parameters: Parameters

    @property
    def name(self) -> str:
        """The job's name."""
        return self.parameters["TrainingJobName"]

    @property
    def arn(self) -> str:
        """The job's ARN."""
        return f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:training-job/{self.name}"

    @property
    def role_arn(self) -> str:
        """The role that reads the data and writes the model."""
        return self.parameters["RoleArn"]

    @property
    def hosts(self) -> list[str]:
        """Names of the hosts, one an instance."""
        return [f"algo-{number + 1}" for number in range(self.parameters["ResourceConfig"]["InstanceCount"])]

    @property
    def instance_type(self) -> str:
        """Type of the instances."""
        return self.parameters["ResourceConfig"]["InstanceType"]

    @property
    def hyperparameters(self) -> dict[str, str]:
        """All strings, as in SageMaker."""
        return self.parameters.get("HyperParameters", {})

    @property
    def environment(self) -> dict[str, str]:
        """What the request adds to the container's environment."""
        return self.parameters.get("Environment", {})

    @property
    def channels(self) -> list[Channel]:
        """The input channels."""
        return [
            Channel(
                name=channel["ChannelName"],
                place=Place.of(channel["DataSource"]["S3DataSource"]["S3Uri"]),
                sharded=channel["DataSource"]["S3DataSource"].get("S3DataDistributionType") == "ShardedByS3Key",
                content_type=channel.get("ContentType", ""),
            )
            for channel in self.parameters.get("InputDataConfig", [])
        ]

    @property
    def output(self) -> Place:
        """Prefix of the job's artefacts: `<S3OutputPath>/<job>/output`."""
        path = self.parameters["OutputDataConfig"]["S3OutputPath"].rstrip("/")
        return Place.of(f"{path}/{self.name}/output")

    @property
    def checkpoints(self) -> Place | None:
        """Where checkpoints are kept, if anywhere."""
        config = self.parameters.get("CheckpointConfig")
        return Place.of(config["S3Uri"]) if config else None

    @property
    def checkpoint_folder(self) -> str:
        """Folder of the checkpoints below the ML root."""
        path = self.parameters.get("CheckpointConfig", {}).get("LocalPath", DEFAULT_CHECKPOINTS)
        return str(PurePosixPath(posixpath.normpath(path)).relative_to(ML_ROOT))

    @property
    def max_runtime(self) -> float:
        """Seconds that it may train, waiting for instances not counted."""
        return self.parameters.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", DEFAULT_RUNTIME_SECONDS)

    @property
    def max_wait(self) -> float | None:
        """Seconds that a managed spot job may take in all."""
        return self.parameters.get("StoppingCondition", {}).get("MaxWaitTimeInSeconds") if self.spot else None

    @property
    def spot(self) -> bool:
        """Whether it is managed spot training."""
        return self.parameters.get("EnableManagedSpotTraining", False)

    @property
    def interrupt_after(self) -> float | None:
        """Seconds into its first training after which a spot job is interrupted, if it shall be."""
        given = self.environment.get(INTERRUPT_VARIABLE)
        return float(given) if given and self.spot else None

    @property
    def metrics(self) -> dict[str, re.Pattern[str]]:
        """Regular expressions of the metrics that the log gives, by name."""
        definitions = self.parameters["AlgorithmSpecification"].get("MetricDefinitions", [])
        return {definition["Name"]: re.compile(definition["Regex"]) for definition in definitions}
