"""`python -m localcloud`: run the local cloud in the foreground until it is told to stop."""

import argparse
import os
from pathlib import Path

from localcloud.environment import StateFolder, StateFolderInUseError, prepare
from localcloud.process import DEFAULT_PORT, DEFAULT_STATE_DIR


def main() -> None:
    """Read the arguments, prepare the environment, serve."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    parser.add_argument("--port", type=int, default=int(os.environ.get("SIGNPOST_LOCALCLOUD_PORT", DEFAULT_PORT)))
    parser.add_argument(
        "--state-dir", type=Path, default=Path(os.environ.get("SIGNPOST_STATE_DIR", str(DEFAULT_STATE_DIR)))
    )
    arguments = parser.parse_args()
    state = StateFolder(arguments.state_dir.resolve())
    try:
        dropped = state.open()
    except StateFolderInUseError as error:
        parser.error(str(error))
    prepare(state, arguments.port)
    # MiniStack reads its environment while it is imported, so not a line earlier.
    from localcloud.gateway import run

    run(state, arguments.port, state_dropped=dropped)


if __name__ == "__main__":
    main()
