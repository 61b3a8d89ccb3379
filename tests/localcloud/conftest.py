"""A local cloud for the whole session: `python -m localcloud` on a free port, IAM on, its own state folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from localcloud import deploy
from localcloud.credentials import without_aws
from localcloud.process import is_healthy
from signpost.settings.file import load_settings
from tests.localcloud.deployed_app import App, Examples
from tests.localcloud.elsewhere import elsewhere_settings
from tests.localcloud.running_cloud import Cloud, free_port, processes_of_group, wait_for

ROOT = Path(__file__).parents[2]
START_SECONDS = 90


@pytest.fixture(scope="session")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """The session's local cloud. When it is told to stop, no process of it may be left."""
    state_dir = tmp_path_factory.mktemp("localcloud")
    port = free_port()
    log = state_dir / "localcloud.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "localcloud", "--port", str(port), "--state-dir", str(state_dir)],
            cwd=ROOT,
            env=without_aws(os.environ),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for(lambda: process.poll() is not None or is_healthy(port), START_SECONDS)
        assert process.poll() is None, log.read_text()
        yield Cloud(port, state_dir, process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log.read_text()[-4000:]
        assert processes_of_group(process.pid) == []
    finally:
        if processes_of_group(process.pid):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="session")
def deploy_app(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], App]:
    """Deploy an app with `cdk deploy`, as users deploy it."""
    log = tmp_path_factory.mktemp("deploy") / "deploy.log"
    deploy.install_cdk(_ignore, log)
    deploy.bootstrap(cloud.port, cloud.state_dir, _ignore, log)

    def deploy_app(settings: Path) -> App:
        deploy.deploy(cloud.port, cloud.state_dir, _ignore, log, settings)
        return App(cloud, load_settings(settings))

    return deploy_app


@pytest.fixture(scope="session")
def app(deploy_app: Callable[[Path], App]) -> App:
    """The app of the repository's own signpost.toml, deployed once per session."""
    return deploy_app(ROOT / "signpost.toml")


@pytest.fixture(scope="session")
def elsewhere(deploy_app: Callable[[Path], App], tmp_path_factory: pytest.TempPathFactory) -> App:
    """A second app beside the first, with the hostings, the API's settings and the review page that the first lacks."""
    file = tmp_path_factory.mktemp("settings") / "signpost.toml"
    file.write_text(elsewhere_settings())
    return deploy_app(file)


@pytest.fixture(scope="session")
def examples() -> Examples:
    """Drawn pictures for every ending."""
    return Examples(load_settings(ROOT / "signpost.toml"))


def _ignore(_: str) -> None:
    """Show no progress: the log has it."""
