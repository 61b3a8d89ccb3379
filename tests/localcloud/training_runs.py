"""The deployed training machine of the vehicle classifier, with a stand-in for the training program."""

import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from signpost.model.evaluation import EvaluationSet
from signpost.model.package import open_package
from signpost.model.predictor import Predictor
from signpost.settings.file import Hosting
from stepfunctions import training
from tests.localcloud.deployed_app import VEHICLE_ENDPOINT, App, solid_png
from tests.localcloud.running_cloud import wait_for
from tests.localcloud.step_functions_resources import Machines
from training.data.drawn import LABELS, draw_file

PACKAGE = Path(__file__).parents[2] / "models" / "vehicle"
ENDPOINT = VEHICLE_ENDPOINT
DATA = "data/vehicle/"
_STAND_IN = {"PYTHONPATH": str(Path(__file__).parent / "stand_in_trainer"), "PYTHONSAFEPATH": "1"}
_SURE = 0.98


def trained(version: str, *, swapped: bool = False) -> dict[str, bytes]:
    """What a job leaves: the committed model under another version, with its labels swapped if it shall be bad."""
    manifest = json.loads((PACKAGE / "manifest.json").read_text()) | {"version": version}
    if swapped:
        manifest["labels"].reverse()
    return {
        "model/manifest.json": json.dumps(manifest).encode(),
        "model/model.tflite": (PACKAGE / "model.tflite").read_bytes(),
    }


def packed(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


@dataclass(frozen=True)
class TrainingRuns:
    """Starts the machine and looks at what it does."""

    app: App
    folder: Path

    def __post_init__(self) -> None:
        states, arn = self.states, self.app.where["VehicleTrainingMachine"]
        definition = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
        definition["States"]["Train"]["Arguments"]["Environment"] = _STAND_IN
        states.update_state_machine(stateMachineArn=arn, definition=json.dumps(definition))

    @cached_property
    def states(self) -> Any:
        return self.app.cloud.client("stepfunctions")

    @cached_property
    def sagemaker(self) -> Any:
        return self.app.cloud.client("sagemaker")

    @cached_property
    def s3(self) -> Any:
        return self.app.cloud.client("s3")

    @cached_property
    def pictures(self) -> bytes:
        """Drawn pictures that the committed model is sure of, under the label that it gives them."""
        predictor = Predictor(open_package(PACKAGE))
        images, truth = [], []
        for label in LABELS:
            for index in range(40):
                image = prepare(draw_file(label, 5, index)[1], 32, 32, Limits())
                (prediction,) = predictor.predict([image])
                if prediction.confidence > _SURE:
                    images.append(np.asarray(image))
                    truth.append(predictor.manifest.labels.index(prediction.label))
        labels, none = tuple(predictor.manifest.labels), np.zeros((0, 32, 32, 3), np.uint8)
        file = self.folder / "evaluation.npz"
        EvaluationSet(labels, np.stack(images), np.array(truth, np.int64), none).write(file)
        return file.read_bytes()

    def unhosted(self, environment: Mapping[str, str] = _STAND_IN) -> str:
        """Make the machine of the same classifier without an endpoint, where the gate is approval enough."""
        settings = self.app.settings
        vehicle = settings.classifiers["vehicle"]
        assert vehicle.training
        changed = {"hosting": Hosting.OFF, "training": vehicle.training.model_copy(update={"approval": "automatic"})}
        settings = settings.model_copy(update={"classifiers": {"vehicle": vehicle.model_copy(update=changed)}})
        definition = training.build(settings, "vehicle")
        mine = definition["States"]["Train"]["Arguments"]
        deployed = self.states.describe_state_machine(stateMachineArn=self.app.where["VehicleTrainingMachine"])
        mine |= {
            "Environment": dict(environment),
            "RoleArn": json.loads(deployed["definition"])["States"]["Train"]["Arguments"]["RoleArn"],
        }
        functions = {"CheckData": "check-data", "CollectCorrections": "collect-corrections", "Evaluate": "evaluate"}
        values = {
            **{name: f"signpost-{function}" for name, function in functions.items()},
            **{name: self.app.where[name] for name in ("ModelsBucket", "CapturedBucket", "DecisionsBucket")},
            "TrainingImage": "signpost-training:local",
            "ModelPackageGroup": self.app.where["VehicleModelPackages"],
            "EventBus": self.app.where["EventBus"],
        }
        text = json.dumps(definition)
        for name, value in values.items():
            text = text.replace(f"${{{name}}}", value)
        machines = Machines(self.app.cloud)
        made = self.states.create_state_machine(
            name=machines.name, roleArn=machines.role(("*", "*")), type="STANDARD", definition=text
        )
        return made["stateMachineArn"]

    @property
    def archives(self) -> list[str]:
        return self.app.settings.trained["vehicle"].archives

    def put(self, files: dict[str, bytes]) -> None:
        """Lay ready what the next job shall leave."""
        models = self.app.where["ModelsBucket"]
        left = files if "failure" in files else files | {"output/data/evaluation.npz": self.pictures}
        for name in self.archives:
            self.s3.put_object(Bucket=models, Key=f"{DATA}{name}", Body=packed(left))

    def start(self, machine: str | None = None) -> str:
        machine = machine or self.app.where["VehicleTrainingMachine"]
        return self.states.start_execution(stateMachineArn=machine)["executionArn"]

    def ended(self, execution: str) -> dict[str, Any]:
        def description() -> dict[str, Any] | None:
            found = self.states.describe_execution(executionArn=execution)
            return found if found["status"] != "RUNNING" else None

        return wait_for(description, 180)

    def registered(self, version: str, execution: str) -> str:
        """Wait until a model is registered, and return its ARN."""

        def package() -> str | None:
            group = self.app.where["VehicleModelPackages"]
            listed = self.sagemaker.list_model_packages(ModelPackageGroupName=group)["ModelPackageSummaryList"]
            for arn in (summary["ModelPackageArn"] for summary in listed):
                if self.package(arn)["CustomerMetadataProperties"]["model_version"] == version:
                    return arn
            now = self.states.describe_execution(executionArn=execution)
            assert now["status"] == "RUNNING", now.get("cause")
            return None

        return wait_for(package, 120)

    def package(self, arn: str) -> dict[str, Any]:
        return self.sagemaker.describe_model_package(ModelPackageName=arn)

    def decide(self, arn: str, status: str, why: str = "looked at it") -> None:
        self.sagemaker.update_model_package(ModelPackageArn=arn, ModelApprovalStatus=status, ApprovalDescription=why)

    def configuration(self) -> str:
        """What the endpoint runs now."""
        found = self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)
        assert found["EndpointStatus"] == "InService"
        return found["EndpointConfigName"]

    def back_to(self, configuration: str) -> None:
        """Leave the endpoint as it was."""
        if self.configuration() != configuration:
            self.sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=configuration)
            wait_for(lambda: self.sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"] == "InService")

    def version(self) -> str:
        """Which model answers."""
        runtime = self.app.cloud.client("sagemaker-runtime")
        answer = runtime.invoke_endpoint(EndpointName=ENDPOINT, Body=solid_png(32, 32), ContentType="image/png")
        return json.load(answer["Body"])["model"]["version"]
