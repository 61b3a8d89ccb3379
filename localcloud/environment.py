"""The state folder, and what MiniStack reads from its environment, set before `ministack` is imported."""

import fcntl
import os
import shutil
from pathlib import Path

from localcloud.credentials import ACCESS_KEY_ID, ACCOUNT_ID, HOST, REGION
from localcloud.pace import DEFAULT, VARIABLE
from localcloud.root_user import make_secret, read_secret
from signpost.errors import DeploymentError

# All that Lambda functions and model servers inherit of the user's environment: neither secrets, which are none of
# their business, nor settings that would make them behave differently from one machine to the next.
# Functions that run at a time in the whole account, such as the 10 of a new one; more are refused as AWS refuses them.
CONCURRENCY = "SIGNPOST_LOCAL_LAMBDA_CONCURRENCY"
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")


class StateFolderInUseError(DeploymentError):
    """Another local cloud runs with the folder."""


class StateFolder:
    """Where one local cloud keeps everything that it writes.

    Parameters
    ----------
    root : Path
        The folder, by default `.signpost/` in the checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @property
    def services(self) -> Path:
        """State of the services, but for what is in S3."""
        return self.root / "services"

    @property
    def database(self) -> Path:
        """The file that holds it."""
        return self.services / "state.db"

    @property
    def objects(self) -> Path:
        """What is in S3."""
        return self.root / "s3"

    @property
    def endpoints(self) -> Path:
        """Model packages and logs of the SageMaker endpoints."""
        return self.root / "endpoints"

    @property
    def training(self) -> Path:
        """What the SageMaker training jobs that run work with."""
        return self.root / "training"

    @property
    def lambda_python(self) -> Path:
        """The Python environment that Lambda functions run in."""
        return self.root / "lambda-python"

    @property
    def temporary(self) -> Path:
        """Unpacked Lambda code and other files of the running process."""
        return self.root / "tmp"

    @property
    def running_marker(self) -> Path:
        """A file that is there while the cloud runs, and after it was killed."""
        return self.root / "running"

    def open(self) -> bool:
        """Take the folder for this process and make it ready for a start.

        Returns
        -------
        bool
            Whether the last run was killed.

        Raises
        ------
        StateFolderInUseError
            If another local cloud runs with it.
        """
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        killed = self.running_marker.exists()
        # Held until the process ends, however it ends.
        self._lock = self.running_marker.open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateFolderInUseError(f"Another local cloud runs with {self.root}.") from error
        # Release 0.1 saved its state only when it stopped: after a kill, what is in S3 does not match it.
        self.state_lost = killed and not self.database.exists()
        stale = (self.services, self.objects) if self.state_lost else ()
        for folder in (*stale, self.temporary, self.endpoints, self.training):
            shutil.rmtree(folder, ignore_errors=True)
        for folder in (self.services, self.objects, self.temporary, self.endpoints, self.training):
            folder.mkdir(exist_ok=True)
        make_secret(self.root)
        return killed

    def close(self) -> None:
        """Note that the cloud stopped in order."""
        self.running_marker.unlink(missing_ok=True)


def prepare(state: StateFolder, port: int) -> None:
    """Set the environment of this process for MiniStack.

    Parameters
    ----------
    state : StateFolder
        Where state, objects and temporary files go.
    port : int
        The port to listen on, on 127.0.0.1.
    """
    given = dict(os.environ)
    os.environ.clear()
    os.environ.update({name: given[name] for name in _INHERITED if name in given})
    os.environ.update(
        {
            "AUTH": "true",
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": "localhost",
            "MINISTACK_ACCOUNT_ID": ACCOUNT_ID,
            "MINISTACK_REGION": REGION,
            "MOTO_ACCOUNT_ID": ACCOUNT_ID,
            # The credentials that count as the account's root user.
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": read_secret(state.root),
            # HOME is inherited, the AWS profile in it is not.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "PERSIST_STATE": "1",
            "STATE_DIR": str(state.services),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(state.objects),
            "TMPDIR": str(state.temporary),
            # Listeners of services that Signpost does not use.
            "SFTP_ENABLED": "0",
            "IOT_MTLS_ENABLED": "0",
            VARIABLE: given.get(VARIABLE, DEFAULT),
            **({"LAMBDA_ACCOUNT_CONCURRENCY": given[CONCURRENCY]} if CONCURRENCY in given else {}),
            "LOG_LEVEL": given.get("LOG_LEVEL", "INFO"),
        }
    )
