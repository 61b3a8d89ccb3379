"""The folders of a training container, one set for each host."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from localcloud.credentials import REGION
from localcloud.sagemaker.training_request import Channel, TrainingRequest

# The group that SageMaker puts the instances of a job in which names no groups.
_GROUP = "homogeneousCluster"


class HostFolders:
    """What a host finds under its ML root, `/opt/ml` in a container.

    Parameters
    ----------
    root : Path
        The ML root.
    checkpoint_folder : str
        Folder of the checkpoints below it.
    """

    def __init__(self, root: Path, checkpoint_folder: str) -> None:
        self.root = root
        self.model = root / "model"
        self.output = root / "output" / "data"
        self.failure = root / "output" / "failure"
        self.checkpoints = root / checkpoint_folder
        self._input = root / "input"

    def channel(self, name: str) -> Path:
        """Return the folder of a channel.

        Parameters
        ----------
        name : str
            The channel's name.

        Returns
        -------
        Path
            The folder.
        """
        return self._input / "data" / name

    def make(self, request: TrainingRequest, host: str) -> None:
        """Make the folders and write what the container is told.

        Parameters
        ----------
        request : TrainingRequest
            The job.
        host : str
            The host's name.
        """
        config = self._input / "config"
        channels = [self.channel(channel.name) for channel in request.channels]
        for folder in (self.model, self.output, self.checkpoints, config, *channels):
            folder.mkdir(parents=True, exist_ok=True)
        documents = {
            "hyperparameters": request.hyperparameters,
            "resourceconfig": _resources(request, host),
            "inputdataconfig": {channel.name: _channel_config(channel) for channel in request.channels},
        }
        for name, document in documents.items():
            (config / f"{name}.json").write_text(json.dumps(document))

    def environment(
        self, request: TrainingRequest, addresses: Mapping[str, str], inherited: tuple[str, ...]
    ) -> dict[str, str]:
        """Return the environment of the host's container.

        Parameters
        ----------
        request : TrainingRequest
            The job.
        addresses : mapping of str to str
            Address and first free port of every host.
        inherited : tuple of str
            Variables of this process that the container gets too.

        Returns
        -------
        dict of str to str
            The whole environment; neither credentials nor settings of this process are in it.
        """
        own = {
            "TRAINING_JOB_NAME": request.name,
            "TRAINING_JOB_ARN": request.arn,
            "AWS_REGION": REGION,
            "SIGNPOST_ML_ROOT": str(self.root),
            "SIGNPOST_HOSTS": json.dumps(addresses),
            # Or the log would come in one piece at the end.
            "PYTHONUNBUFFERED": "1",
        }
        return {name: os.environ[name] for name in inherited if name in os.environ} | request.environment | own


def _resources(request: TrainingRequest, host: str) -> dict[str, object]:
    group = {"instance_group_name": _GROUP, "instance_type": request.instance_type, "hosts": request.hosts}
    return {
        "current_host": host,
        "current_instance_type": request.instance_type,
        "current_group_name": _GROUP,
        "hosts": request.hosts,
        "instance_groups": [group],
        "network_interface_name": "lo",
    }


def _channel_config(channel: Channel) -> dict[str, str]:
    config = {
        "TrainingInputMode": "File",
        "S3DistributionType": "ShardedByS3Key" if channel.sharded else "FullyReplicated",
        "RecordWrapperType": "None",
    }
    return config | ({"ContentType": channel.content_type} if channel.content_type else {})
