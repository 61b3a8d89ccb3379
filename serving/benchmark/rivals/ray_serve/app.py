"""Ray Serve."""

# pyright: reportMissingImports=false, reportAttributeAccessIssue=false

import os

import ray
from ray import serve
from starlette.requests import Request
from starlette.responses import Response

from serving.benchmark.rivals.model import WORKERS, Model


@serve.deployment(num_replicas=WORKERS, ray_actor_options={"num_cpus": 1})
class Classifier:
    """The model; each replica has one."""

    def __init__(self) -> None:
        self.model = Model()

    async def __call__(self, request: Request) -> Response:
        """Answer one picture."""
        return Response(self.model.classify(await request.body()), media_type="application/json")


if __name__ == "__main__":
    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["BENCHMARK_PORT"])})
    serve.run(Classifier.bind(), route_prefix="/invocations", blocking=True)
