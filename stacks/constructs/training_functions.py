"""CheckData, CollectCorrections, Evaluate and SmokeTest: functions that all training machines share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.python_function import PythonFunction
from stacks.constructs.wheels import BASE, WITH_MODEL, decoders
from stacks.stage import Stage
from stepfunctions.shipping import SMOKE_TEST_SECONDS
from stepfunctions.training import CHECK_SECONDS, COLLECT_SECONDS, EVALUATE_SECONDS

# Test pictures may take 320 MB, twice while they are unpacked, and two models are loaded.
_EVALUATE_MB = 2048
# A captured line may have 40 MB; more memory comes with more network.
_COLLECT_MB = 1024


class TrainingFunctions(Construct):
    """The functions, still without rights of their own.

    Parameters
    ----------
    app : str
        First part of their names.
    formats : collection of str
        Of the images that people corrected.
    stage : Stage
        Where they will run.

    Attributes
    ----------
    check_data, collect_corrections, evaluate, smoke_test : lambda_.Function
    by_substitution : dict of str to lambda_.Function
        All of them, by the name that the training machines know them by.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, app: str, formats: Collection[str], stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        self._app, self._stage = app, stage
        self.check_data = self._function("check_data", BASE, 256, CHECK_SECONDS)
        decoding, kept = decoders(formats)
        self.collect_corrections = self._function(
            "collect_corrections", (*BASE, *decoding), _COLLECT_MB, COLLECT_SECONDS, kept
        )
        self.evaluate = self._function("evaluate", WITH_MODEL, _EVALUATE_MB, EVALUATE_SECONDS)
        self.smoke_test = self._function("smoke_test", WITH_MODEL, _EVALUATE_MB, SMOKE_TEST_SECONDS)
        self.by_substitution: dict[str, lambda_.Function] = {
            "CheckData": self.check_data,
            "CollectCorrections": self.collect_corrections,
            "Evaluate": self.evaluate,
            "SmokeTest": self.smoke_test,
        }

    def _function(
        self, handler: str, requirements: Sequence[str], memory_mb: int, seconds: int, kept: Sequence[str] = ()
    ) -> lambda_.Function:
        return PythonFunction(
            self,
            handler.title().replace("_", ""),
            stage=self._stage,
            handler=handler,
            function_name=f"{self._app}-{handler.replace('_', '-')}",
            configuration=None,
            requirements=requirements,
            memory_mb=memory_mb,
            timeout=Duration.seconds(seconds),
            kept=kept,
        ).function
