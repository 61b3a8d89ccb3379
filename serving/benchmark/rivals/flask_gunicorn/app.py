"""Flask under gunicorn."""

# pyright: reportMissingImports=false

from flask import Flask, Response, request

from serving.benchmark.rivals.model import Model

app = Flask(__name__)


@app.post("/invocations")
def invocations() -> Response:
    """Answer one picture."""
    return Response(app.extensions["model"].classify(request.get_data(cache=False)), mimetype="application/json")


def load_model() -> None:
    """Load the model into this worker."""
    app.extensions["model"] = Model()
