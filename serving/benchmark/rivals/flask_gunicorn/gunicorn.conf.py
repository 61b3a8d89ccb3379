"""Gunicorn's settings: a process a core, the libraries loaded once before they part.

The default worker closes each connection after its answer, and still was the quickest when tried: `gthread` keeps them,
but all of them may have landed on one worker, which then answers alone.
"""

import os

from serving.benchmark.rivals.flask_gunicorn.app import load_model

wsgi_app = "serving.benchmark.rivals.flask_gunicorn.app:app"
workers = int(os.environ["BENCHMARK_WORKERS"])
preload_app = True


def post_fork(_server: object, _worker: object) -> None:
    """Give each worker a model of its own."""
    load_model()
