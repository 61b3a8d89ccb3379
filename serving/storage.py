"""Fetches a model package from Google Cloud Storage, as containers on Vertex AI have to do themselves.

Two calls of the JSON API with the machine's own token, so the image needs no Google library.
https://cloud.google.com/storage/docs/json_api/v1
"""

from __future__ import annotations

import json
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from signpost.errors import PackageError
from signpost.model.package import ARCHIVE, ARCHIVE_BOUNDS, MANIFEST, MODEL

_STORAGE = "https://storage.googleapis.com"
_TOKEN = "http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105
_SECONDS = 60


@contextmanager
def fetch_package(uri: str, folder: Path) -> Iterator[Path]:
    """Give the folder that holds the package, fetched first if it lies on Google Cloud Storage.

    Parameters
    ----------
    uri : str
        ``gs://bucket/prefix``, or empty. A bucket of an emulator (``STORAGE_EMULATOR_HOST``) is read without a token.
    folder : Path
        Where it lies if there is no URI.

    Yields
    ------
    Path
        The folder; a fetched one is deleted afterwards.

    Raises
    ------
    PackageError
        If it can't be fetched.
    """
    if not uri:
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="signpost-") as scratch:
        bucket, _, prefix = uri.removeprefix("gs://").partition("/")
        emulator = os.environ.get("STORAGE_EMULATOR_HOST", "")
        try:
            headers = {} if emulator else {"Authorization": f"Bearer {_token()}"}
            wanted = _wanted(f"{emulator or _STORAGE}/storage/v1/b/{quote(bucket)}/o", prefix.rstrip("/"), headers)
            for name, content in wanted:
                (Path(scratch) / name).write_bytes(content)
        except (OSError, KeyError, ValueError) as error:
            raise PackageError(f"can't fetch the model package from {uri}: {error}") from error
        yield Path(scratch)


def _token() -> str:
    return json.loads(_get(_TOKEN, {"Metadata-Flavor": "Google"}))["access_token"]


def _wanted(objects: str, prefix: str, headers: dict[str, str]) -> Iterator[tuple[str, bytes]]:
    for name in (MANIFEST, MODEL, ARCHIVE):
        try:
            yield name, _get(f"{objects}/{quote(f'{prefix}/{name}', safe='')}?alt=media", headers)
        except urllib.error.HTTPError as error:
            if error.code != 404:  # either the archive is there or the other two
                raise


def _get(url: str, headers: dict[str, str]) -> bytes:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - hosts of this file, or the emulator's
    with urllib.request.urlopen(request, timeout=_SECONDS) as response:  # noqa: S310
        content = response.read(ARCHIVE_BOUNDS.total_bytes + 1)
    if len(content) > ARCHIVE_BOUNDS.total_bytes:
        raise ValueError(f"{url} has over {ARCHIVE_BOUNDS.total_bytes:,} bytes")
    return content
