"""CIFAR archives and folders of labelled pictures, good and hostile."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from signpost.errors import DatasetError
from tests.unit.sample_datasets import pack_tar, pack_zip
from training.data import archives
from training.data.cifar import read_cifar, read_test_split
from training.data.folders import open_pictures

LABELS = ["bicycle", "motorcycle"]


def _picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def _cifar_files(**changes: object) -> dict[str, bytes]:
    """A CIFAR-100 of three classes; its pictures are red, green and blue."""
    rows = np.zeros((6, 3, 1024), np.uint8)
    labels = [0, 1, 2, 0, 1, 2]
    rows[range(6), labels] = 255
    part = {b"data": rows.reshape(6, 3072), b"fine_labels": labels, **{k.encode(): v for k, v in changes.items()}}
    meta = {b"fine_label_names": [b"apple", b"bicycle", b"motorcycle"]}
    contents = {"train": part, "test": part, "meta": meta}
    return {f"cifar-100-python/{name}": pickle.dumps(content, protocol=2) for name, content in contents.items()}


TREE = {
    "photos/bicycle/one.png": _picture(),
    "photos/bicycle/two.png": _picture("blue"),
    "photos/motorcycle/three.png": _picture("green"),
    "photos/bicycle/.DS_Store": b"junk",
    "__MACOSX/bicycle/one.png": b"junk",
}


@pytest.fixture(params=["folder", "tar.gz", "tgz", "tar", "zip"])
def tree(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "zip":
        return pack_zip(tmp_path / "photos.zip", TREE)
    if request.param != "folder":
        return pack_tar(tmp_path / f"photos.{request.param}", TREE, "w" if request.param == "tar" else "w:gz")
    for name, content in TREE.items():
        file = tmp_path / "tree" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return tmp_path / "tree"


def test_a_tree_is_read_from_a_folder_or_any_archive(tree: Path):
    opened = open_pictures(tree, LABELS)

    found = {(label, name): content for label, name, content in opened.pictures}

    assert opened.labels == ("bicycle", "motorcycle")
    assert found[("motorcycle", "photos/motorcycle/three.png")] == _picture("green")
    assert len(found) == 3
    assert sorted(str(entry) for entry in opened.skipped) == [
        "__MACOSX/bicycle/one.png: hidden",
        "photos/bicycle/.DS_Store: hidden",
    ]


def test_folders_that_are_no_labels_are_named_with_the_allowed_ones(tmp_path: Path):
    archive = pack_tar(tmp_path / "a.tar.gz", {"truck/a.png": b"", "car/b.png": b"", "bicycle/c.png": b""})

    with pytest.raises(DatasetError, match=r"car, truck; its labels are bicycle, motorcycle"):
        open_pictures(archive, LABELS)


@pytest.mark.parametrize(
    "files", [{}, {"one.png": b"x"}, {"bicycle/.hidden.png": b"x"}], ids=["empty", "flat", "hidden"]
)
def test_a_tree_without_labels_says_what_is_expected(files: dict[str, bytes], tmp_path: Path):
    with pytest.raises(DatasetError, match="one folder per label"):
        open_pictures(pack_zip(tmp_path / "a.zip", files), LABELS)


def test_nothing_there_is_said(tmp_path: Path):
    with pytest.raises(DatasetError, match="no folder or archive at"):
        open_pictures(tmp_path / "absent", LABELS)


def test_a_hostile_file_name_cannot_write_to_the_terminal(tmp_path: Path):
    archive = pack_tar(tmp_path / "a.tar.gz", {"bicycle/\x1b[2Jone.png": b"x", ".hidden\x1b[2J": b"x"})

    opened = open_pictures(archive, LABELS)

    assert [str(entry) for entry in opened.skipped] == [r".hidden\x1b[2J: hidden"]


def test_links_and_devices_in_an_archive_are_left_alone(tmp_path: Path):
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as tar:
        for name, kind in (("link", tarfile.SYMTYPE), ("hard", tarfile.LNKTYPE), ("pipe", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(f"bicycle/{name}.png")
            info.type, info.linkname = kind, "/etc/hostname"
            tar.addfile(info)

    with pytest.raises(DatasetError, match="no labelled pictures"):
        open_pictures(tmp_path / "a.tar.gz", LABELS)


@pytest.mark.parametrize("suffix", ["tar.gz", "zip"])
def test_a_file_beyond_the_bound_is_refused_unread(suffix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MAX_MEMBER_BYTES", 1000)
    files = {"bicycle/bomb.png": bytes(100_000)}
    path = tmp_path / f"bomb.{suffix}"

    with pytest.raises(DatasetError, match="100,000 bytes, at most 1,000"):
        open_pictures(pack_zip(path, files) if suffix == "zip" else pack_tar(path, files), LABELS)


def test_a_gzip_bomb_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1_000_000)
    archive = pack_tar(tmp_path / "bomb.tar.gz", {f"bicycle/{n}.png": bytes(100_000) for n in range(20)})

    with pytest.raises(DatasetError, match="unpacks to more than 1,000,000 bytes"):
        open_pictures(archive, LABELS)


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_a_cut_archive_is_refused(keep: float, tmp_path: Path):
    whole = pack_tar(
        tmp_path / "whole.tar.gz", {f"bicycle/{n}.png": np.random.default_rng(n).bytes(5000) for n in range(9)}
    )
    content = whole.read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(content[: int(keep * len(content))])

    with pytest.raises(DatasetError, match="damaged"):
        open_pictures(tmp_path / "cut.tar.gz", LABELS)


def test_a_text_file_is_no_archive(tmp_path: Path):
    (tmp_path / "notes.tar.gz").write_text("no archive at all\n" * 100)

    with pytest.raises(DatasetError, match=r"no usable \.tar, \.tar\.gz or \.zip"):
        open_pictures(tmp_path / "notes.tar.gz", LABELS)


def test_cifar_pictures_have_their_colours_and_labels(tmp_path: Path):
    cifar = read_cifar(pack_tar(tmp_path / "cifar.tar.gz", _cifar_files()))

    assert cifar.classes == ("apple", "bicycle", "motorcycle")
    assert cifar.train.images.shape == (6, 32, 32, 3)
    assert cifar.test.images[cifar.test.labels == 2][0, 5, 7].tolist() == [0, 0, 255]


def test_the_test_split_is_read_without_the_train_split(tmp_path: Path):
    # GIVEN an archive whose train split would be refused
    files = _cifar_files() | {"cifar-100-python/train": b"no pickle at all"}
    cifar = read_test_split(pack_tar(tmp_path / "cifar.tar.gz", files)).subset(["motorcycle"])

    assert cifar.test.images[:, 0, 0].tolist() == [[0, 0, 255]] * 2
    assert len(cifar.train.labels) == 0


def test_a_subset_of_cifar_is_labelled_in_the_order_asked_for(tmp_path: Path):
    cifar = read_cifar(pack_tar(tmp_path / "cifar.tar.gz", _cifar_files())).subset(["motorcycle", "apple"])

    assert cifar.train.labels.tolist() == [1, 0, 1, 0]
    assert cifar.train.images[0, 0, 0].tolist() == [255, 0, 0]
    with pytest.raises(DatasetError, match="no class wolf"):
        cifar.subset(["wolf"])


def test_of_a_cifar_archive_the_known_classes_of_the_test_split_are_read(tmp_path: Path):
    opened = open_pictures(pack_tar(tmp_path / "cifar.tar.gz", _cifar_files()), LABELS)

    found = [(label, name) for label, name, _ in opened.pictures]

    assert found == [
        ("bicycle", "test[0]"),
        ("motorcycle", "test[1]"),
        ("bicycle", "test[2]"),
        ("motorcycle", "test[3]"),
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {"data": np.zeros((6, 100), np.uint8)},
        {"data": [1, 2]},
        {"fine_labels": [0]},
        {"fine_labels": [0, 1, 2, 3, 4, 5]},
        {"fine_labels": ["a"] * 6},
        {"fine_labels": [-1] * 6},
    ],
    ids=["narrow", "no array", "few labels", "unknown label", "text labels", "negative labels"],
)
def test_a_cifar_archive_that_contradicts_itself_is_refused(changes: dict, tmp_path: Path):
    with pytest.raises(DatasetError, match="the archive"):
        read_cifar(pack_tar(tmp_path / "cifar.tar.gz", _cifar_files(**changes)))


def test_an_archive_without_a_part_is_no_cifar(tmp_path: Path):
    files = _cifar_files()
    del files["cifar-100-python/meta"]

    with pytest.raises(DatasetError, match="has no meta file"):
        read_cifar(pack_tar(tmp_path / "cifar.tar.gz", files))


def test_the_real_archives_are_read(shared_data: Path):
    hundred = read_cifar(shared_data / "cifar-100-python.tar.gz").subset(LABELS)
    ten = read_cifar(shared_data / "cifar-10-python.tar.gz")

    assert (len(hundred.train.labels), len(hundred.test.labels)) == (900, 100)
    assert (ten.train.images.shape, ten.classes[0]) == ((8000, 32, 32, 3), "airplane")
