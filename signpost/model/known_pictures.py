"""Known pictures: what they show is beyond doubt, so a model that says something else does harm.

They lie beside a classifier's model in ``known/<label>/*.png``, in the size of the network's input.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = "known"
# How many of them got a wrong answer, by endpoint.
METRIC, DIMENSION = "KnownPicturesWrong", "EndpointName"


@dataclass(frozen=True)
class KnownPicture:
    """A prepared picture and its label."""

    name: str
    label: str
    png: bytes


def known_files(model: Path) -> list[Path]:
    """Find the known pictures of a model.

    Parameters
    ----------
    model : Path
        Folder of the model package.

    Returns
    -------
    list of Path
        Sorted; none if there are none.
    """
    return sorted((model / FOLDER).glob("*/*.png"))


def read_known_pictures(model: Path) -> list[KnownPicture]:
    """Read the known pictures of a model.

    Parameters
    ----------
    model : Path
        Folder with the folder ``known``.

    Returns
    -------
    list of KnownPicture
    """
    return [
        KnownPicture(f"{file.parent.name}/{file.name}", file.parent.name, file.read_bytes())
        for file in known_files(model)
    ]
