"""The server's settings, read from its environment: SageMaker's, Vertex AI's or one's own."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import SettingsError
from signpost.validation import message_of


class ServerSettings(BaseModel):
    """Where the server listens, what it serves and how much it takes on.

    Attributes
    ----------
    host : str
        Address to listen on (``SIGNPOST_HOST``). The default is every interface, as a container needs it; outside a
        container set 127.0.0.1.
    port : int
        0 takes any free port and logs which (``SIGNPOST_PORT``, or Vertex AI's ``AIP_HTTP_PORT``).
    model_dir : Path
        Folder that holds an unpacked model package or its ``model.tar.gz`` (``SIGNPOST_MODEL_DIR``).
    storage_uri : str
        Where on Google Cloud Storage the package is instead (Vertex AI's ``AIP_STORAGE_URI``); empty for none.
    health_route, predict_route : str
        Paths beside SageMaker's (Vertex AI's ``AIP_HEALTH_ROUTE`` and ``AIP_PREDICT_ROUTE``).
    workers : int
        Processes that hold the model, by default as many as there are cores (``SIGNPOST_WORKERS``).
    queue : int
        Requests that may wait for a worker; the next is answered 503 (``SIGNPOST_QUEUE``).
    queue_mb : int
        What they and the requests under way may hold in memory (``SIGNPOST_QUEUE_MB``).
    deadline_s : float
        Seconds from a request's first byte to its answer (``SIGNPOST_DEADLINE_S``). SageMaker gives up after 60.
    connections : int
        Open connections; the next is answered 503 and closed (``SIGNPOST_CONNECTIONS``).
    """

    model_config = ConfigDict(frozen=True)

    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - a container's own network
    port: int = Field(default=8080, ge=0, le=65535)
    model_dir: Path = Path("/opt/ml/model")
    storage_uri: str = Field(default="", pattern=r"^(gs://[^/]+/.+)?$")
    health_route: str = Field(default="/ping", pattern=r"^/")
    predict_route: str = Field(default="/invocations", pattern=r"^/")
    workers: int = Field(default_factory=lambda: len(os.sched_getaffinity(0)), ge=1, le=256)
    queue: int = Field(default=128, ge=1, le=100_000)
    queue_mb: int = Field(default=256, ge=64)
    deadline_s: float = Field(default=30.0, gt=0)
    connections: int = Field(default=512, ge=1, le=100_000)


_OWN = {field: f"SIGNPOST_{field.upper()}" for field in ServerSettings.model_fields}
# https://cloud.google.com/vertex-ai/docs/predictions/custom-container-requirements
_VERTEX = {
    "port": "AIP_HTTP_PORT",
    "storage_uri": "AIP_STORAGE_URI",
    "health_route": "AIP_HEALTH_ROUTE",
    "predict_route": "AIP_PREDICT_ROUTE",
}


def read_settings(environment: Mapping[str, str]) -> ServerSettings:
    """Read the settings.

    Parameters
    ----------
    environment : mapping of str to str
        Usually ``os.environ``; other variables are ignored. Where both name the same thing, ``SIGNPOST_`` wins.

    Returns
    -------
    ServerSettings

    Raises
    ------
    SettingsError
        Naming the variable, its value and what is wrong with it.
    """
    names = {field: name for field, name in (*_VERTEX.items(), *_OWN.items()) if name in environment}
    try:
        return ServerSettings.model_validate({field: environment[name] for field, name in names.items()})
    except ValidationError as error:
        faults = "; ".join(f"{names[str(e['loc'][0])]}={e['input']!r}: {message_of(e)}" for e in error.errors())
        raise SettingsError(faults) from error
