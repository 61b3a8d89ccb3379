"""The functions of routing: Serialize, Classify (one per classifier), Filter, and ReadBatch for many images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aws_cdk import Duration
from aws_cdk import aws_s3 as s3
from constructs import Construct
from pydantic import BaseModel

from signpost.settings.file import Classifier, Hosting, Settings
from signpost.settings.functions import AS_NEEDED, FunctionSettings
from signpost.settings.hosted import manifest_of
from signpost.settings.lambda_config import (
    BatchConfiguration,
    ClassifyConfiguration,
    InputSize,
    SerializeConfiguration,
)
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.wheels import BASE, WITH_MODEL, decoders
from stacks.stage import Stage
from stepfunctions import batch, routing
from stepfunctions.routing import substitution


class PipelineFunctions(Construct):
    """Serialize, Classify, Filter and ReadBatch.

    Parameters
    ----------
    settings : Settings
        Classifiers, limits and buckets.
    stage : Stage
        Where the functions will run.
    incoming, decisions : s3.Bucket
        Where pictures come from, and where large prepared ones wait for Classify.
    endpoint_names : dict of str to str
        Endpoint of every classifier that has one.

    Attributes
    ----------
    serialize, filter : lambda_.Function
        Shared by all classifiers.
    classify : dict of str to lambda_.Function
        By classifier, so that each may ask its own endpoint and no other.
    read_batch : lambda_.Function
        Of the batch machine.
    arns : dict of str to str
        ARNs to invoke, by the name that the routing machine knows the functions by.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        incoming: s3.Bucket,
        decisions: s3.Bucket,
        endpoint_names: dict[str, str],
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._stage, self._incoming, self._decisions = settings, stage, incoming, decisions
        serialize, filter_ = self._serialize(), self._filter()
        classify = {
            name: self._classify(name, classifier, endpoint_names.get(name))
            for name, classifier in settings.hosted.items()
        }
        by_substitution = {
            "Serialize": serialize,
            "Filter": filter_,
            **{substitution("Classify", name): function for name, function in classify.items()},
        }
        self.arns = {name: function.invoked.function_arn for name, function in by_substitution.items()}
        self.serialize, self.filter = serialize.function, filter_.function
        self.classify = {name: function.function for name, function in classify.items()}
        self.read_batch = self._read_batch().function

    def _serialize(self) -> PythonFunction:
        configuration = serialize_configuration(self._settings, self._incoming, self._decisions)
        requirements, kept = decoders(configuration.limits.formats)
        return self._function(
            "serialize",
            "serialize",
            configuration,
            [*BASE, *requirements],
            memory_mb=preparing_memory_mb(configuration),
            timeout_seconds=routing.SERIALIZE_SECONDS,
            kept=kept,
        )

    def _classify(self, name: str, classifier: Classifier, endpoint: str | None) -> PythonFunction:
        inside, is_async = classifier.hosting is Hosting.LAMBDA, classifier.hosting is Hosting.ASYNC
        return self._function(
            "classify",
            f"classify-{name}",
            ClassifyConfiguration(
                hosting=classifier.hosting, endpoint=endpoint, scratch_bucket=self._decisions.bucket_name
            ),
            WITH_MODEL if inside else BASE,
            memory_mb=512 if inside else 256,
            timeout_seconds=routing.ASYNC_SECONDS if is_async else routing.CLASSIFY_SECONDS,
            model=classifier.model if inside else None,
        )

    def _filter(self) -> PythonFunction:
        return self._function("filter", "filter", None, BASE, memory_mb=256, timeout_seconds=routing.FILTER_SECONDS)

    def _read_batch(self) -> PythonFunction:
        buckets = serialize_configuration(self._settings, self._incoming, self._decisions).buckets
        configuration = BatchConfiguration(buckets=buckets, decisions_bucket=self._decisions.bucket_name)
        return self._function(
            "read_batch", "read-batch", configuration, BASE, memory_mb=1024, timeout_seconds=batch.READ_SECONDS
        )

    def _function(
        self,
        handler: str,
        name: str,
        configuration: BaseModel | None,
        requirements: Sequence[str],
        *,
        memory_mb: int,
        timeout_seconds: int,
        model: Path | None = None,
        kept: Sequence[str] = (),
    ) -> PythonFunction:
        sizes: FunctionSettings = getattr(self._settings.functions, handler, AS_NEEDED)
        return PythonFunction(
            self,
            "".join(word.capitalize() for word in name.split("-")),
            stage=self._stage,
            handler=handler,
            function_name=f"{self._settings.app.name}-{name}",
            configuration=configuration,
            requirements=requirements,
            memory_mb=memory_mb,
            timeout=Duration.seconds(timeout_seconds),
            model=model,
            sizes=sizes,
            kept=kept,
        )


def serialize_configuration(settings: Settings, incoming: s3.Bucket, decisions: s3.Bucket) -> SerializeConfiguration:
    """Say how pictures are prepared.

    Parameters
    ----------
    settings : Settings
        Classifiers, limits and buckets.
    incoming, decisions : s3.Bucket
        Where pictures come from, and where large prepared ones wait for Classify.

    Returns
    -------
    SerializeConfiguration
    """
    return SerializeConfiguration(
        default_classifier=settings.app.default_classifier,
        inputs={name: _input_size(name, classifier) for name, classifier in settings.hosted.items()},
        switched_off=[name for name in settings.classifiers if name not in settings.hosted],
        incoming_bucket=incoming.bucket_name,
        source_buckets=settings.app.source_buckets,
        scratch_bucket=decisions.bucket_name,
        limits=settings.limits,
    )


def preparing_memory_mb(configuration: SerializeConfiguration) -> int:
    """Return the memory of a function that prepares pictures, in MB."""
    largest = max((side for size in configuration.inputs.values() for side in (size.width, size.height)), default=0)
    return configuration.limits.as_limits().memory_mb(largest)


def _input_size(name: str, classifier: Classifier) -> InputSize:
    spec = manifest_of(name, classifier).input
    return InputSize(width=spec.width, height=spec.height)
