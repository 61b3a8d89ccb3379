"""LitServe."""

# pyright: reportMissingImports=false

import os
from typing import Annotated

import litserve
from fastapi import Body, Response

from serving.benchmark.rivals.model import WORKERS, Model


class Classifier(litserve.LitAPI):
    """The model; each worker has one."""

    def setup(self, _device: str) -> None:
        """Load it."""
        self.model = Model()

    def decode_request(self, request: Annotated[bytes, Body(media_type="image/jpeg")]) -> bytes:
        """Take the raw body."""
        return request

    def predict(self, data: bytes) -> bytes:
        """Answer one picture."""
        return self.model.classify(data)

    def encode_response(self, answer: bytes) -> Response:
        """Send the answer as it is."""
        return Response(answer, media_type="application/json")


if __name__ == "__main__":
    api = Classifier(api_path="/invocations")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=WORKERS)
    port = int(os.environ["BENCHMARK_PORT"])
    server.run("127.0.0.1", port, num_api_servers=WORKERS, log_level="warning", generate_client_file=False)
