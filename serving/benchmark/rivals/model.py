"""The model as the others serve it: the LiteRT file, or the SavedModel that most services begin with.

`Model` is the one that the environment asks for. Each worker makes one of its own.
"""

from __future__ import annotations

import os

if os.environ["BENCHMARK_MODEL"] == "litert":
    from serving.benchmark.rivals.litert import LiteRT as Model
else:
    from serving.benchmark.rivals.saved_model import SavedModel as Model

WORKERS = int(os.environ["BENCHMARK_WORKERS"])

__all__ = ["WORKERS", "Model"]
