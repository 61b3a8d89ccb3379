"""The one stage of an API: its limits, its access log without bodies."""

# jsii names the parameters of its interfaces differently from those of its classes.
# pyright: reportArgumentType=false

from __future__ import annotations

from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from signpost.api.contracts import STAGE
from stacks.constructs.log_group import month_of_logs

# Who asked what, how it went and how long it took; no address, no name, no body.
_LOGGED = {
    "request_id": "requestId",
    "extended_id": "extendedRequestId",
    "time": "requestTimeEpoch",
    "method": "httpMethod",
    "resource": "resourcePath",
    "status": "status",
    "milliseconds": "responseLatency",
    "function_milliseconds": "integration.latency",
    "bytes": "responseLength",
    "refused_as": "error.responseType",
    "firewall": "waf.status",
}


def execution_log(scope: Construct, api: apigateway.RestApi) -> None:
    """Make the log group that API Gateway would make itself, and would keep for ever.

    Parameters
    ----------
    scope : Construct
        Gets the log group.
    api : aws_cdk.aws_apigateway.RestApi
        Its stage starts to log when the group exists.
    """
    log = month_of_logs(scope, f"API-Gateway-Execution-Logs_{api.rest_api_id}/{STAGE}", "ExecutionLog")
    api.deployment_stage.node.add_dependency(log)


def stage_options(scope: Construct, name: str, *, rate: int, burst: int) -> apigateway.StageOptions:
    """Say what holds for every stage.

    Parameters
    ----------
    scope : Construct
        Gets the access log.
    name : str
        Of the API.
    rate, burst : int
        Requests a second, and at once.
    """
    access = month_of_logs(scope, f"/aws/apigateway/{name}", "AccessLog")
    line = ",".join(f'"{field}":"$context.{value}"' for field, value in _LOGGED.items())
    return apigateway.StageOptions(
        stage_name=STAGE,
        throttling_rate_limit=rate,
        throttling_burst_limit=burst,
        access_log_destination=apigateway.LogGroupLogDestination(access),
        access_log_format=apigateway.AccessLogFormat.custom("{" + line + "}"),
        logging_level=apigateway.MethodLoggingLevel.ERROR,
        data_trace_enabled=False,
        metrics_enabled=True,
        tracing_enabled=True,
    )
