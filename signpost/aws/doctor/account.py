"""Checks of the AWS account that the app is deployed to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError, NoRegionError

from signpost.aws.deployment import Clients
from signpost.aws.doctor import machine
from signpost.aws.doctor.findings import Check, Finding, Status
from signpost.aws.doctor.quotas import quota_checks
from signpost.settings.file import Settings

_BOOTSTRAP = "/cdk-bootstrap/hnb659fds/version"
# What the templates of CDK's default synthesizer demand.
_OLDEST_BOOTSTRAP = 6


def identity_checks(clients: Clients) -> dict[str, Check]:
    """Return the checks without which no others can be made.

    Parameters
    ----------
    clients : callable
        Makes the client of a service.
    """
    return {"endpoint": _endpoint, "region": partial(_region, clients), "credentials": partial(_credentials, clients)}


def account_checks(settings: Settings, clients: Clients) -> dict[str, Check]:
    """Return the checks of an account.

    Parameters
    ----------
    settings : Settings
    clients : callable
        Makes the client of a service.
    """
    return {
        "bootstrap": partial(_bootstrap, clients),
        "docker": partial(machine.docker, settings),
        **quota_checks(settings, clients),
    }


def _endpoint() -> Iterator[Finding]:
    if elsewhere := sorted(name for name in os.environ if name.startswith("AWS_ENDPOINT_URL")):
        message = f"{', '.join(elsewhere)} send calls to another address than AWS's"
        yield Finding("endpoint", Status.FAILURE, message, f"Run `unset {' '.join(elsewhere)}`.")


def _region(clients: Clients) -> Iterator[Finding]:
    try:
        yield Finding("region", Status.OK, clients("ssm").meta.region_name)
    except NoRegionError:
        advice = "Run `export AWS_DEFAULT_REGION=us-east-1`, or another one."
        yield Finding("region", Status.FAILURE, "none is set", advice)


def _credentials(clients: Clients) -> Iterator[Finding]:
    try:
        caller = clients("sts").get_caller_identity()
    except (ClientError, BotoCoreError) as error:
        yield Finding("credentials", Status.FAILURE, str(error), "Sign in, for instance by `aws sso login`.")
    else:
        yield Finding("credentials", Status.OK, f"{caller['Arn']} in account {caller['Account']}")


def _bootstrap(clients: Clients) -> Iterator[Finding]:
    ssm = clients("ssm")
    try:
        version = int(ssm.get_parameter(Name=_BOOTSTRAP)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        message = f"the CDK is not bootstrapped in {ssm.meta.region_name}"
        yield Finding("bootstrap", Status.FAILURE, message, "Run `npx cdk bootstrap`.")
        return
    if version < _OLDEST_BOOTSTRAP:
        message = f"version {version} is too old; {_OLDEST_BOOTSTRAP} or newer is needed"
        yield Finding("bootstrap", Status.FAILURE, message, "Run `npx cdk bootstrap`.")
    else:
        yield Finding("bootstrap", Status.OK, f"version {version}")
