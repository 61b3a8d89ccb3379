"""What the training job tests need before they start: a bucket with data, a role, short ways to run jobs."""

import io
import json
import tarfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.machine import processes
from tests.localcloud.running_cloud import Cloud, wait_for
from tests.localcloud.sagemaker_resources import policy, trust

# Found before the real program, so that no test trains.
STAND_IN = {"PYTHONPATH": str(Path(__file__).parent / "stand_in"), "PYTHONSAFEPATH": "1"}
IMAGE = "000000000000.dkr.ecr.us-east-1.amazonaws.com/signpost-training:1"
LOG_GROUP = "/aws/sagemaker/TrainingJobs"


@dataclass
class Jobs:
    """A bucket, a role that SageMaker can take on, and training jobs."""

    cloud: Cloud
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.s3, self.iam = self.cloud.client("s3"), self.cloud.client("iam")
        self.sagemaker, self.logs = self.cloud.client("sagemaker"), self.cloud.client("logs")
        self.s3.create_bucket(Bucket=self.name)
        for key in ("data/a.txt", "data/deep/b.txt", "data/c.txt"):
            self.s3.put_object(Bucket=self.name, Key=key, Body=key.encode())
        self.role = self.make_role(
            ("s3:ListBucket", f"arn:aws:s3:::{self.name}"),
            ("s3:GetObject", f"arn:aws:s3:::{self.name}/*"),
            ("s3:PutObject", f"arn:aws:s3:::{self.name}/*"),
            ("logs:*", "*"),
        )

    def make_role(self, *statements: tuple[str, str], service: str = "sagemaker.amazonaws.com") -> str:
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        arn = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
        if statements:
            self.iam.put_role_policy(RoleName=name, PolicyName="it", PolicyDocument=policy(*statements))
        return arn

    def request(self, hyperparameters: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        """Input of CreateTrainingJob with one instance and the channel `data`."""
        environment = STAND_IN | more.pop("Environment", {})
        source = {
            "S3DataType": "S3Prefix",
            "S3Uri": f"s3://{self.name}/data",
            "S3DataDistributionType": "FullyReplicated",
        }
        return {
            "TrainingJobName": f"{self.name}-{uuid.uuid4().hex[:6]}",
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "RoleArn": self.role,
            "HyperParameters": hyperparameters or {},
            "InputDataConfig": [{"ChannelName": "data", "DataSource": {"S3DataSource": source}}],
            "OutputDataConfig": {"S3OutputPath": f"s3://{self.name}/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "Environment": environment,
        } | more

    def start(self, hyperparameters: dict[str, str] | None = None, **more: Any) -> str:
        request = self.request(hyperparameters, **more)
        self.sagemaker.create_training_job(**request)
        return request["TrainingJobName"]

    def describe(self, job: str) -> dict[str, Any]:
        return self.sagemaker.describe_training_job(TrainingJobName=job)

    def ended(self, job: str) -> dict[str, Any]:
        """The description of a job once it has ended."""

        def description() -> dict[str, Any] | None:
            found = self.describe(job)
            return found if found["TrainingJobStatus"] in ("Completed", "Failed", "Stopped") else None

        return wait_for(description)

    def run(self, hyperparameters: dict[str, str] | None = None, **more: Any) -> dict[str, Any]:
        return self.ended(self.start(hyperparameters, **more))

    def log(self, job: str) -> dict[str, list[str]]:
        """Lines of a job's streams, by name without the moment at its end."""
        found: dict[str, list[str]] = {}
        try:
            streams = self.logs.describe_log_streams(logGroupName=LOG_GROUP, logStreamNamePrefix=f"{job}/")[
                "logStreams"
            ]
        except self.logs.exceptions.ResourceNotFoundException:
            return {}
        for name in (stream["logStreamName"] for stream in streams):
            events = self.logs.get_log_events(logGroupName=LOG_GROUP, logStreamName=name, startFromHead=True)["events"]
            found.setdefault(name.rpartition("-")[0], []).extend(event["message"] for event in events)
        return found

    def await_line(self, job: str, line: str, host: str = "algo-1") -> None:
        wait_for(lambda: line in self.log(job).get(f"{job}/{host}", []))

    def archive(self, job: str, name: str) -> dict[str, str]:
        """The files in one of a job's archives."""
        body = self.s3.get_object(Bucket=self.name, Key=f"output/{job}/output/{name}")["Body"].read()
        with tarfile.open(fileobj=io.BytesIO(body)) as archive:
            return {file.name: content.read().decode() for file in archive if (content := archive.extractfile(file))}

    def report(self, job: str, host: str = "algo-1") -> dict[str, Any]:
        """What the stand-in found in its container."""
        return json.loads(self.archive(job, "output.tar.gz")[f"{host}.json"])

    def keys(self, prefix: str) -> list[str]:
        return [item["Key"] for item in self.s3.list_objects_v2(Bucket=self.name, Prefix=prefix).get("Contents", [])]


def stages(job: dict[str, Any]) -> list[str]:
    """Secondary statuses that a job went through."""
    return [transition["Status"] for transition in job["SecondaryStatusTransitions"]]


def training_processes(job: str) -> list[int]:
    """Processes of a job that still run, found by the name in their environment."""
    return [
        process.pid
        for process in processes()
        if "training.container" in process.command and job in environment_of(process.pid)
    ]


def environment_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/environ").read_text(errors="replace")
    except OSError:
        return ""
