"""``signpost destroy``: deletes a deployed app."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.cloud import Aws
from cli.connection import connect, settings
from cli.output import console, step
from signpost.aws import clients, removal
from signpost.errors import DeploymentError
from signpost.terminal.console import plain


def destroy(
    on_aws: Aws = False,
    delete_data: Annotated[
        bool, typer.Option("--delete-data", help="Also delete buckets, tables, user pools and images, with their data.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")] = False,
) -> None:
    """Delete every stack of the app, after a list of what is deleted and what is kept.

    Example: signpost destroy --aws
    """
    connect(on_aws)
    app = settings().app.name
    found = removal.plan(app, clients.client)
    if not found.stacks:
        raise DeploymentError(f"no stack of {app} is deployed{'' if on_aws else ' on the local cloud'}")
    _show(found, delete_data)
    if not yes and not typer.confirm(f"Delete {app}?"):
        raise typer.Exit(1)
    with step(f"Deleting {app}") as report:
        removal.remove(found, clients.client, report)
    if delete_data:
        with step("Deleting the data") as report:
            removal.remove_data(found, clients.client, report)


def _show(found: removal.Removal, delete_data: bool) -> None:
    kept = [] if delete_data else found.kept
    console.print("Deleted:")
    for stack, resources in found.stacks.items():
        deleted = [resource for resource in resources if resource not in kept]
        console.print(f"  the stack {plain(stack)} with {len(deleted)} resources")
        for resource in deleted:
            if resource.kind in _WITH_DATA:
                console.print(f"    {plain(str(resource))}, with what is in it")
    console.print("Kept:" if kept else "Kept: nothing")
    for resource in kept:
        console.print(f"  {plain(str(resource))}")


_WITH_DATA = {
    "AWS::Cognito::UserPool",
    "AWS::DynamoDB::Table",
    "AWS::ECR::Repository",
    "AWS::S3::Bucket",
    "AWS::SageMaker::ModelPackageGroup",
    "AWS::SQS::Queue",
}
