"""What a training job left in S3: ``model.tar.gz`` and ``output.tar.gz``, read as a stream and as hostile."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from signpost.errors import ArchiveError, DatasetError, PackageError
from signpost.model.archives import Readable, TarBounds, read_tar
from signpost.model.evaluation import EVALUATION, MAX_BYTES, EvaluationSet
from signpost.model.package import Package, read_package

# Beside the test pictures a job may leave logs, figures and a report.
_OUTPUT = TarBounds(total_bytes=4 * MAX_BYTES, member_bytes=MAX_BYTES, members=10_000)
_MISSING = {"NoSuchKey", "404"}


def read_model(s3: Any, uri: str) -> Package:
    """Open the package in a ``model.tar.gz``.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    uri : str
        ``s3://bucket/key``.

    Returns
    -------
    Package

    Raises
    ------
    PackageError
        If it is missing or no package.
    """
    try:
        with _stream(s3, uri) as stream:
            return read_package(stream, uri)
    except FileNotFoundError as error:
        raise PackageError(f"there is no {uri}") from error


def read_evaluation(s3: Any, uri: str) -> EvaluationSet:
    """Find the test pictures in an ``output.tar.gz``.

    Parameters
    ----------
    s3 : botocore.client.S3
        The client.
    uri : str
        ``s3://bucket/key``.

    Returns
    -------
    EvaluationSet

    Raises
    ------
    DatasetError
        If there are none, or they can't be used.
    """
    try:
        with _stream(s3, uri) as stream:
            for _, content in read_tar(stream, _OUTPUT, wanted=(EVALUATION, f"data/{EVALUATION}").__contains__):
                return EvaluationSet.read(content)
    except FileNotFoundError as error:
        raise DatasetError(f"there is no {uri}: the training job left no output") from error
    except (ArchiveError, OSError, EOFError, zlib.error) as error:
        raise DatasetError(f"{uri} is no usable .tar.gz: {error}") from error
    raise DatasetError(f"{uri} has no {EVALUATION}: the training job left no test pictures")


@contextmanager
def _stream(s3: Any, uri: str) -> Iterator[Readable]:
    """Unpack an object while it comes."""
    place = urlsplit(uri)
    try:
        body = s3.get_object(Bucket=place.netloc, Key=place.path.lstrip("/"))["Body"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _MISSING:
            raise FileNotFoundError(uri) from error
        raise
    with body, gzip.GzipFile(fileobj=body) as stream:
        yield stream
