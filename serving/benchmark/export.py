"""Writes the SavedModel that the others serve: ``python -m serving.benchmark.export KERAS_FILE FOLDER``."""

from __future__ import annotations

import sys
from typing import Any

import keras  # pyright: ignore[reportMissingImports] - the training extra
import tensorflow as tf


def main(file: str, folder: str) -> None:
    """Export the graph that only infers, as the LiteRT file was made from it."""
    model: Any = keras.models.load_model(file, compile=False)
    archive: Any = keras.export.ExportArchive()  # its methods depend on the backend
    archive.track(model)
    signature = [tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)]
    archive.add_endpoint("serve", lambda pixels: model(pixels, training=False), signature)
    archive.write_out(folder, verbose=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
