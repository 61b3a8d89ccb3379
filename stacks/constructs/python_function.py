"""A Python Lambda function: bundled without Docker, with a role of its own, traced and logged."""
# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct
from pydantic import BaseModel

from signpost.settings.functions import AS_NEEDED, FunctionSettings
from signpost.settings.lambda_config import FILE
from stacks.constructs import wheels
from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.bundling import bundle, text_file
from stacks.constructs.function_configuration import check_size, split
from stacks.constructs.log_group import month_of_logs
from stacks.constructs.wheels import LITERT
from stacks.stage import Stage

METRICS_NAMESPACE = "Signpost"
# Share of the provisioned executions above which more are started.
_PROVISIONED_IN_USE = 0.7
_ARCHITECTURES = {"arm64": lambda_.Architecture.ARM_64, "x86_64": lambda_.Architecture.X86_64}


class PythonFunction(Construct):
    """A function from ``lambdas/``, allowed nothing but to log and to trace; the composing stack grants the rest.

    Parameters
    ----------
    scope, construct_id
        As for every construct.
    stage : Stage
        Python version and processors.
    handler : str
        Folder in ``lambdas/`` whose ``handler.py`` has a function ``handler``.
    function_name : str
        Name of the function; its log group is ``/aws/lambda/<function_name>``.
    configuration : BaseModel or None
        What the handler reads with `signpost.settings.lambda_config.read_configuration`; texts in it may be CDK tokens.
    requirements : sequence of str
        Names of the top-level packages that it imports; their versions come from the lock file.
    memory_mb : int
        Memory, in MB, where the settings name none; processing power grows with it.
    sizes : FunctionSettings
        Memory and concurrency, where they are set.
    timeout : Duration
        When a call is given up.
    model : Path or None
        Folder of a model package that is bundled as ``model/``.
    known_pictures : Path or None
        Folder of a model package whose known pictures are bundled as ``known/``.
    more : mapping of str to Path, optional
        Other files that are bundled, by where they go.
    kept : sequence of str
        Parts of wheels that other functions do without; see `stacks.constructs.wheels.install`.

    Attributes
    ----------
    function : aws_cdk.aws_lambda.Function
        The function.
    invoked : aws_cdk.aws_lambda.IFunction
        What is invoked: the function, or its alias that has provisioned concurrency.

    Raises
    ------
    DeploymentError
        If a wheel is not available, or files or environment variables would be too large.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        handler: str,
        function_name: str,
        configuration: BaseModel | None,
        requirements: Sequence[str],
        memory_mb: int,
        timeout: Duration,
        sizes: FunctionSettings = AS_NEEDED,
        model: Path | None = None,
        known_pictures: Path | None = None,
        more: Mapping[str, Path] | None = None,
        kept: Sequence[str] = (),
    ) -> None:
        super().__init__(scope, construct_id)
        processor = stage.predictor_processor if LITERT in requirements else stage.processor
        content, variables = split(Stack.of(self), configuration)
        code = bundle(
            handler,
            requirements,
            python_version=stage.python_version,
            platform=processor.wheel_platform,
            model=model,
            known_pictures=known_pictures,
            more={**(more or {}), **({FILE: text_file(content)} if content else {})},
            kept=kept,
        )
        if not wheels.interpreter(stage.python_version):
            Annotations.of(Stack.of(self)).add_warning_v2(
                "signpost:compiled",
                f"There is no Python {stage.python_version} here to compile for, and uv could not download one: the "
                "functions work, but start slowly (docs/cold-start.md). Install it and deploy again.",
            )
        variables |= {
            "POWERTOOLS_SERVICE_NAME": handler,
            "POWERTOOLS_METRICS_NAMESPACE": METRICS_NAMESPACE,
            "POWERTOOLS_LOG_LEVEL": "INFO",
            # Looking for plugins reads the metadata of every package, and there are none.
            "PYDANTIC_DISABLE_PLUGINS": "__all__",
        }
        check_size(function_name, variables, configuration)
        log_group = month_of_logs(self, f"/aws/lambda/{function_name}")
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=function_name,
            runtime=lambda_.Runtime(f"python{stage.python_version}", lambda_.RuntimeFamily.PYTHON),
            architecture=_ARCHITECTURES[processor.architecture],
            code=lambda_.Code.from_asset(str(code)),
            handler=f"lambdas.{handler}.handler.handler",
            role=iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com")),
            memory_size=sizes.memory_mb or memory_mb,
            reserved_concurrent_executions=sizes.reserved_concurrency,
            timeout=timeout,
            tracing=lambda_.Tracing.ACTIVE,
            log_group=log_group,
            environment=variables,
        )
        self.invoked = self._provisioned(sizes) if sizes.provisioned_concurrency else self.function
        self.function.add_to_role_policy(
            iam.PolicyStatement(
                actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
            )
        )
        acknowledge(
            self,
            {
                "IAM5[Resource::*]": "X-Ray takes segments for no resource in particular.",
                "L1": "The local cloud runs functions on its own Python, whatever its version.",
            },
        )

    def _provisioned(self, sizes: FunctionSettings) -> lambda_.Alias:
        least = sizes.provisioned_concurrency
        alias = lambda_.Alias(
            self,
            "Alias",
            alias_name="provisioned",
            version=self.function.current_version,
            provisioned_concurrent_executions=least,
        )
        most = sizes.max_provisioned_concurrency or least
        if most != least:
            scaled = alias.add_auto_scaling(min_capacity=least, max_capacity=most)
            scaled.scale_on_utilization(utilization_target=_PROVISIONED_IN_USE)
        return alias
