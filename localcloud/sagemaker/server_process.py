"""A model server that is kept running: asked for its health, started again when it ends."""

import collections
import logging
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path

import urllib3

from localcloud.credentials import HOST
from localcloud.sagemaker.launch import INVOCATION_SECONDS, Connection, end, launch, listening_port, pings

logger = logging.getLogger("localcloud.endpoint")

POLL_SECONDS = 0.05
HEALTH_INTERVAL_SECONDS = 5.0
FAILED_PINGS_UNTIL_RESTART = 3
# A server that ends this often before its first healthy answer will not become healthy.
FAILED_STARTS_UNTIL_GIVEN_UP = 2
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
LOG_LINES_IN_REASON = 5


class ServerUnavailableError(Exception):
    """The server cannot be reached, or did not answer in time."""

    def __init__(self, message: str, status: int = 500) -> None:
        super().__init__(message)
        self.status = status


class ServerProcess:
    """A model server that is restarted when it dies or no longer answers.

    Parameters
    ----------
    name : str
        For the log: endpoint and variant.
    model_dir : Path
        The unpacked model package.
    environment : mapping of str to str
        The container's environment, from the model.
    log : Path
        The file that its output is added to. Beside it, with the suffix `.pid`, is the id of the present process.
    """

    def __init__(self, name: str, model_dir: Path, environment: Mapping[str, str], log: Path) -> None:
        self.name = name
        self.log = log
        self._model_dir = model_dir
        self._environment = dict(environment)
        self._stopping = threading.Event()
        self._settled = threading.Event()
        self._connection: Connection | None = None
        self._failed_starts = 0
        self._thread = threading.Thread(target=self._supervise, name=f"supervise-{name}", daemon=True)

    @property
    def ready(self) -> bool:
        """Whether the server answers its ping."""
        return self._connection is not None

    def start(self) -> None:
        """Start the process and its supervision."""
        self._thread.start()

    def wait_until_ready(self, timeout: float) -> bool:
        """Wait until the server answers, or will not.

        Parameters
        ----------
        timeout : float
            Seconds to wait at most.

        Returns
        -------
        bool
            Whether it answers.
        """
        self._settled.wait(timeout)
        return self.ready

    def post(self, body: bytes, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        """Send an invocation.

        Parameters
        ----------
        body : bytes
            The request's body.
        headers : mapping of str to str
            Its headers.

        Returns
        -------
        urllib3.BaseHTTPResponse
            The server's answer, whatever its status.

        Raises
        ------
        ServerUnavailableError
            If the server is down or does not answer in time.
        """
        try:
            try:
                return self._post_once(body, headers)
            except urllib3.exceptions.ProtocolError:
                # Mostly a kept connection that the server had closed meanwhile: a second one tells.
                return self._post_once(body, headers)
        except urllib3.exceptions.ReadTimeoutError as error:
            message = "Your invocation timed out while waiting for a response from container primary."
            raise ServerUnavailableError(message, status=0) from error
        except urllib3.exceptions.HTTPError as error:
            raise ServerUnavailableError("The model server cannot be reached.") from error

    def _post_once(self, body: bytes, headers: Mapping[str, str]) -> urllib3.BaseHTTPResponse:
        connection = self._connection
        if connection is None:
            raise ServerUnavailableError("The model server is not running; it is started again.")
        return connection.request("POST", "/invocations", body=body, headers=dict(headers), retries=False)

    def last_log_lines(self) -> str:
        """Return the end of the log, for a failure's reason.

        Returns
        -------
        str
            At most the last five lines that are not empty, joined.
        """
        with self.log.open(errors="replace") as lines:
            last = collections.deque((line.strip() for line in lines if line.strip()), maxlen=LOG_LINES_IN_REASON)
        return " | ".join(last)

    def stop(self) -> None:
        """End the process and wait for it; who waits for its health learns that there is none."""
        self._stopping.set()
        self._settled.set()
        if self._thread.is_alive():
            self._thread.join()

    def _supervise(self) -> None:
        while not self._stopping.is_set():
            was_ready = self._run_once()
            if self._stopping.is_set():
                break
            self._failed_starts = 0 if was_ready else self._failed_starts + 1
            if self._failed_starts >= FAILED_STARTS_UNTIL_GIVEN_UP:
                self._settled.set()
            backoff = min(FIRST_BACKOFF_SECONDS * 2 ** min(self._failed_starts, 10), LONGEST_BACKOFF_SECONDS)
            logger.warning("The model server of %s ended; it is started again in %.1f s", self.name, backoff)
            self._stopping.wait(backoff)

    def _run_once(self) -> bool:
        """Run the server until it ends, hangs or has to stop; return whether it was ever healthy."""
        log_start = self.log.stat().st_size if self.log.exists() else 0
        process = launch(self._model_dir, self._environment, self.log)
        self.log.with_suffix(".pid").write_text(str(process.pid))
        try:
            self._connection = self._await_first_ping(process, log_start)
            if self._connection is None:
                return False
            self._settled.set()
            self._watch(process, self._connection)
            return True
        finally:
            connection, self._connection = self._connection, None
            self.log.with_suffix(".pid").unlink(missing_ok=True)
            end(process)
            if connection:
                connection.close()

    def _await_first_ping(self, process: subprocess.Popen[bytes], log_start: int) -> Connection | None:
        while process.poll() is None and not self._stopping.wait(POLL_SECONDS):
            if port := listening_port(self.log, log_start):
                connection = Connection(HOST, port, maxsize=32, timeout=urllib3.Timeout(INVOCATION_SECONDS))
                if pings(connection):
                    return connection
        return None

    def _watch(self, process: subprocess.Popen[bytes], connection: Connection) -> None:
        failed = 0
        waited = 0.0
        while process.poll() is None and failed < FAILED_PINGS_UNTIL_RESTART:
            if self._stopping.wait(POLL_SECONDS):
                return
            waited += POLL_SECONDS
            if waited >= HEALTH_INTERVAL_SECONDS:
                waited = 0.0
                failed = 0 if pings(connection) else failed + 1
