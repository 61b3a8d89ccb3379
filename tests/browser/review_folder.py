"""A folder of captured records of pictures that can be told apart: drawn vehicles."""

import datetime as dt
from pathlib import Path

from localcloud.sagemaker.capture import Payload
from tests.unit.captured_folder import add, answer
from training.data.drawn import draw_file

AT = dt.datetime(2026, 1, 2, 3, 0, tzinfo=dt.UTC)
HOURS = 30


def fill(folder: Path, number: int = 60) -> None:
    """Write records: the model is surer of each than of the one before, and wrong about the first."""
    for n in range(number):
        label = ("bicycle", "motorcycle")[n % 2]
        sure = 0.52 + 0.47 * n / number
        bicycle = sure if (label == "bicycle") == (n > 0) else 1 - sure
        at = AT + dt.timedelta(hours=n * HOURS / number)
        add(folder, f"decision-{n:03}", Payload("image/png", draw_file(label, 0, n)[1]), answer(bicycle), at=at)
