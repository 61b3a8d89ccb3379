"""One service integration of Step Functions: which API call it is, what it returns, how its errors are called.

Error names follow AWS's. The optimized integrations stand on the AWS SDK for Java 1: an error that the service's model
knows keeps its name (`DynamoDB.ConditionalCheckFailedException`, `Lambda.TooManyRequestsException`), every other one,
a denied request among them, is the base exception of the service (`Lambda.AWSLambdaException`,
`SQS.AmazonSQSException`). The `aws-sdk` integrations stand on Java 2: `S3.NoSuchKeyException`, and `S3.S3Exception`
for what the model does not know. A function's own error keeps the name of its exception. Arguments that do not fit the
API are `States.Runtime`.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from localcloud.task_values import UnknownMemberError, java_class_name, to_arguments, to_result

_RESOURCE = re.compile(r"^arn:aws:states:::(aws-sdk:)?([a-z0-9]+):([a-zA-Z0-9]+)$")
_FUNCTION = re.compile(r"^arn:aws:lambda:[^:]+:\d+:function:.+$")


class _Optimized(NamedTuple):
    client: str
    prefix: str
    base_error: str


_OPTIMIZED = {
    "dynamodb": _Optimized("dynamodb", "DynamoDB", "AmazonDynamoDBException"),
    "events": _Optimized("events", "EventBridge", "AmazonEventBridgeException"),
    "lambda": _Optimized("lambda", "Lambda", "AWSLambdaException"),
    "sagemaker": _Optimized("sagemaker", "SageMaker", "AmazonSageMakerException"),
    "sns": _Optimized("sns", "SNS", "AmazonSNSException"),
    "sqs": _Optimized("sqs", "SQS", "AmazonSQSException"),
    "states": _Optimized("stepfunctions", "StepFunctions", "AWSStepFunctionsException"),
}
# Java's package of a service, where boto3 calls it differently.
_SDK_CLIENTS = {
    "applicationautoscaling": "application-autoscaling",
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "sagemakerruntime": "sagemaker-runtime",
    "sfn": "stepfunctions",
}


class TaskError(Exception):
    """A failed task.

    Parameters
    ----------
    name : str
        What `Retry` and `Catch` look for.
    cause : str
        What a person reads.
    """

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"{name}: {cause}")
        self.name = name
        self.cause = cause


@dataclass(frozen=True)
class Integration:
    """A resource of a task that is one call of an API.

    Parameters
    ----------
    service : str
        boto3's name of the service.
    action : str
        The operation, in camel case.
    optimized : _Optimized or None
        How the optimized integration names its errors; None for `aws-sdk`.
    function : str or None
        The function, for a resource that is a function's ARN.
    """

    service: str
    action: str
    optimized: _Optimized | None = None
    function: str | None = None

    @classmethod
    def of(cls, resource: str) -> Self | None:
        """Read a task's `Resource`.

        Parameters
        ----------
        resource : str
            Its ARN.

        Returns
        -------
        Integration or None
            None if the task is not a single call.
        """
        if _FUNCTION.match(resource):
            return cls("lambda", "invoke", _OPTIMIZED["lambda"], resource)
        match = _RESOURCE.match(resource)
        if not match:
            return None
        sdk, service, action = match.groups()
        if sdk:
            return cls(_SDK_CLIENTS.get(service, service), action)
        optimized = _OPTIMIZED.get(service)
        return cls(optimized.client, action, optimized) if optimized else None

    def call(self, client: Any, arguments: Any) -> Any:
        """Make the call.

        Parameters
        ----------
        client : boto3 client
            Of `service`.
        arguments : Any
            The state's arguments.

        Returns
        -------
        Any
            The task's result.

        Raises
        ------
        TaskError
            If it fails.
        """
        operation = self.action[:1].upper() + self.action[1:]
        model = client.meta.service_model
        if operation not in model.operation_names:
            raise TaskError("States.Runtime", f"The service {self.service} has no operation {self.action}.")
        shapes = model.operation_model(operation)
        if self.function:
            arguments = {"FunctionName": self.function, "Payload": arguments}
        java_names = not self.optimized
        try:
            given = to_arguments(arguments, shapes.input_shape, java_names=java_names) if shapes.input_shape else {}
            answer = getattr(client, xform_name(operation))(**given)
        except (UnknownMemberError, ParamValidationError) as error:
            raise TaskError("States.Runtime", str(error)) from error
        except ClientError as error:
            raise TaskError(self._error_name(client, error), self._cause(client, error)) from error
        except BotoCoreError as error:
            raise TaskError(f"{self._prefix(client)}.SdkClientException", str(error)) from error
        result = to_result(answer, shapes.output_shape, java_names=java_names) if shapes.output_shape else {}
        return self._optimized_result(result) if self.optimized else result

    def _optimized_result(self, result: dict[str, Any]) -> Any:
        if self.service == "events" and result.get("FailedEntryCount", 0) > 0:
            raise TaskError("EventBridge.FailedEntry", json.dumps(result))
        if self.service != "lambda":
            return result
        text = result.get("Payload", "")
        payload = json.loads(text) if text else None
        if "FunctionError" in result:
            name = payload.get("errorType") if isinstance(payload, dict) else None
            raise TaskError(name or "Lambda.Unknown", text)
        return payload if self.function else {**result, "Payload": payload}

    def _prefix(self, client: Any) -> str:
        return self.optimized.prefix if self.optimized else java_class_name(client.meta.service_model.service_id)

    def _error_name(self, client: Any, error: ClientError) -> str:
        prefix = self._prefix(client)
        name = type(error).__name__
        # boto3's models have come to know some denials that Java's SDKs, the first one above all, have no class for.
        denied = name == "AccessDenied" or (self.optimized is not None and name == "AccessDeniedException")
        if type(error) is ClientError or denied:
            return f"{prefix}.{self.optimized.base_error if self.optimized else f'{prefix}Exception'}"
        # boto3 makes a class of each error in the service's model.
        name = name if self.optimized else java_class_name(name)
        return f"{prefix}.{name if name.endswith('Exception') else f'{name}Exception'}"

    def _cause(self, client: Any, error: ClientError) -> str:
        details, metadata = error.response.get("Error", {}), error.response.get("ResponseMetadata", {})
        about = (
            f"Service: {client.meta.service_model.service_id}, Status Code: {metadata.get('HTTPStatusCode')}, "
            f"Error Code: {details.get('Code')}, Request ID: {metadata.get('RequestId')}"
        )
        return f"{details.get('Message')} ({about})"
