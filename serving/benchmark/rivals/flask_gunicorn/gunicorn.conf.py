"""Gunicorn's settings: a process a core, the libraries loaded once before they part."""

import os

from serving.benchmark.rivals.flask_gunicorn.app import load_model

wsgi_app = "serving.benchmark.rivals.flask_gunicorn.app:app"
workers = int(os.environ["BENCHMARK_WORKERS"])
# The worker that keeps connections open; its one thread, as a model is not for several at once.
worker_class = "gthread"
threads = 1
keepalive = 75
preload_app = True


def post_fork(_server: object, _worker: object) -> None:
    """Give each worker a model of its own."""
    load_model()
