"""Reads a request's body without ever holding more than is allowed."""

from __future__ import annotations

from starlette.requests import Request

from serving.errors import RequestError


async def read_body(request: Request, most: int) -> bytes:
    """Read a body.

    Parameters
    ----------
    request : Request
        The request.
    most : int
        Bytes allowed.

    Returns
    -------
    bytes

    Raises
    ------
    RequestError
        413.
    ClientDisconnect
        If the client goes away first.
    """
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:  # the caller does get this answer: uvicorn reads the rest, drops it and only then closes
            raise RequestError(413, "too_large", f"The body has over {most:,} bytes. Send a smaller picture, or fewer.")
        chunks.append(chunk)
    return b"".join(chunks)
