"""The server's routes: SageMaker's container contract.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from serving.body import read_body
from serving.errors import RequestError, on_http_exception, on_request_error
from serving.inference import Inference
from serving.logs import RequestLog
from serving.negotiation import JSON, check_accept, content_type


def make_app(inference: Inference) -> Starlette:
    """Build the application around a loaded model.

    Parameters
    ----------
    inference : Inference
        The loaded model.

    Returns
    -------
    Starlette
        ``GET /ping`` and ``POST /invocations``.
    """
    allowed = inference.limits.max_bytes

    async def ping(_: Request) -> Response:
        return JSONResponse({"status": "ok", "model": inference.model.model_dump()})

    async def invocations(request: Request) -> Response:
        check_accept(request.headers)
        media = content_type(request.headers)
        # Base64 needs four bytes for three.
        body = await read_body(request, allowed * 4 // 3 if media == JSON else allowed)
        answer = await inference.answer(body, media)
        return Response(answer.model_dump_json(), media_type=JSON)

    return Starlette(
        routes=[Route("/ping", ping), Route("/invocations", invocations, methods=["POST"])],
        middleware=[Middleware(RequestLog)],
        exception_handlers={
            RequestError: on_request_error,
            HTTPException: on_http_exception,
            ClientDisconnect: _on_disconnect,
        },
    )


def _on_disconnect(_: Request, __: Exception) -> Response:
    # Nobody reads it; the log then shows the status that nginx made usual for this.
    return Response(status_code=499)
