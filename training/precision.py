"""Chooses the numbers that a network is trained with."""

from __future__ import annotations

import keras  # pyright: ignore[reportMissingImports] - the training extra
import tensorflow as tf

from training.machine import has_amx

_AMPERE = (8, 0)  # the first GPUs with bfloat16


def use_fastest_precision() -> str:
    """Train in mixed bfloat16 where the machine computes it faster than float32: new GPUs, processors with AMX.

    bfloat16 has float32's range, so that no loss needs scaling. Weights, heads and what ships stay float32.

    Returns
    -------
    str
        Name of the Keras policy that is set.
    """
    policy = "mixed_bfloat16" if _gpus_have_it() or has_amx() else "float32"
    keras.config.set_dtype_policy(policy)
    return policy


def _gpus_have_it() -> bool:
    gpus = tf.config.list_physical_devices("GPU")
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return bool(gpus) and all(detail.get("compute_capability", (0, 0)) >= _AMPERE for detail in details)
