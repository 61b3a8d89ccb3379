"""The processes that only serve: parameter servers, and the workers that a coordinator gives work to."""

from __future__ import annotations

import os
import signal
import threading

import tensorflow as tf

from training.distribution.cluster import Cluster


def serve(cluster: Cluster) -> None:
    """Serve until SIGTERM.

    Parameters
    ----------
    cluster : Cluster
    """
    task = cluster.task
    _server = tf.distribute.Server(
        tf.train.ClusterSpec({role: list(there) for role, there in cluster.cluster.items()}),
        job_name=task.type,
        task_index=task.index,
        protocol="grpc",
    )
    await_end()


def await_end() -> None:
    """Wait for SIGTERM, which whoever started this process sends when the chief has ended.

    Ctrl-C is left to it too: the chief still needs its servers to save.
    """
    end = threading.Event()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda _number, _frame: end.set())
    end.wait()


if __name__ == "__main__":
    serve(Cluster.from_environment(os.environ))
