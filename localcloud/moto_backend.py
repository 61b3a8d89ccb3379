"""Moto's control planes, called in process: their validation, descriptions and state."""

import importlib
import json
import threading
from typing import Any

from localcloud.answers import Answer, ServiceError


class MotoBackend:
    """One service of moto.

    Moto is imported on the first call: it takes most of a second, which a start of the cloud need not wait for.

    Parameters
    ----------
    package : str
        Moto's package of the service.
    response_class : str
        The class there that answers requests.
    target_prefix : str
        What the service's `X-Amz-Target` starts with.
    host : str
        The service's host name in us-east-1, which moto reads the region from.
    """

    def __init__(self, package: str, response_class: str, target_prefix: str, host: str) -> None:
        self._module = f"moto.{package}.responses"
        self._class = response_class
        self._target_prefix = target_prefix
        self._url = f"https://{host}/"
        self.lock = threading.RLock()

    def forward(self, operation: str, body: bytes) -> Answer:
        """Pass a request on and return moto's answer, errors too.

        Parameters
        ----------
        operation : str
            Name of the API operation.
        body : bytes
            The JSON request.

        Returns
        -------
        tuple
            Status, headers, body.
        """
        with self.lock:
            request_class = importlib.import_module("moto.core.request").Request
            http_error = importlib.import_module("werkzeug.exceptions").HTTPException
            responses = getattr(importlib.import_module(self._module), self._class)
            headers = {"X-Amz-Target": self._target_prefix + operation, "Content-Type": "application/x-amz-json-1.1"}
            request = request_class.from_primitives("POST", self._url, headers, body)
            try:
                status, answer_headers, answer = responses.dispatch(request, self._url, request.headers)
            except http_error as error:
                status, answer_headers, answer = error.code, dict(error.get_headers()), error.get_body()
            except NotImplementedError as error:
                message = f"The local cloud has no operation {operation}"
                raise ServiceError("InvalidAction", message) from error
            except KeyError as error:
                raise ServiceError("ValidationException", f"The request lacks the member {error}.") from error
        content = answer.encode() if isinstance(answer, str) else answer
        return status, {"Content-Type": "application/x-amz-json-1.1", **_error_type(answer_headers)}, content

    def call(self, operation: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Call an operation and return its result.

        Parameters
        ----------
        operation : str
            Name of the API operation.
        parameters : dict
            Its input.

        Returns
        -------
        dict
            Its output.

        Raises
        ------
        ServiceError
            If moto answers an error.
        """
        status, _, content = self.forward(operation, json.dumps(parameters).encode())
        document = json.loads(content or b"{}")
        if status >= 400:
            code = str(document.get("__type", "ValidationException")).rpartition("#")[2]
            raise ServiceError(code, document.get("message") or document.get("Message") or code, status)
        return document


def _error_type(headers: Any) -> dict[str, str]:
    return {name: value for name, value in dict(headers).items() if name.lower() == "x-amzn-errortype"}
