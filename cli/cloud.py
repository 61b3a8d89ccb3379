"""Commands that bring the app up and look at it."""

from __future__ import annotations

import json
import os
import shutil
import time
from contextlib import suppress
from typing import Annotated

import typer

from cli.connection import STATE, api_url, connect, find_deployment, local_environment, settings
from cli.doctor import check_machine
from cli.output import console, show_pairs, step
from localcloud import deploy, process
from localcloud.credentials import endpoint_url
from signpost.aws import clients
from signpost.aws.function_logs import FunctionLogs
from signpost.aws.shell import shell_commands
from signpost.errors import DeploymentError
from signpost.terminal.printable import printable_message

Aws = Annotated[bool, typer.Option("--aws", help="Talk to your AWS account instead of the local cloud.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object a line.")]


def up(
    port: Annotated[int | None, typer.Option(help="Port of the local cloud; by default 4566, or a free one.")] = None,
) -> None:
    """Start the local cloud and deploy every stack to it. Run again, it updates.

    Example: signpost up --port 4570
    """
    check_machine()
    log = STATE / "deploy.log"
    with step("Installing the CDK command") as report:
        deploy.install_cdk(report, log)
    with step("Starting the local cloud"):
        was_running = process.status(STATE)
        running = process.start(STATE, port)
    if running.notice and not was_running:
        console.print(running.notice)
    with step("Bootstrapping") as report:
        deploy.bootstrap(running.port, STATE, report, log)
    with step("Deploying the stacks") as report:
        deploy.deploy(running.port, STATE, report, log)
    find_deployment(on_aws=False).check_endpoints(clients.client("sagemaker"))
    console.print(f"The app is up at {endpoint_url(running.port)}. See what is where: [bold]signpost open[/]")


def down(
    clean: Annotated[bool, typer.Option("--clean", help="Also delete its state: buckets, queues, logs.")] = False,
) -> None:
    """Stop the local cloud and every process that it started.

    Example: signpost down --clean
    """
    stopped = process.stop(STATE)
    console.print("The local cloud is stopped." if stopped else "The local cloud did not run.")
    if clean and STATE.exists():
        if any(STATE.iterdir()) and not process.log_file(STATE).exists():
            raise DeploymentError(f"{STATE} is no state of a local cloud and was not deleted. See SIGNPOST_STATE.")
        shutil.rmtree(STATE)


def status(on_aws: Aws = False, as_json: AsJson = False) -> None:
    """Show what runs: the endpoints, and how many messages wait in each queue.

    Example: signpost status --json
    """
    deployment = find_deployment(on_aws)
    sagemaker = clients.client("sagemaker")
    endpoints, others = deployment.endpoint_statuses(sagemaker), deployment.other_endpoints(sagemaker)
    sqs, wanted = clients.client("sqs"), "ApproximateNumberOfMessages"
    queues = {
        name: int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[wanted])["Attributes"][wanted])
        for name, url in deployment.queues.items()
    }
    if as_json:
        typer.echo(json.dumps({"endpoints": endpoints, "other_endpoints": others, "queues": queues}))
        return
    other_rows = [(name, f"{status}, not made by Signpost") for name, status in others.items()]
    show_pairs("endpoint", [*endpoints.items(), *other_rows])
    show_pairs("messages waiting", [(name, str(count)) for name, count in queues.items()])


def open_(
    on_aws: Aws = False,
    as_json: AsJson = False,
    as_environment: Annotated[
        bool, typer.Option("--env", help="Print shell commands that point AWS tools at the local cloud.")
    ] = False,
) -> None:
    """Show what is where: buckets, machines, queues, endpoints.

    Example: signpost open --json

    Example: eval "$(signpost open --env)"
    """
    if as_environment:
        present, environment = dict(os.environ), local_environment()
        with suppress(DeploymentError):  # nothing is deployed yet
            environment |= {"API": api_url(find_deployment(on_aws=False))}
        for command in shell_commands(environment, present):
            typer.echo(command)
        return
    deployment = find_deployment(on_aws)
    if as_json:
        typer.echo(json.dumps(deployment.outputs))
        return
    running = process.status(STATE)
    if running and not on_aws:
        show_pairs("", [("AWS_ENDPOINT_URL", endpoint_url(running.port)), ("API", api_url(deployment))])
    show_pairs("", sorted(deployment.outputs.items()))


def logs(
    function: Annotated[
        str | None,
        typer.Argument(
            help="api, serialize, classify-<classifier>, filter, read-batch, review, review-index, check-data, "
            "collect-corrections, evaluate or smoke-test; all of them."
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Keep reading.")] = False,
    on_aws: Aws = False,
) -> None:
    """Print what the Lambda functions logged.

    Example: signpost logs serialize --follow
    """
    connect(on_aws)
    lines = FunctionLogs(clients.client("logs"), settings().app.name, function)
    while True:
        for line in lines.read():
            typer.echo(f"{line.time:%H:%M:%S} {line.function} {printable_message(line.message)}")
        if not follow:
            return
        time.sleep(1)
