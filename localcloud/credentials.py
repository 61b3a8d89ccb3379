"""Who may call the local cloud as its root user, and how a client is told."""

import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.root_user import read_secret
from signpost.aws.proxies import around_loopback

HOST = "127.0.0.1"
REGION = "us-east-1"
ACCOUNT_ID = "000000000000"
# MiniStack's well-known key of the root user; the secret key is random.
ACCESS_KEY_ID = "test"


def endpoint_url(port: int) -> str:
    """Return the address of the local cloud.

    Parameters
    ----------
    port : int
        The port that it listens on.

    Returns
    -------
    str
        The URL, without a slash at the end.
    """
    return f"http://{HOST}:{port}"


def client_environment(port: int, state_dir: Path) -> dict[str, str]:
    """Return the variables that point boto3 and the CDK command at the local cloud, as its root user.

    Parameters
    ----------
    port : int
        The port that it listens on.
    state_dir : Path
        Its state folder, which holds the secret key.

    Returns
    -------
    dict of str to str
        To be laid over an environment. `command_environment` does so and hides the user's own AWS settings.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint_url(port),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": read_secret(state_dir),
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "CDK_DEFAULT_ACCOUNT": ACCOUNT_ID,
        "CDK_DEFAULT_REGION": REGION,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        # Without it boto3 asks for `sync-127.0.0.1` when it starts a synchronous execution.
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        **around_loopback(os.environ),
    }


def without_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without the AWS settings in it (profile, region, keys, endpoint).

    Parameters
    ----------
    environment : mapping of str to str
        Any environment.

    Returns
    -------
    dict of str to str
        A copy without the variables that start with `AWS_`.
    """
    return {name: value for name, value in environment.items() if not name.startswith("AWS_")}


def command_environment(port: int, state_dir: Path) -> dict[str, str]:
    """Return the whole environment for a command that talks to the local cloud.

    Parameters
    ----------
    port : int
        The port that it listens on.
    state_dir : Path
        Its state folder.

    Returns
    -------
    dict of str to str
        This process's environment, with every AWS setting replaced.
    """
    return without_aws(os.environ) | client_environment(port, state_dir)
