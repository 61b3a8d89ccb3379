"""The root user's secret key: random, one per state folder, and asked for.

MiniStack takes everyone who names its well-known key ID for the root user and checks no signature of it. A web page, or
another user of this machine, could so do everything: here the root user signs like all others.
"""

import secrets
from pathlib import Path
from typing import Any

_FILE = "root-secret"


def read_secret(state_dir: Path) -> str:
    """Return the secret key of the root user.

    Parameters
    ----------
    state_dir : Path
        The state folder of a local cloud that was started.

    Returns
    -------
    str
        40 characters, as long as AWS's.
    """
    return (state_dir / _FILE).read_text()


def make_secret(state_dir: Path) -> None:
    """Make the secret key, unless the folder has one; only this user may read it.

    Parameters
    ----------
    state_dir : Path
        The state folder.
    """
    file = state_dir / _FILE
    if not file.exists():
        draft = file.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(20))
        draft.replace(file)


def install() -> None:
    """Let MiniStack check the root user's signature as it checks everyone's, and refuse who signs nothing."""
    from ministack.core import iam_evaluator

    from localcloud.credentials import ACCESS_KEY_ID, ACCOUNT_ID

    enforce, resolve = iam_evaluator.enforce, iam_evaluator.resolve_caller_identity

    def enforce_signed(access_key_id: str, iam_action: str, *arguments: Any, **named: Any) -> Any:
        # About an existing bucket S3 decides itself; these two it answers to everyone.
        if iam_evaluator._anonymous.get() and iam_action in ("s3:ListAllMyBuckets", "s3:CreateBucket"):
            return iam_evaluator.AuthError("AccessDenied", "Access Denied")
        return enforce(access_key_id, iam_action, *arguments, **named)

    def resolve_caller_identity(access_key_id: str) -> dict[str, Any] | None:
        if access_key_id != ACCESS_KEY_ID:
            return resolve(access_key_id)
        # As API Gateway describes the root user of an account to a function.
        arn = f"arn:aws:iam::{ACCOUNT_ID}:root"
        return {"accessKey": access_key_id, "accountId": ACCOUNT_ID, "userId": ACCOUNT_ID, "userArn": arn}

    iam_evaluator.resolve_caller_identity = resolve_caller_identity
    iam_evaluator._is_root_key = lambda access_key_id: False  # noqa: ARG005
    iam_evaluator.enforce = enforce_signed
