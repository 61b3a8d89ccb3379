"""API Gateway in front of the API's function: routes, authorisation, limits, logs."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from signpost.api.contracts import OPEN, ROUTES
from signpost.images.formats import MEDIA_TYPES
from signpost.settings.file import Settings
from stacks.constructs.acknowledge import acknowledge
from stacks.constructs.gateway_log_role import set_log_role
from stacks.constructs.gateway_problems import add_problems
from stacks.constructs.gateway_stage import execution_log, stage_options
from stacks.constructs.user_pool import CallerPool
from stacks.stage import Stage


class Gateway(Construct):
    """A REST API.

    Parameters
    ----------
    settings : Settings
        Who may call, and how much.
    place : Stage
        Where it is deployed to.
    function : lambda_.IFunction
        Answers every request, with the right credentials also those to paths that there are not.
    callers : CallerPool or None
        Whose tokens are taken; None asks for requests signed with AWS credentials.

    Attributes
    ----------
    api : apigateway.RestApi
        The API.
    stage_arn : str
        ARN of its one stage.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        place: Stage,
        function: lambda_.IFunction,
        callers: CallerPool | None,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings, self._callers = settings, callers
        self.api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=f"{settings.app.name}-api",
            # Named one by one: with */* every answer would be base64.
            binary_media_types=[*MEDIA_TYPES, "multipart/form-data"],
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            cloud_watch_role=False,
            deploy_options=stage_options(
                self,
                f"{settings.app.name}-api",
                rate=settings.api.requests_per_second,
                burst=settings.api.burst,
            ),
        )
        self.api.node.try_remove_child("Endpoint")  # an output that the stack has under a better name
        execution_log(self, self.api)
        stage = self.api.deployment_stage
        stage.node.add_dependency(set_log_role(self, app=settings.app.name, stage=place))
        self.stage_arn = stage.stage_arn
        # The integration's own permission for the console's test button is a door that nobody needs.
        integration = apigateway.LambdaIntegration(function, allow_test_invoke=False)
        authorised = self._authorised()
        unsigned = apigateway.MethodOptions(authorization_type=apigateway.AuthorizationType.NONE)
        for name, route in {**ROUTES, "other": ("ANY", "/{proxy+}")}.items():
            self._route(*route, integration, unsigned if name in OPEN else authorised)
        add_problems(self.api, settings.api.cors_origins)
        if settings.api.requests_per_day:
            self._usage_plan(settings.api.requests_per_day)
        acknowledge(
            self,
            {
                "APIG2": "A body is a picture, and JSON is checked by the function, which says what is wrong.",
                "APIG4": "Health, the document and its page are nobody's secret; a preflight is unsigned.",
                "COG4": "Callers sign with AWS credentials, or signpost.toml names a user pool; open paths as above.",
            },
        )

    def _authorised(self) -> apigateway.MethodOptions:
        key = bool(self._settings.api.requests_per_day)
        if not self._callers:
            return apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.IAM, api_key_required=key or None
            )
        authorizer = apigateway.CognitoUserPoolsAuthorizer(self, "Tokens", cognito_user_pools=[self._callers.pool])
        return apigateway.MethodOptions(
            authorization_type=apigateway.AuthorizationType.COGNITO, authorizer=authorizer, api_key_required=key or None
        )

    def _route(
        self, method: str, path: str, integration: apigateway.Integration, options: apigateway.MethodOptions
    ) -> None:
        resource = self.api.root.resource_for_path(path)
        resource.add_method(
            method,
            integration,
            authorization_type=options.authorization_type,
            authorizer=options.authorizer,
            api_key_required=options.api_key_required,
        )
        if self._settings.api.cors_origins and method != "ANY":
            resource.add_method("OPTIONS", integration, authorization_type=apigateway.AuthorizationType.NONE)

    def _usage_plan(self, requests_per_day: int) -> None:
        plan = self.api.add_usage_plan(
            "Plan",
            name=f"{self._settings.app.name}-api",
            quota=apigateway.QuotaSettings(limit=requests_per_day, period=apigateway.Period.DAY),
        )
        plan.add_api_stage(stage=self.api.deployment_stage)
        plan.add_api_key(self.api.add_api_key("Key", api_key_name=f"{self._settings.app.name}-api"))
