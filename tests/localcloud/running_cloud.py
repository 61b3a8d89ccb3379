"""A running local cloud as the tests see it, and how they wait."""

import os
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from localcloud.credentials import ACCOUNT_ID, REGION, client_environment, endpoint_url, without_aws
from localcloud.machine import processes


@dataclass(frozen=True)
class Cloud:
    """A running local cloud."""

    port: int
    state_dir: Path
    pid: int

    account = ACCOUNT_ID
    region = REGION

    @property
    def environment(self) -> dict[str, str]:
        """The whole environment for a command that talks to it, such as `cdk deploy`."""
        return without_aws(os.environ) | client_environment(self.port, self.state_dir)

    def client(self, service: str, access_key: dict[str, str] | None = None, **settings: Any) -> Any:
        """A boto3 client: the root user's, or that of the access key which IAM or STS gave."""
        root = client_environment(self.port, self.state_dir)
        key = access_key or {
            "AccessKeyId": root["AWS_ACCESS_KEY_ID"],
            "SecretAccessKey": root["AWS_SECRET_ACCESS_KEY"],
        }
        return boto3.client(
            service,
            endpoint_url=endpoint_url(self.port),
            region_name=REGION,
            aws_access_key_id=key["AccessKeyId"],
            aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key.get("SessionToken"),
            # Synchronous executions would go to the host `sync-127.0.0.1`.
            config=Config(inject_host_prefix=False, **settings),
        )

    def server_pid(self, endpoint: str, variant: str = "AllTraffic") -> int:
        """The process that serves a variant of an endpoint."""
        (file,) = (self.state_dir / "endpoints" / endpoint).glob(f"*/{variant}.pid")
        return int(file.read_text())


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(condition: Any, seconds: float = 60) -> Any:
    """Wait until a condition is true and return what it returned."""
    deadline = time.monotonic() + seconds
    while not (result := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{condition} stayed false for {seconds} s")
        time.sleep(0.05)
    return result


def processes_of_group(group: int) -> list[str]:
    """Commands of the living processes of a process group."""
    return [process.command for process in processes() if process.group == group]
