"""The server's routes: SageMaker's container contract, Vertex AI's, and what an operator asks.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from serving.errors import error_body
from serving.predictions import Predictions
from serving.settings import ServerSettings
from serving.workers import Workers

_TEXT = "text/plain; version=0.0.4; charset=utf-8"  # Prometheus' format


def make_app(workers: Workers, settings: ServerSettings) -> ASGIApp:
    """Build the application around running workers.

    Parameters
    ----------
    workers : Workers
        Who answers.
    settings : ServerSettings
        Routes and deadline.

    Returns
    -------
    ASGIApp
        ``GET /ping``, ``POST /invocations``, ``GET /metrics``, and the routes that Vertex AI names.
    """
    predictions = Predictions(workers, settings.deadline_s)

    async def ping(_: Request) -> Response:
        if not workers.healthy:
            return _error(503, "unhealthy", "No worker has the model loaded; the log says why.")
        return JSONResponse({"status": "ok", "model": workers.model})

    async def metrics(_: Request) -> Response:
        return Response(workers.measure().page(), media_type=_TEXT)

    health = [Route(path, ping) for path in dict.fromkeys([settings.health_route, "/ping"])]
    others = Starlette(
        routes=[*health, Route("/metrics", metrics)], exception_handlers={HTTPException: _on_http_exception}
    )
    predict = {settings.predict_route, "/invocations"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        # Pictures pass Starlette by: its routing and middleware cost a tenth of a small picture's time.
        await (predictions if scope["path"] in predict else others)(scope, receive, send)

    return app


def _on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself refuses: an unknown path or method."""
    if not isinstance(error, HTTPException):
        raise TypeError(error)
    if error.status_code == 404:
        return _error(404, "not_found", "There are GET /ping, POST /invocations and GET /metrics here.")
    headers = dict(error.headers or {})
    if error.status_code == 405:
        allowed = headers.get("Allow", "")
        return _error(405, "method_not_allowed", f"{request.url.path[:200]} takes {allowed}.", headers)
    return _error(error.status_code, "bad_request", str(error.detail), headers)


def _error(status: int, code: str, message: str, headers: dict[str, str] | None = None) -> Response:
    return Response(error_body(code, message), status, headers, "application/json")
