"""MLServer, with a route of its own for a raw body: its protocol would have a JPEG as base64 in JSON."""

# pyright: reportMissingImports=false

from typing import Annotated

from fastapi import Body
from fastapi.responses import Response
from mlserver import MLModel
from mlserver.handlers import custom_handler

from serving.benchmark.rivals.model import Model


class Classifier(MLModel):
    """The model; each worker has one."""

    async def load(self) -> bool:
        """Load it."""
        self.model = Model()
        return True

    @custom_handler(rest_path="/invocations")
    async def invocations(self, data: Annotated[bytes, Body(media_type="image/jpeg")]) -> Response:
        """Answer one picture."""
        return Response(self.model.classify(data), media_type="application/json")
