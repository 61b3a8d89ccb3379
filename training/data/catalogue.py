"""Datasets that have an official archive, and where they are on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from signpost.errors import DatasetError
from training.data.download import cache_folder, checksum_of, download, part_of


@dataclass(frozen=True)
class Known:
    """A dataset with an official archive.

    Attributes
    ----------
    name : str
        What commands call it.
    kind : str
        What it shows, and how much of it.
    file, url : str
        The archive.
    checksum : str
        ``md5:`` or ``sha256:`` and hex digits.
    size : int
        Bytes of the archive.
    citation, terms : str
        What its authors ask for.
    """

    name: str
    kind: str
    file: str
    url: str
    checksum: str
    size: int
    citation: str
    terms: str


_KRIZHEVSKY = "Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images"
_NO_LICENCE = "no licence is stated; the authors ask for the citation"
# CIFAR: checksums as the page of the datasets states them. The others: sizes and checksums as the TensorFlow Datasets
# project records them (url_checksums/stanford_dogs.txt and food101.txt).
CATALOGUE = (
    Known(
        "cifar-10",
        "10 classes, 60,000 pictures of 32 × 32",
        "cifar-10-python.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        "md5:c58f30108f718f92721af3b95e74349a",
        170_498_071,
        _KRIZHEVSKY,
        _NO_LICENCE,
    ),
    Known(
        "cifar-100",
        "100 classes, 60,000 pictures of 32 × 32",
        "cifar-100-python.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
        "md5:eb9058c3a382ffc7106e4002c42a8d85",
        169_001_437,
        _KRIZHEVSKY,
        _NO_LICENCE,
    ),
    Known(
        "stanford-dogs",
        "120 dog breeds, 20,580 photographs, a folder a breed",
        "stanford-dogs.tar",
        "http://vision.stanford.edu/aditya86/ImageNetDogs/images.tar",
        "sha256:a443fc2f9a851aa1a7b8e4fa4af94b8459fce2c9f5a2f4dd4669cf9673a4ec58",
        793_579_520,
        "Khosla et al. 2011, Novel Dataset for Fine-Grained Image Categorization",
        "from ImageNet: research and education that is not commercial",
    ),
    Known(
        "food-101",
        "101 dishes, 101,000 photographs, a folder a dish",
        "food-101.tar.gz",
        "http://data.vision.ee.ethz.ch/cvl/food-101.tar.gz",
        "sha256:d97d15e438b7f4498f96086a4f7e2fa42a32f2712e87d3295441b2b6314053a4",
        4_996_278_331,
        "Bossard et al. 2014, Food-101: Mining Discriminative Components with Random Forests",
        "the photographs belong to their makers; fair scientific use only",
    ),
)
OTHERS = (
    "Any other pictures work too, such as sports or faces: a folder, .zip, .tar or .tar.gz with one folder per class "
    "(JPEG, PNG, WebP, PGM, PPM, BMP), or with train, val and test folders that hold those."
)


def find(name: str) -> Known:
    """Find a dataset by its name or by the file name of its archive.

    Raises
    ------
    DatasetError
        If the catalogue has none.
    """
    for known in CATALOGUE:
        if name in (known.name, known.file):
            return known
    raise DatasetError(
        f"{name} is no dataset with a known address; there are {', '.join(known.name for known in CATALOGUE)}. {OTHERS}"
    )


def cached(known: Known, folder: Path | None = None) -> Path | None:
    """Give the archive that is here already, or None where there is none or it is damaged.

    Parameters
    ----------
    known : Known
    folder : Path or None
        Where to look; by default the cache.
    """
    archive = (folder or cache_folder()) / known.file
    whole = archive.is_file() and archive.stat().st_size == known.size
    return archive if whole and is_official(archive) else None


def begun(known: Known) -> int:
    """Count the bytes of a download to the cache that broke off."""
    part = part_of(cache_folder() / known.file)
    return part.stat().st_size if part.is_file() else 0


def fetch(name: str, console: Console, folder: Path | None = None) -> Path:
    """Give a dataset's official archive: the one that is here already, or downloaded.

    Parameters
    ----------
    name : str
        Of the dataset, or the file name of its archive.
    console : rich.console.Console
        Shows the progress.
    folder : Path or None
        Where it goes; by default the cache.

    Returns
    -------
    Path

    Raises
    ------
    DatasetError
        If the catalogue has no such dataset, or it can't be downloaded.
    """
    known = find(name)
    target = (folder or cache_folder()) / known.file
    return cached(known, folder) or download(known.url, known.checksum, known.size, target, console)


def is_official(archive: Path) -> bool:
    """Tell by its checksum whether a file is the official archive of its name."""
    return any(
        checksum_of(archive, known.checksum.partition(":")[0]) == known.checksum
        for known in CATALOGUE
        if archive.name == known.file
    )
