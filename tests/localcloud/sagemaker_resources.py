"""What the SageMaker tests need before they start: buckets, a role, model packages."""

import io
import json
import tarfile
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from tests.localcloud.running_cloud import Cloud, wait_for

PACKAGE = Path(__file__).parents[2] / "models" / "vehicle"
CAPTURE_HEADERS = {"JsonContentTypes": ["application/json"]}


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def policy(*statements: tuple[str, str]) -> str:
    allowed = [{"Effect": "Allow", "Action": action, "Resource": resource} for action, resource in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowed})


def archive(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as package:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    return content.getvalue()


def package(version: str) -> bytes:
    """The committed vehicle model under another version."""
    manifest = json.loads((PACKAGE / "manifest.json").read_text()) | {"version": version}
    return archive(
        {"manifest.json": json.dumps(manifest).encode(), "model.tflite": (PACKAGE / "model.tflite").read_bytes()}
    )


def picture() -> bytes:
    content = io.BytesIO()
    Image.effect_noise((64, 64), 80).convert("RGB").save(content, "PNG")
    return content.getvalue()


@dataclass
class Resources:
    """Buckets, a role that may read one and write the other, and short ways to make SageMaker things."""

    cloud: Cloud
    name: str = field(default_factory=lambda: f"t{uuid.uuid4().hex[:8]}")

    def __post_init__(self) -> None:
        self.s3, self.iam = self.cloud.client("s3"), self.cloud.client("iam")
        self.sagemaker = self.cloud.client("sagemaker")
        self.runtime = self.cloud.client("sagemaker-runtime")
        self.models, self.captured = f"{self.name}-models", f"{self.name}-captured"
        for bucket in (self.models, self.captured):
            self.s3.create_bucket(Bucket=bucket)
        self.role = self.make_role(
            "models",
            "sagemaker.amazonaws.com",
            ("s3:GetObject", f"arn:aws:s3:::{self.models}/*"),
            ("s3:PutObject", f"arn:aws:s3:::{self.captured}/*"),
        )
        for version in ("1", "2"):
            self.s3.put_object(Bucket=self.models, Key=f"v{version}.tar.gz", Body=package(version))

    def make_role(self, name: str, service: str, *statements: tuple[str, str]) -> str:
        role_name = f"{self.name}-{name}"
        role = self.iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=trust(service))["Role"]
        if statements:
            self.iam.put_role_policy(RoleName=role_name, PolicyName="it", PolicyDocument=policy(*statements))
        return role["Arn"]

    def user_key(self, *statements: tuple[str, str]) -> dict[str, str]:
        user = f"{self.name}-{uuid.uuid4().hex[:6]}"
        self.iam.create_user(UserName=user)
        self.iam.put_user_policy(UserName=user, PolicyName="it", PolicyDocument=policy(*statements))
        return self.iam.create_access_key(UserName=user)["AccessKey"]

    def model(self, key: str = "v1.tar.gz", environment: dict[str, str] | None = None, role: str | None = None) -> str:
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        self.sagemaker.create_model(
            ModelName=name,
            ExecutionRoleArn=role or self.role,
            PrimaryContainer={
                "Image": "local",
                "ModelDataUrl": f"s3://{self.models}/{key}",
                "Environment": environment or {},
            },
        )
        return name

    def config(
        self,
        *models: str,
        capture: bool = False,
        instances: int = 1,
        instance_type: str = "ml.c7i.large",
        **settings: Any,
    ) -> str:
        """A config with a variant `AllTraffic`, and `Other` where a second model is given."""
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        if capture:
            settings["DataCaptureConfig"] = {
                "EnableCapture": True,
                "InitialSamplingPercentage": 100,
                "DestinationS3Uri": f"s3://{self.captured}/data",
                "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
                "CaptureContentTypeHeader": CAPTURE_HEADERS,
            }
        variants = [
            {
                "VariantName": variant,
                "ModelName": model,
                "InstanceType": instance_type,
                "InitialInstanceCount": instances,
                "InitialVariantWeight": 1.0,
            }
            for variant, model in zip(("AllTraffic", "Other"), models, strict=False)
        ]
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=variants, **settings)
        return name

    def endpoint(self, config: str) -> str:
        name = f"{self.name}-{uuid.uuid4().hex[:6]}"
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config)
        return name

    def settled(self, endpoint: str) -> dict[str, Any]:
        """The endpoint's description once it is neither created nor updated any more."""

        def description() -> dict[str, Any] | None:
            found = self.sagemaker.describe_endpoint(EndpointName=endpoint)
            return None if found["EndpointStatus"] in ("Creating", "Updating", "RollingBack") else found

        return wait_for(description, 90)

    def captured_records(self) -> list[tuple[str, dict[str, Any]]]:
        """Every captured record, with the key of the object that it lies in."""
        found = []
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.captured, Prefix="data/"):
            for key in (item["Key"] for item in page.get("Contents", [])):
                lines = self.s3.get_object(Bucket=self.captured, Key=key)["Body"].read().splitlines()
                found += [(key, json.loads(line)) for line in lines]
        return found

    def version_of(self, endpoint: str) -> str:
        answer = self.runtime.invoke_endpoint(EndpointName=endpoint, ContentType="image/png", Body=picture())
        return json.load(answer["Body"])["model"]["version"]
