"""The server's settings, read from its environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import SettingsError

_PREFIX = "SIGNPOST_"


class ServerSettings(BaseModel):
    """Where the server listens and what it serves.

    Attributes
    ----------
    host : str
        Address to listen on (``SIGNPOST_HOST``). The default is every interface, as a container needs it; outside a
        container set 127.0.0.1.
    port : int
        0 takes any free port and logs which (``SIGNPOST_PORT``).
    model_dir : Path
        Folder that holds an unpacked model package or its ``model.tar.gz`` (``SIGNPOST_MODEL_DIR``).
    """

    model_config = ConfigDict(frozen=True)

    host: str = Field(default="0.0.0.0", min_length=1)  # noqa: S104 - a container's own network
    port: int = Field(default=8080, ge=0, le=65535)
    model_dir: Path = Path("/opt/ml/model")


def read_settings(environment: Mapping[str, str]) -> ServerSettings:
    """Read the settings.

    Parameters
    ----------
    environment : mapping of str to str
        Usually ``os.environ``; other variables are ignored.

    Returns
    -------
    ServerSettings

    Raises
    ------
    SettingsError
        Naming the variable, its value and what is wrong with it.
    """
    names = {field: f"{_PREFIX}{field.upper()}" for field in ServerSettings.model_fields}
    given = {field: environment[name] for field, name in names.items() if name in environment}
    try:
        return ServerSettings.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(f"{names[str(e['loc'][0])]}={e['input']!r}: {e['msg']}" for e in error.errors())
        raise SettingsError(faults) from error
