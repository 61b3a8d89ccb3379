"""A shell that evaluates the commands reaches the local cloud and nothing else."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.credentials import client_environment
from localcloud.root_user import make_secret
from signpost.aws.shell import shell_commands

HOSTILE = """a'b"c$(touch owned)`touch owned`\\ \n;é"""
_RESOLVE = """
import boto3, json, sys
found = {}
for service in ("s3", "sqs", "stepfunctions", "sts"):
    client = boto3.client(service)
    keys = client._request_signer._credentials
    found[service] = [client.meta.endpoint_url, client.meta.region_name, keys.access_key, keys.token]
json.dump(found, sys.stdout)
"""


@pytest.mark.parametrize("shell", ["sh", "bash", "dash"])
def test_aws_settings_of_before_are_no_longer_in_force(shell: str, tmp_path: Path):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell} here")
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = eu-west-1\nendpoint_url = http://elsewhere.invalid\n")
    before = {
        "PATH": "/usr/bin:/bin",
        "AWS_PROFILE": "other",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SESSION_TOKEN": "token",
        "AWS_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL_S3": "http://elsewhere.invalid",
        "AWS_ENDPOINT_URL_SQS": "http://elsewhere.invalid",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    }
    make_secret(tmp_path)
    commands = shell_commands(client_environment(4570, tmp_path), before)

    script = "\n".join([*commands, f'exec "{sys.executable}" -c "$RESOLVE"'])
    done = subprocess.run(
        [shell, "-c", 'eval "$COMMANDS"'],
        env=before | {"COMMANDS": script, "RESOLVE": _RESOLVE},
        capture_output=True,
        text=True,
        check=True,
    )

    ours = ["http://127.0.0.1:4570", "us-east-1", "test", None]
    assert json.loads(done.stdout) == dict.fromkeys(("s3", "sqs", "stepfunctions", "sts"), ours)


def test_values_are_quoted_and_other_variables_stay(tmp_path: Path):
    names = {"AWS_X;touch owned": "1", "AWS_OLD": "1", "OTHER": "kept"}
    commands = shell_commands({"AWS_ENDPOINT_URL": HOSTILE}, names)

    assert commands[0] == "unset AWS_OLD"
    done = subprocess.run(
        ["sh", "-c", 'eval "$COMMANDS"; printf "%s|%s" "$AWS_ENDPOINT_URL" "$OTHER"'],
        env={"COMMANDS": "\n".join(commands), "OTHER": "kept", "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == f"{HOSTILE}|kept"
    assert list(tmp_path.iterdir()) == []
