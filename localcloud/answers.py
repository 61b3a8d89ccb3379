"""Answers in AWS's shapes."""

import json
from typing import Any

Answer = tuple[int, dict[str, str], bytes]


class ServiceError(Exception):
    """An error that a service answers.

    Parameters
    ----------
    code : str
        AWS's name of the error, such as `ValidationException`.
    message : str
        What a person reads.
    status : int, default 400
        HTTP status.
    details : dict, optional
        Further members of the error's shape.
    """

    def __init__(self, code: str, message: str, status: int = 400, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.details = details or {}

    def answer(self) -> Answer:
        """Return the error as a JSON service answers it.

        Returns
        -------
        tuple
            Status, headers, body.
        """
        body = {"__type": self.code, "message": self.message, "Message": self.message, **self.details}
        return (
            self.status,
            {"Content-Type": "application/json", "x-amzn-errortype": self.code},
            json.dumps(body).encode(),
        )


def read_json(body: bytes) -> Any:
    """Read the body of a request.

    Parameters
    ----------
    body : bytes
        JSON, or nothing.

    Returns
    -------
    Any
        The document; without one, an empty dict.

    Raises
    ------
    ServiceError
        `SerializationException`, if it is no JSON.
    """
    try:
        return json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", "The request is no JSON.") from error


def json_answer(document: dict[str, Any]) -> Answer:
    """Return a document as a JSON service answers it.

    Parameters
    ----------
    document : dict
        What to answer.

    Returns
    -------
    tuple
        Status 200, headers, body.
    """
    return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(document).encode()
