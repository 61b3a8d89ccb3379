"""Finds the archives of a classifier in S3 and writes down exactly which they are."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from signpost.errors import DatasetError

_MISSING = {"404", "NoSuchKey", "NotFound"}


def find(s3: Any, bucket: str, prefix: str, names: Sequence[str]) -> dict[str, Any]:
    """Find archives.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    bucket, prefix : str
        Where they lie.
    names : sequence of str
        Which ones.

    Returns
    -------
    dict
        ``archives`` (name, version, ETag and size of each), ``bytes`` in all, and ``fingerprint``, which is another
        one whenever an archive is.

    Raises
    ------
    DatasetError
        Naming every archive that is missing or empty, and how to upload it.
    """
    found = {name: _look_at(s3, bucket, f"{prefix}{name}") for name in names}
    faults = [f"{name} is missing" for name, archive in found.items() if archive is None]
    faults += [f"{name} is empty" for name, archive in found.items() if archive and not archive["bytes"]]
    if faults:
        place = f"s3://{bucket}/{prefix}"
        raise DatasetError(f"{place}: {', '.join(faults)}. Upload it: aws s3 cp FILE {place}")
    archives = [{"name": name, **archive} for name, archive in found.items() if archive]
    identities = "\n".join(f"{a['name']} {a['version_id']} {a['etag']} {a['bytes']}" for a in archives)
    return {
        "archives": archives,
        "bytes": sum(archive["bytes"] for archive in archives),
        "fingerprint": hashlib.sha256(identities.encode()).hexdigest(),
    }


def _look_at(s3: Any, bucket: str, key: str) -> dict[str, Any] | None:
    try:
        head = s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            return None
        raise
    return {"version_id": head.get("VersionId"), "etag": head["ETag"].strip('"'), "bytes": head["ContentLength"]}
