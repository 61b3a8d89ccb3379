"""What differs between the places that the stacks are deployed to. Only ``app.py`` makes one."""

from __future__ import annotations

import os
import platform
import sys
from dataclasses import dataclass
from typing import Literal

from aws_cdk import RemovalPolicy


@dataclass(frozen=True)
class Processor:
    """Processor of a function.

    Attributes
    ----------
    architecture : {"arm64", "x86_64"}
        As Lambda names it.
    wheel_platform : str or None
        Platform of the function's wheels, as uv names it; None is this machine's.
    """

    architecture: Literal["arm64", "x86_64"]
    wheel_platform: str | None


@dataclass(frozen=True)
class Stage:
    """A place to deploy to.

    Attributes
    ----------
    python_version : str
        Of the Lambda functions, for instance ``"3.14"``.
    processor : Processor
        Of the Lambda functions.
    predictor_processor : Processor
        Of those that load LiteRT.
    model_image : str or None
        Container image of the endpoints; None builds ``serving/Dockerfile``.
    training_image : str or None
        Container image of training jobs; None builds ``training/Dockerfile``.
    removal_policy : RemovalPolicy
        What becomes of pictures, decisions and models when a stack is deleted.
    endpoint : str or None
        Where browsers find APIs and sign-in pages, each under a path of its own; None is AWS, where they have hosts.
    """

    python_version: str
    processor: Processor
    predictor_processor: Processor
    model_image: str | None
    training_image: str | None
    removal_policy: RemovalPolicy
    endpoint: str | None


def aws_stage() -> Stage:
    """Return the stage for AWS: Graviton functions except those with LiteRT, the image built here, data kept."""
    return Stage(
        python_version="3.14",
        processor=Processor("arm64", "aarch64-manylinux_2_28"),
        # LiteRT's wheels for arm64 need GLIBCXX_3.4.30, which Lambda's image lacks.
        predictor_processor=Processor("x86_64", "x86_64-manylinux_2_28"),
        model_image=None,
        training_image=None,
        # A resource whose creation is rolled back has no data, and would be in the way of the next deployment.
        removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        endpoint=None,
    )


def local_stage() -> Stage:
    """Return the stage for the local cloud: functions run on this machine's Python, and nobody pulls the image."""
    here = Processor("arm64" if platform.machine() in ("arm64", "aarch64") else "x86_64", None)
    return Stage(
        python_version=f"{sys.version_info.major}.{sys.version_info.minor}",
        processor=here,
        predictor_processor=here,
        model_image="signpost-serving:local",
        training_image="signpost-training:local",
        removal_policy=RemovalPolicy.DESTROY,
        # As the CDK command itself is told.
        endpoint=os.environ.get("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"),
    )
