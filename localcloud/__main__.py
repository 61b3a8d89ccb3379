"""`python -m localcloud`: run the local cloud in the foreground until it is told to stop."""

import argparse
import os
import socket
import time
from pathlib import Path

from localcloud.environment import StateFolder, StateFolderInUseError, prepare
from localcloud.machine import take_port
from localcloud.process import DEFAULT_PORT, DEFAULT_STATE_DIR
from localcloud.running import Running, write


def main() -> None:
    """Read the arguments, prepare the environment, serve."""
    parser = argparse.ArgumentParser(prog="python -m localcloud", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--state-dir", type=Path, default=DEFAULT_STATE_DIR)
    parser.add_argument("--socket", type=int, help="in place of a port: a listening socket that was handed over")
    arguments = parser.parse_args()
    state = StateFolder(arguments.state_dir.resolve())
    try:
        listening = take_port(arguments.port) if arguments.socket is None else socket.socket(fileno=arguments.socket)
        killed = state.open()
    except (OSError, StateFolderInUseError) as error:
        parser.error(str(error))
    port = listening.getsockname()[1]
    write(state.root, Running(os.getpid(), port, time.time()))
    prepare(state, port)
    # MiniStack reads its environment while it is imported, so not a line earlier.
    from localcloud.gateway import run

    run(state, listening, after_kill=killed)


if __name__ == "__main__":
    main()
