"""Finds what was deployed: the outputs of the app's stacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signpost.errors import DeploymentError

Clients = Callable[[str], Any]
STACKS = ("storage", "inference", "routing")


@dataclass(frozen=True)
class Deployment:
    """A deployed app.

    Attributes
    ----------
    outputs : dict of str to str
        Outputs of all its stacks.
    """

    outputs: dict[str, str]

    def __getitem__(self, name: str) -> str:
        """Return an output.

        Raises
        ------
        DeploymentError
            If no stack has it.
        """
        try:
            return self.outputs[name]
        except KeyError as error:
            raise DeploymentError(f"no stack has an output {name}: deploy again") from error

    @property
    def queues(self) -> dict[str, str]:
        """URL of every queue, by its name."""
        urls = (value for name, value in self.outputs.items() if name.startswith("Queue"))
        return {url.rsplit("/", 1)[1]: url for url in urls}


def find(name: str, clients: Clients) -> Deployment:
    """Find a deployed app.

    Parameters
    ----------
    name : str
        ``app.name`` of the settings.
    clients : callable
        Makes the client of a service.

    Returns
    -------
    Deployment

    Raises
    ------
    DeploymentError
        If a stack is missing or AWS can't be asked.
    """
    cloudformation = clients("cloudformation")
    outputs: dict[str, str] = {}
    for stack in STACKS:
        try:
            found = cloudformation.describe_stacks(StackName=f"{name}-{stack}")["Stacks"][0]
        except (ClientError, BotoCoreError) as error:
            raise DeploymentError(f"the stack {name}-{stack} can't be found: {error}") from error
        outputs |= {
            output["OutputKey"]: output["OutputValue"]
            for output in found.get("Outputs", [])
            if not output["OutputKey"].startswith("ExportsOutput")  # the CDK's own, between stacks
        }
    return Deployment(outputs)
