"""Finds what was deployed: the outputs of the app's stacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signpost.errors import DeploymentError

Clients = Callable[[str], Any]
STACKS = ("storage", "routing", "training", "api", "review")
# Without a classifier to train or a deployed review page there is nothing in them: the CDK deploys none.
_MAY_BE_EMPTY = ("training", "review")


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

    def endpoint_of(self, classifier: str) -> str:
        """Return the name of a classifier's endpoint.

        Raises
        ------
        DeploymentError
            If it has none.
        """
        return self[f"{output_prefix(classifier)}Endpoint"]

    @property
    def queues(self) -> dict[str, str]:
        """URL of every queue, by its name."""
        urls = (value for name, value in self.outputs.items() if name.startswith("Queue"))
        return {url.rsplit("/", 1)[1]: url for url in urls}

    def endpoint_statuses(self, sagemaker: Any) -> dict[str, str]:
        """Return the status of every endpoint, by its name.

        Parameters
        ----------
        sagemaker : botocore.client.SageMaker
            The client.

        Returns
        -------
        dict of str to str
            SageMaker's own word, or ``RolledBack`` where an older configuration runs than the deployed one: after an
            automatic rollback SageMaker says ``InService`` all the same. A newer one is that of a trained model.
        """
        statuses = {}
        for output, name in self.outputs.items():
            if output.endswith("Endpoint"):
                found = sagemaker.describe_endpoint(EndpointName=name)
                runs, deployed = found["EndpointConfigName"], self[f"{output}Config"]
                in_service = found["EndpointStatus"] == "InService"
                rolled_back = in_service and runs != deployed and _made(sagemaker, runs) < _made(sagemaker, deployed)
                statuses[name] = "RolledBack" if rolled_back else found["EndpointStatus"]
        return statuses

    def other_endpoints(self, sagemaker: Any) -> dict[str, str]:
        """Return the status of every endpoint of the account and region that this app did not make, by its name.

        Parameters
        ----------
        sagemaker : botocore.client.SageMaker
            The client.

        Returns
        -------
        dict of str to str
            SageMaker's own word; empty where the caller may not list endpoints.
        """
        own = {name for output, name in self.outputs.items() if output.endswith("Endpoint")}
        try:
            pages = list(sagemaker.get_paginator("list_endpoints").paginate())
        except ClientError:
            return {}
        found = (endpoint for page in pages for endpoint in page["Endpoints"])
        return {one["EndpointName"]: one["EndpointStatus"] for one in found if one["EndpointName"] not in own}

    def check_endpoints(self, sagemaker: Any) -> None:
        """Make sure that no endpoint was rolled back.

        Raises
        ------
        DeploymentError
            Naming those that were.
        """
        back = [name for name, status in self.endpoint_statuses(sagemaker).items() if status == "RolledBack"]
        if back:
            raise DeploymentError(f"rolled back to the configuration of before: {', '.join(back)}")


def output_prefix(name: str) -> str:
    """Return a name in the form of CloudFormation's ids; the outputs of a classifier begin with it."""
    return name.title().replace("-", "")


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
            if stack in _MAY_BE_EMPTY and "does not exist" in str(error):
                continue
            raise DeploymentError(f"the stack {name}-{stack} can't be found: {error}") from error
        outputs |= {
            output["OutputKey"]: output["OutputValue"]
            for output in found.get("Outputs", [])
            if not output["OutputKey"].startswith("ExportsOutput")  # the CDK's own, between stacks
        }
    return Deployment(outputs)


def _made(sagemaker: Any, configuration: str) -> datetime:
    return sagemaker.describe_endpoint_config(EndpointConfigName=configuration)["CreationTime"]
