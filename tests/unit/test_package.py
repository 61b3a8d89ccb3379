"""A package opens only if it is whole, says what it is, and is what it says."""

import gzip
import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path

import pytest

from signpost.errors import PackageError
from signpost.model.package import open_package, pack, parse_manifest


@pytest.fixture
def folder(vehicle_package: Path, tmp_path: Path) -> Path:
    """A copy of a package that a test may break."""
    copy = tmp_path / "package"
    copy.mkdir()
    for name in ("manifest.json", "model.tflite"):
        shutil.copyfile(vehicle_package / name, copy / name)
    return copy


@pytest.fixture
def manifest(folder: Path) -> dict:
    return json.loads((folder / "manifest.json").read_text())


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """Write a tar.gz of whatever members; a hostile sender needs no `pack`."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for info, content in members:
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    path.write_bytes(gzip.compress(buffer.getvalue()))
    return path


def test_folder_and_archive_hold_the_same(folder, tmp_path):
    pack(folder, tmp_path / "out" / "model.tar.gz")
    assert open_package(tmp_path / "out" / "model.tar.gz") == open_package(folder)


def test_the_same_files_give_the_same_archive(folder, tmp_path):
    pack(folder, tmp_path / "one.tar.gz")
    # GIVEN the same files, written later and in another order
    other = tmp_path / "other"
    other.mkdir()
    for name in ("model.tflite", "manifest.json"):
        (other / name).write_bytes((folder / name).read_bytes())
        (other / name).chmod(0o600)
    pack(other, tmp_path / "two.tar.gz")
    assert (tmp_path / "one.tar.gz").read_bytes() == (tmp_path / "two.tar.gz").read_bytes()


def test_an_archive_made_by_tar_opens_too(folder, tmp_path):
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as tar:
        tar.add(folder, arcname=".")
    assert open_package(tmp_path / "model.tar.gz") == open_package(folder)


@pytest.mark.parametrize("name", ["manifest.json", "model.tflite"])
def test_a_missing_part_is_named(folder, tmp_path, name):
    (folder / name).unlink()
    with pytest.raises(PackageError, match=name):
        open_package(folder)
    with pytest.raises(PackageError, match=name):
        pack(folder, tmp_path / "model.tar.gz")


def test_nothing_there(tmp_path):
    with pytest.raises(PackageError, match=r"expected a folder or a model\.tar\.gz"):
        open_package(tmp_path / "nowhere")


def test_another_model_than_the_manifest_names(folder):
    with (folder / "model.tflite").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(PackageError, match="not the file that the manifest names"):
        open_package(folder)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"labels": ["bicycle", "bicycle"]}, "labels repeat"),
        ({"thresholds": {"bicycle": 0.5}}, "thresholds name"),
        ({"thresholds": {"bicycle": 0.5, "motorcycle": 1.5}}, "thresholds.motorcycle"),
        ({"temperature": 0}, "temperature"),
        ({"input": {"width": 0, "height": 32}}, "input.width"),
        ({"format": 2}, "format"),
        ({"surprise": 1}, "surprise"),
    ],
)
def test_a_wrong_manifest_says_which_key(manifest, change, says):
    with pytest.raises(PackageError, match=rf"here: the manifest is wrong: .*{says}"):
        parse_manifest(json.dumps(manifest | change), source="here")


def test_a_manifest_that_is_no_json():
    with pytest.raises(PackageError, match="not valid JSON"):
        parse_manifest(b"\xff\xfe", source="here")


def test_members_that_point_elsewhere_are_not_followed(folder, tmp_path):
    good = (folder / "manifest.json").read_bytes()
    outside = tarfile.TarInfo("../manifest.json")
    absolute = tarfile.TarInfo(str(folder / "manifest.json"))
    link = tarfile.TarInfo("manifest.json")
    link.type, link.linkname = tarfile.SYMTYPE, str(folder / "manifest.json")
    hard = tarfile.TarInfo("model.tflite")
    hard.type, hard.linkname = tarfile.LNKTYPE, str(folder / "model.tflite")
    hostile = archive(tmp_path / "hostile.tar.gz", (outside, good), (absolute, good), (link, b""), (hard, b""))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(PackageError, match=r"has no manifest\.json"):
        open_package(hostile)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_that_unpacks_to_too_much(tmp_path):
    hostile = archive(tmp_path / "model.tar.gz", *((tarfile.TarInfo(f"{n}"), b"") for n in range(100)))
    with pytest.raises(PackageError, match=r"no usable \.tar\.gz: it has more than 64 members"):
        open_package(hostile)


def test_damaged_archives(folder, tmp_path):
    pack(folder, tmp_path / "good.tar.gz")
    good = (tmp_path / "good.tar.gz").read_bytes()
    broken = tmp_path / "broken.tar.gz"
    step = max(1, len(good) // 60)
    for damaged in [b"", b"no archive", good[: len(good) // 2], *(_flip(good, at) for at in range(0, len(good), step))]:
        broken.write_bytes(damaged)
        try:
            opened = open_package(broken)
        except PackageError:
            continue
        # Some bytes of a tar mean nothing; what opens in spite of damage is what was packed.
        assert hashlib.sha256(opened.model).hexdigest() == opened.manifest.files["model.tflite"]


def _flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0xFF]) + data[at + 1 :]
