"""Deploys the app to the running local cloud with the CDK command, exactly as it is deployed to AWS."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from filelock import FileLock

from localcloud.credentials import ACCOUNT_ID, REGION, command_environment, without_aws
from localcloud.process import CHECKOUT
from signpost.errors import DeploymentError

_CDK = CHECKOUT / "node_modules" / ".bin" / "cdk"
_NPM_LOCK = CHECKOUT / "build" / "npm.lock"  # two starts at once install it once
Say = Callable[[str], None]


def install_cdk(say: Say, log: Path) -> None:
    """Install the CDK command as ``package-lock.json`` pins it, unless it is there.

    Parameters
    ----------
    say : callable
        Gets lines of progress.
    log : Path
        Gets the whole output.

    Raises
    ------
    DeploymentError
        If npm fails.
    """
    _NPM_LOCK.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(_NPM_LOCK):
        if not _CDK.exists():
            _run(["npm", "ci", "--no-audit", "--no-fund"], _with_tools(without_aws(os.environ)), say, log)


def bootstrap(port: int, state_dir: Path, say: Say, log: Path) -> None:
    """Prepare the local cloud for CDK deployments.

    Parameters
    ----------
    port, state_dir
        Of the local cloud.
    say, log
        See `install_cdk`.

    Raises
    ------
    DeploymentError
        If the CDK command fails.
    """
    # Naming the environment spares a synthesis; no app is needed.
    command = [str(_CDK), "bootstrap", f"aws://{ACCOUNT_ID}/{REGION}", "--app", "", "--no-notices"]
    _run(command, _with_tools(command_environment(port, state_dir)), say, log)


def deploy(port: int, state_dir: Path, say: Say, log: Path, settings: Path = CHECKOUT / "signpost.toml") -> None:
    """Deploy every stack.

    Parameters
    ----------
    port : int
        Of the local cloud.
    state_dir : Path
        Of the local cloud; gets the cloud assembly.
    say, log
        See `install_cdk`.
    settings : Path
        What is deployed.

    Raises
    ------
    DeploymentError
        If the CDK command fails.
    """
    command = [str(_CDK), "deploy", "--all", "-c", "stage=local", "-c", f"settings={settings}"]
    command += ["--require-approval", "never", "--no-notices"]
    command += ["--app", shlex.join([sys.executable, "app.py"]), "--output", str(state_dir / "cdk.out")]
    command += ["--progress", "events", "--concurrency", "2"]
    say("synthesizing the templates")  # the command prints nothing until that is done
    _run(command, _with_tools(command_environment(port, state_dir)), say, log)


def _with_tools(environment: Mapping[str, str]) -> dict[str, str]:
    """Put the virtual environment's Node first: it is the one that the lock file pins."""
    tools = str(Path(sys.executable).parent)
    plain = {"CI": "true", "NO_COLOR": "1"}
    # The templates are checked by the tests; here the check would take a third of the synthesis.
    unchecked = {"CDK_VALIDATION": "false"}
    return {**environment, "PATH": f"{tools}:{environment.get('PATH', '')}", **plain, **unchecked}


def _run(command: list[str], environment: Mapping[str, str], say: Say, log: Path) -> None:
    log.parent.mkdir(parents=True, exist_ok=True)
    tail: list[str] = []
    with (
        log.open("a", encoding="utf-8") as kept,
        subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process,
    ):
        kept.write(f"$ {' '.join(command)}\n")
        for line in process.stdout or ():
            kept.write(line)
            if line.strip():
                tail = [*tail[-19:], line.rstrip()]
                say(line.strip())
    if process.returncode != 0:
        lines = "\n  ".join(tail)
        raise DeploymentError(f"{Path(command[0]).name} {command[1]} failed; the end of {log}:\n  {lines}")
