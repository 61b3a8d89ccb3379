"""What the server answers when it doesn't predict."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from signpost.errors import PictureError, SignpostError


class RequestError(SignpostError):
    """A request that can't be answered, through a fault of its own.

    Parameters
    ----------
    status : int
        HTTP status, 400 to 499.
    code : str
        Stable code, for instance ``unsupported_content_type``.
    message : str
        One plain sentence: what was wrong, what is allowed.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


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


def error_response(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Return ``{"error": {"code", "message"}}``."""
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def on_request_error(_: Request, error: Exception) -> JSONResponse:
    """Answer a `RequestError`."""
    if not isinstance(error, RequestError):
        raise TypeError(error)
    return error_response(error.status, error.code, error.message)


def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Answer what Starlette itself refuses: an unknown path or method."""
    if not isinstance(error, HTTPException):
        raise TypeError(error)
    if error.status_code == 404:
        return error_response(404, "not_found", "There are GET /ping and POST /invocations here.")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        allowed = headers.get("Allow", "")
        return error_response(405, "method_not_allowed", f"{request.url.path} takes {allowed}.", headers)
    return error_response(error.status_code, "bad_request", str(error.detail), headers)
