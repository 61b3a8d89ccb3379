"""Keeps the checkpoints of a training job in S3 while it runs, and brings them back when it starts again."""

import logging
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from localcloud.sagemaker.training_request import Channel, Place
from localcloud.sagemaker.training_storage import download, files_in, objects_of

logger = logging.getLogger("localcloud.training")


class Checkpoints:
    """The checkpoints of one job.

    Parameters
    ----------
    s3 : boto3 client
        Acting as the job's role.
    place : Place
        Their prefix in S3.
    folders : list of Path
        Their folder on each host.
    """

    def __init__(self, s3: Any, place: Place, folders: list[Path]) -> None:
        self._s3 = s3
        self._place = place
        self._folders = folders
        self._kept: dict[Path, tuple[int, int]] = {}

    def restore(self) -> None:
        """Bring every checkpoint to every host.

        Raises
        ------
        botocore.exceptions.ClientError
            If the role may not list them.
        localcloud.sagemaker.training_storage.TransferError
            If the role may not read them.
        """
        folder = Place(self._place.uri, self._place.bucket, f"{self._place.key.rstrip('/')}/")
        if objects_of(self._s3, folder):
            download(self._s3, Channel("checkpoints", folder, sharded=False, content_type=""), self._folders)
        self._kept = {file: stamp for file, stamp in self._stamps() if stamp}

    def keep(self) -> None:
        """Put into S3 what is new or has changed, the oldest first: an index follows the files that it names."""
        changed = [(stamp, file) for file, stamp in self._stamps() if stamp and self._kept.get(file) != stamp]
        for stamp, file in sorted(changed):
            try:
                self._s3.upload_file(str(file), self._place.bucket, self._key(file))
                self._kept[file] = stamp
            except FileNotFoundError:
                # A draft that got its name meanwhile.
                continue
            except (ClientError, BotoCoreError, Boto3Error) as error:
                # As in SageMaker, the training goes on; the next round tries again.
                logger.warning("A checkpoint can't be kept at %s: %s", self._place.uri, error)
                return

    def _key(self, file: Path) -> str:
        folder = next(folder for folder in self._folders if folder in file.parents)
        return f"{self._place.key.rstrip('/')}/{file.relative_to(folder).as_posix()}".lstrip("/")

    def _stamps(self) -> list[tuple[Path, tuple[int, int] | None]]:
        """Every file with the moment of its last change and its size; None where it is gone already."""
        return [(file, _stamp(file)) for folder in self._folders for file in files_in(folder)]


def _stamp(file: Path) -> tuple[int, int] | None:
    try:
        status = file.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_size
