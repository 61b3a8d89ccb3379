"""The API stack: one function behind API Gateway."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_lambda as lambda_
from aws_lambda_powertools.event_handler.openapi import swagger_ui
from constructs import Construct

from signpost.api.contracts import ClassifierInfo
from signpost.routing.object_keys import expected_key, posted_key
from signpost.routing.prefixes import PREPARED
from signpost.settings.file import Settings
from signpost.settings.lambda_config import ApiConfiguration
from stacks.constructs.acknowledge import acknowledge, any_object
from stacks.constructs.alarms import Alarms
from stacks.constructs.firewall import Firewall
from stacks.constructs.gateway import Gateway
from stacks.constructs.pipeline_functions import preparing_memory_mb, serialize_configuration
from stacks.constructs.python_function import PythonFunction
from stacks.constructs.rights import allow
from stacks.constructs.user_pool import CallerPool
from stacks.constructs.wheels import BASE, decoders
from stacks.routing import RoutingStack
from stacks.stage import Stage
from stacks.storage import StorageStack

# API Gateway gives up after as long. (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html)
_SECONDS = 29
_SWAGGER = Path(swagger_ui.__file__).parent
_PAGE = {
    "page/swagger-ui.js": _SWAGGER / "swagger-ui-bundle.min.js",
    "page/swagger-ui.css": _SWAGGER / "swagger-ui.min.css",
}


class ApiStack(Stack):
    """Takes pictures over HTTP.

    Parameters
    ----------
    settings : Settings
        Who may call, and how much.
    stage : Stage
        Where this is deployed to.
    storage : StorageStack
        The buckets.
    routing : RoutingStack
        The machine that decides, and the table of its decisions.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        stage: Stage,
        storage: StorageStack,
        routing: RoutingStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        self._settings, self._storage, self._routing = settings, storage, routing
        by_token = settings.api.authorisation == "cognito"
        pool = CallerPool(self, "Callers", settings=settings, stage=stage) if by_token else None
        function = self._function(stage, pool)
        self._grant(function.function)
        gateway = Gateway(self, "Gateway", settings=settings, place=stage, function=function.invoked, callers=pool)
        if settings.api.firewall:
            firewall = Firewall(self, "Firewall", settings=settings, name="api")
            Firewall.protect(firewall, gateway.stage_arn, firewall.arn)
            # The review stack of release 0.1.0 imports it: without the export, an upgrade would stop here.
            self.export_value(firewall.arn)
        else:
            acknowledge(gateway, {"APIG3": "signpost.toml says so."})
        Alarms(self, "Alarms", metrics={"ServerErrors": gateway.api.metric_server_error(period=Duration.minutes(5))})
        CfnOutput(self, "ApiId", value=gateway.api.rest_api_id)
        CfnOutput(self, "ApiUrl", value=gateway.api.url)
        for name, value in (pool.outputs if pool else {}).items():
            CfnOutput(self, name, value=value)

    def _function(self, stage: Stage, pool: CallerPool | None) -> PythonFunction:
        settings, storage = self._settings, self._storage
        prepares = serialize_configuration(settings, storage.incoming, storage.decisions)
        configuration = ApiConfiguration(
            **prepares.model_dump(),
            table=self._routing.dispatch.table.table_name,
            routing_machine=self._routing.routing.machine.state_machine_arn,
            classifiers=[
                ClassifierInfo(
                    name=name,
                    default=name == settings.app.default_classifier,
                    routes={route: list(table.labels) for route, table in classifier.routes.items()},
                )
                for name, classifier in settings.hosted.items()
            ],
            authorisation=settings.api.authorisation,
            clients=[pool.client.user_pool_client_id] if pool else [],
            cors_origins=settings.api.cors_origins,
        )
        decoding, kept = decoders(settings.limits.formats)
        return PythonFunction(
            self,
            "Api",
            stage=stage,
            handler="api",
            function_name=f"{settings.app.name}-api",
            configuration=configuration,
            requirements=[*BASE, *decoding, "python-multipart"],
            memory_mb=preparing_memory_mb(prepares),
            timeout=Duration.seconds(_SECONDS),
            more=_PAGE,
            sizes=settings.functions.api,
            kept=kept,
        )

    def _grant(self, function: lambda_.Function) -> None:
        incoming, decisions = self._storage.incoming, self._storage.decisions
        folders = [posted_key(""), *(expected_key(name, "") for name in self._settings.hosted)]
        grants = [
            (["s3:PutObject"], [incoming.arn_for_objects(f"{folder}*") for folder in folders]),
            (["s3:PutObject"], [decisions.arn_for_objects(f"{PREPARED}*")]),
            (["dynamodb:PutItem", "dynamodb:GetItem"], [self._routing.dispatch.table.table_arn]),
            (["states:StartSyncExecution"], [self._routing.routing.machine.state_machine_arn]),
        ]
        for actions, resources in grants:
            allow(function, actions, resources)
        assert function.role is not None  # noqa: S101 - every function of this app has a role of its own
        named = {any_object(incoming, folder): "A picture is named by its decision's id." for folder in folders}
        prepared = {any_object(decisions, PREPARED): "Names of prepared pictures are made at run time."}
        acknowledge(function.role, named | prepared)
