"""Lambda functions as on AWS: the standard library, boto3 and their own package; errors under their own name."""

import importlib.util
import re
import sys
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from localcloud.execution_role import session_of_role

# What AWS's Python runtimes bring: boto3 and what it needs.
_BUNDLED = ("boto3", "botocore", "s3transfer", "jmespath", "dateutil", "urllib3", "six")
_LAST_TRACEBACK_LINE = re.compile(r"^(?:[\w.<>]+\.)?(\w+)(?::|$)", re.MULTILINE)


def install(folder: Path) -> None:
    """Make MiniStack run Python functions the way that AWS does.

    MiniStack starts them with its own interpreter, so they would see every package of this checkout, and a
    package missing from a function's asset would only be missed on AWS.

    Parameters
    ----------
    folder : Path
        Where the functions' Python environment goes.
    """
    interpreter = make_interpreter(folder)
    detect = lambda_runtime._detect_runtime_binary

    def detect_runtime_binary(runtime: str) -> tuple[str, str]:
        binary, script = detect(runtime)
        return (str(interpreter) if binary == sys.executable else binary), script

    lambda_runtime._detect_runtime_binary = detect_runtime_binary
    lambda_runtime.execution_credentials = lambda_svc.execution_credentials = execution_credentials
    lambda_svc._execute_function_warm = named_errors(lambda_svc._execute_function_warm)


def make_interpreter(folder: Path) -> Path:
    """Make a virtual environment that holds boto3 and nothing else.

    Parameters
    ----------
    folder : Path
        Where it goes; what is there is replaced.

    Returns
    -------
    Path
        Its interpreter.
    """
    venv.EnvBuilder(clear=True, symlinks=True, with_pip=False).create(folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    for name in _BUNDLED:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            raise RuntimeError(f"{name} is not installed: the local cloud's Lambda functions need it")
        origin = Path(spec.origin)
        source = origin.parent if origin.name == "__init__.py" else origin
        (site_packages / source.name).symlink_to(source)
    return folder / "bin" / "python"


def execution_credentials(config: dict[str, Any]) -> dict[str, str]:
    """Return the credentials that a function runs with; the secret key of MiniStack's own could be guessed.

    Parameters
    ----------
    config : dict
        The function's configuration.

    Returns
    -------
    dict of str to str
        Environment variables.
    """
    session = session_of_role(config["Role"], config["FunctionArn"], config["FunctionName"])
    return {name.upper(): value for name, value in session.items()}


def named_errors(execute: Callable[..., dict[str, Any]]) -> Callable[..., dict[str, Any]]:
    """Give a failed function's error the name of its exception, as AWS does.

    MiniStack calls every one `Runtime.HandlerError`, so no Retry or Catch of a state machine would match it.

    Parameters
    ----------
    execute : callable
        MiniStack's own runner of a function.

    Returns
    -------
    callable
        The same, with `errorType` set from the traceback.
    """

    def run(*arguments: Any, **named: Any) -> dict[str, Any]:
        result = execute(*arguments, **named)
        body = result.get("body")
        if result.get("error") and isinstance(body, dict) and body.get("errorType") == "Runtime.HandlerError":
            _, found, traceback = str(result.get("log", "")).rpartition("Traceback (most recent call last):")
            names = _LAST_TRACEBACK_LINE.findall(traceback) if found else []
            if names:
                body["errorType"] = names[0]
        return result

    return run
