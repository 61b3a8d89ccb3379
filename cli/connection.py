"""Which cloud a command talks to."""

from __future__ import annotations

import os
from pathlib import Path

from localcloud import process
from localcloud.credentials import client_environment
from signpost.api.contracts import STAGE
from signpost.aws import clients, deployment
from signpost.aws.routing_client import Router
from signpost.errors import DeploymentError
from signpost.settings.file import Settings, load_settings

ROOT = Path(__file__).parents[1]
STATE = Path(os.environ.get("SIGNPOST_STATE", ROOT / ".signpost"))


def settings() -> Settings:
    """Read ``signpost.toml``."""
    return load_settings(ROOT / "signpost.toml")


def local_environment() -> dict[str, str]:
    """Return the variables that point AWS clients at the running local cloud.

    Raises
    ------
    DeploymentError
        If it does not run.
    """
    running = process.status(STATE)
    if not running:
        raise DeploymentError(
            "the local cloud does not run. Start it with `signpost up`, or add --aws for your account."
        )
    return client_environment(running.port, STATE)


def connect(on_aws: bool) -> None:
    """Point every AWS client of this process at the local cloud, or leave it with the user's own account."""
    if on_aws:
        return
    environment = local_environment()
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(environment)


def find_deployment(on_aws: bool) -> deployment.Deployment:
    """Connect and find the deployed app."""
    connect(on_aws)
    return deployment.find(settings().app.name, clients.client)


def api_url(found: deployment.Deployment) -> str:
    """Return the address of the API on the local cloud, where every API has a path and no host of its own.

    Parameters
    ----------
    found : Deployment
        The app on the local cloud.
    """
    return f"{os.environ['AWS_ENDPOINT_URL']}/_aws/execute-api/{found['ApiId']}/{STAGE}"


def find_router(on_aws: bool) -> Router:
    """Connect and make a router for the deployed app."""
    # A synchronous execution answers after the whole routing, which may wait for an endpoint that restarts.
    return Router(find_deployment(on_aws), lambda service: clients.client(service, read_timeout=310, attempts=1))
