"""Datasets that the tests make."""

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image


def pack_tar(path: Path, files: Mapping[str, bytes], mode: str = "w:gz") -> Path:
    """Write a tar archive; a name that ends with a slash becomes a folder."""
    with tarfile.open(path, mode) as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def pack_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """Write a zip archive; a name that ends with a slash becomes a folder."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def unpack(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder; a name that ends with a slash becomes a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)
    return folder


def noise(seed: int, kind: str = "PNG", mode: str = "RGB", size: tuple[int, int] = (40, 30)) -> bytes:
    """Make a picture of noise: no other seed gives one like it."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def classes_of(**counts: int) -> dict[str, bytes]:
    """Make files of so many pictures of each class."""
    names = [f"{label}/{number}.png" for label, count in counts.items() for number in range(count)]
    return {name: noise(seed) for seed, name in enumerate(names)}
