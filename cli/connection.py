"""Which cloud a command talks to."""

from __future__ import annotations

import os
from pathlib import Path

from localcloud import process
from localcloud.credentials import client_environment
from signpost import aws, deployment
from signpost.errors import DeploymentError
from signpost.router import Router
from signpost.settings import Settings, load_settings

ROOT = Path(__file__).parents[1]
STATE = Path(os.environ.get("SIGNPOST_STATE", ROOT / ".signpost"))


def settings() -> Settings:
    """Read ``signpost.toml``."""
    return load_settings(ROOT / "signpost.toml")


def connect(on_aws: bool) -> None:
    """Point every AWS client of this process at the local cloud, or leave it with the user's own account.

    Raises
    ------
    DeploymentError
        If the local cloud is asked for and does not run.
    """
    if on_aws:
        return
    running = process.status(STATE)
    if not running:
        raise DeploymentError(
            "the local cloud does not run. Start it with `signpost up`, or add --aws for your account."
        )
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(client_environment(running.port))


def find_deployment(on_aws: bool) -> deployment.Deployment:
    """Connect and find the deployed app."""
    connect(on_aws)
    return deployment.find(settings().app.name, aws.client)


def find_router(on_aws: bool) -> Router:
    """Connect and make a router for the deployed app."""
    # A synchronous execution answers after the whole routing, which may wait for an endpoint that restarts.
    return Router(find_deployment(on_aws), lambda service: aws.client(service, read_timeout=310, attempts=1))
