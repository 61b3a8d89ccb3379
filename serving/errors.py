"""What the server answers when it doesn't predict."""

from __future__ import annotations

import json

from signpost.errors import PictureError, SignpostError


class RequestError(SignpostError):
    """A request that gets no prediction.

    Parameters
    ----------
    status : int
        HTTP status: 400 to 499 for a fault of its own, 503 and 504 where there is too much to do.
    code : str
        Stable code, for instance ``unsupported_content_type``.
    message : str
        One plain sentence: what was wrong, what is allowed.
    **headers : str
        Headers of the answer, with underscores for hyphens.
    """

    def __init__(self, status: int, code: str, message: str, **headers: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def refuse_picture(error: PictureError, where: str = "") -> RequestError:
    """Turn an unusable picture into the request's error.

    Parameters
    ----------
    error : PictureError
        What is wrong with the picture.
    where : str
        Which of several pictures it is, for instance ``instances[2]``.

    Returns
    -------
    RequestError
        Status 413 for a file that is too large, otherwise 400.
    """
    status = 413 if error.code == "too_large" else 400
    return RequestError(status, error.code, f"{where}: {error.message}" if where else error.message)


def error_body(code: str, message: str) -> bytes:
    """Return ``{"error": {"code", "message"}}``."""
    return json.dumps({"error": {"code": code, "message": message}}).encode()
