"""What the API's own code takes of a request, apart from the services that it asks: `make benchmark-api`.

Runs the deployed function's handler in this process against the running local cloud, and leaves out the time that was
spent waiting for answers. Decoding the picture, signing, and reading answers count. Prints a table for docs/api.md.
"""

import base64
import io
import os
import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from types import SimpleNamespace
from typing import Any

from botocore.httpsession import URLLib3Session
from PIL import Image

from cli.connection import connect, settings
from signpost.aws import clients
from tests.samples import sample_event

WARM, ROUNDS = 10, 100


def main() -> None:
    """Measure and print."""
    connect(on_aws=False)
    name = f"{settings().app.name}-api"
    found = clients.client("lambda").get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    os.environ |= found | {"POWERTOOLS_TRACE_DISABLED": "true", "POWERTOOLS_LOG_LEVEL": "ERROR"}
    from lambdas.api.handler import handler

    waiting = Waiting()
    print("| picture | bytes | own code, median | 95th percentile | waiting for services, median |")  # noqa: T201
    print("|---|---|---|---|---|")  # noqa: T201
    for title, picture in pictures():
        times = [measure(handler, event(picture), waiting) for _ in range(WARM + ROUNDS)][WARM:]
        own, waited = ([1000 * both[index] for both in times] for index in (0, 1))
        late = statistics.quantiles(own, n=20)[-1]
        figures = f"{statistics.median(own):.1f} ms | {late:.1f} ms | {statistics.median(waited):.0f} ms"
        print(f"| {title} | {len(picture):,} | {figures} |")  # noqa: T201


class Waiting:
    """Adds up the time between sending requests and having their answers."""

    def __init__(self) -> None:
        self.seconds = 0.0
        send = URLLib3Session.send

        def timed(session: URLLib3Session, request: Any) -> Any:
            started = time.perf_counter()
            try:
                return send(session, request)
            finally:
                self.seconds += time.perf_counter() - started

        URLLib3Session.send = timed


def measure(handler: Callable[..., dict], asked: dict[str, Any], waiting: Waiting) -> tuple[float, float]:
    """Return the seconds of one request: own code, and waiting."""
    waiting.seconds = 0.0
    context = SimpleNamespace(
        function_name="api", memory_limit_in_mb=512, invoked_function_arn="arn", aws_request_id=str(uuid.uuid4())
    )
    started = time.perf_counter()
    with redirect_stdout(io.StringIO()):  # the metrics
        answer = handler(asked, context)
    elapsed = time.perf_counter() - started
    assert answer["statusCode"] == 200, answer["body"]
    return elapsed - waiting.seconds, waiting.seconds


def event(picture: bytes) -> dict[str, Any]:
    """The request as API Gateway hands it over; without an Idempotency-Key, each is a picture of its own."""
    body = base64.b64encode(picture).decode()
    return sample_event("api-classify.json", headers={"Content-Type": "image/jpeg"}, body=body)


def pictures() -> Iterator[tuple[str, bytes]]:
    """JPEGs of noise, as large as a thumbnail, a screen and a telephone's photo."""
    for width, height in ((320, 240), (1920, 1080), (4000, 3000)):
        small = Image.effect_noise((width // 4, height // 4), 60).convert("RGB")
        buffer = io.BytesIO()
        small.resize((width, height)).save(buffer, "JPEG", quality=85)
        yield f"{width} × {height}", buffer.getvalue()


if __name__ == "__main__":
    main()
