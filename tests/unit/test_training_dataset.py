"""Reading labelled pictures of any layout, and the rules for bad data."""

from pathlib import Path

import numpy as np
import pytest

from signpost.errors import DatasetError
from signpost.images.limits import Limits
from signpost.images.prepare import prepare
from tests.unit.sample_datasets import classes_of, noise, pack_tar, pack_zip, unpack
from training.data.dataset import read_dataset
from training.data.pictures import Dataset

TREE = classes_of(bee=3, ant=4)
SPLIT = {
    f"insects/{part}/{label}/{n}.png": noise(n + 10 * k)
    for k, (part, label, n) in enumerate(
        (part, label, n) for part in ("train", "Val", "test") for label in ("ant", "bee") for n in range(2)
    )
}


def _read(source: Path, labels: list[str] | None = None, size: tuple[int, int] = (20, 16)) -> tuple[Dataset, list[str]]:
    said: list[str] = []
    return read_dataset(source, *size, labels, said.append), said


@pytest.mark.parametrize("kind", ["folder", "tar", "tar.gz", "zip"])
def test_a_folder_a_class_is_read_from_a_folder_or_any_archive(kind: str, tmp_path: Path):
    path = tmp_path / f"photos.{kind}"
    pack = {"folder": unpack, "zip": pack_zip}.get(
        kind, lambda path, files: pack_tar(path, files, "w:gz" if kind == "tar.gz" else "w")
    )

    dataset, said = _read(pack(path, TREE))

    assert dataset.classes == ("ant", "bee")
    assert dataset.counts() == {"all": {"ant": 4, "bee": 3}}
    assert dataset.parts["all"].images.shape == (7, 16, 20, 3)
    assert dataset.parts["all"].names[0] == "ant/0.png"
    assert said == []


def test_the_pixels_are_those_that_serving_prepares(tmp_path: Path):
    dataset, _ = _read(unpack(tmp_path, TREE))

    split = dataset.parts["all"]
    for image, name in zip(split.images, split.names, strict=True):
        assert image.tobytes() == prepare(TREE[name], 20, 16, Limits()).tobytes()


def test_the_order_in_the_archive_does_not_matter(tmp_path: Path):
    one, _ = _read(pack_tar(tmp_path / "one.tar", TREE, "w"))
    other, _ = _read(pack_tar(tmp_path / "other.tar", dict(reversed(TREE.items())), "w"))

    assert one.parts["all"].names == other.parts["all"].names
    assert np.array_equal(one.parts["all"].images, other.parts["all"].images)


def test_parts_of_the_source_are_kept_apart(tmp_path: Path):
    dataset, _ = _read(pack_zip(tmp_path / "a.zip", SPLIT))

    assert dataset.classes == ("ant", "bee")
    assert dataset.counts() == {part: {"ant": 2, "bee": 2} for part in ("test", "train", "validation")}


def test_a_class_may_be_called_train(tmp_path: Path):
    dataset, _ = _read(unpack(tmp_path, classes_of(train=2, bus=2)))

    assert dataset.counts() == {"all": {"bus": 2, "train": 2}}


@pytest.mark.parametrize(
    ("kind", "mode"), [("PPM", "L"), ("PPM", "RGB"), ("BMP", "RGB"), ("WEBP", "RGB"), ("JPEG", "L")]
)
def test_formats_of_old_datasets_are_read(kind: str, mode: str, tmp_path: Path):
    picture = noise(0, kind, mode, (92, 112))

    dataset, _ = _read(unpack(tmp_path, TREE | {"ant/other.pgm": picture}), size=(92, 112))

    assert dataset.counts()["all"]["ant"] == 5
    if kind == "PPM" and mode == "L":
        pixels = dataset.parts["all"].images[dataset.parts["all"].names.index("ant/other.pgm")]
        assert pixels[..., 0].tobytes() == picture[-92 * 112 :]  # grey stays grey, byte for byte


def test_classes_can_be_chosen_in_their_own_order(tmp_path: Path):
    dataset, said = _read(unpack(tmp_path, TREE | {"cow/1.png": noise(99)}), ["bee", "ant"])

    assert dataset.classes == ("bee", "ant")
    assert np.bincount(dataset.parts["all"].labels).tolist() == [3, 4]
    assert said == ["left out 1 files of other classes: cow"]


def test_a_class_that_is_not_there_is_named_with_those_that_are(tmp_path: Path):
    with pytest.raises(DatasetError, match="has no folder cow; it has ant, bee"):
        _read(unpack(tmp_path, TREE), ["ant", "cow"])


def test_a_class_cannot_be_named_twice(tmp_path: Path):
    with pytest.raises(DatasetError, match="named twice among ant, ant"):
        _read(unpack(tmp_path, TREE), ["ant", "ant"])


def test_what_is_no_picture_is_left_out_by_name(tmp_path: Path):
    files = TREE | {"ant/broken.jpg": b"\xff\xd8\xff" + bytes(50), "README": b"hello", "bee/old/deep.png": noise(50)}
    more = {f"ant/more-{n}.png": noise(100 + n) for n in range(9)}

    dataset, said = _read(unpack(tmp_path, files | more))

    assert [(entry.name, entry.reason.split()[0]) for entry in dataset.skipped] == [
        ("README", "lies"),
        ("bee/old/deep.png", "lies"),
        ("ant/broken.jpg", "The"),
    ]
    assert dataset.unreadable == 1
    assert said[0] == "left out README: lies in no class's folder"


def test_a_link_that_leads_nowhere_is_left_out_by_name(tmp_path: Path):
    folder = unpack(tmp_path, classes_of(ant=9, bee=9))
    (folder / "ant" / "gone.png").symlink_to(tmp_path / "absent.png")

    dataset, _ = _read(folder)

    assert [str(entry) for entry in dataset.skipped] == ["ant/gone.png: No such file or directory"]
    assert dataset.unreadable == 1


def test_a_gif_is_taken_for_a_placeholder(tmp_path: Path):
    files = classes_of(ant=9, bee=9) | {"ant/imageNotFound.gif": noise(0, "GIF")}

    dataset, _ = _read(unpack(tmp_path, files))

    assert [str(entry).split(",")[0] for entry in dataset.skipped] == ["ant/imageNotFound.gif: The file is a GIF"]


def test_too_many_files_that_are_no_pictures_stop_the_run(tmp_path: Path):
    with pytest.raises(DatasetError, match=r"1 of 8 files are no usable pictures, at most 10% may be"):
        _read(unpack(tmp_path, TREE | {"ant/broken.png": b"junk"}))


@pytest.mark.parametrize("kind", ["folder", "tar", "zip"])
def test_a_class_without_pictures_stops_the_run(kind: str, tmp_path: Path):
    pack = {"folder": unpack, "zip": pack_zip, "tar": lambda path, files: pack_tar(path, files, "w")}[kind]

    with pytest.raises(DatasetError, match="no usable pictures to train on of cow"):
        _read(pack(tmp_path / f"a.{kind}", TREE | {"cow/": b""}))


def test_one_class_alone_stops_the_run(tmp_path: Path):
    with pytest.raises(DatasetError, match="needs two or more classes, it has ant"):
        _read(unpack(tmp_path, classes_of(ant=3)))


def test_a_source_without_training_pictures_stops_the_run(tmp_path: Path):
    with pytest.raises(DatasetError, match="no training pictures, only a part called test"):
        _read(unpack(tmp_path, {f"test/{name}": content for name, content in TREE.items()}))


def test_a_broken_archive_says_what_to_do(tmp_path: Path):
    whole = pack_tar(tmp_path / "whole.tar.gz", TREE).read_bytes()
    (tmp_path / "cut.tar.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(DatasetError, match=r"cut\.tar\.gz is no usable .*damaged.* get it again"):
        _read(tmp_path / "cut.tar.gz")


def test_a_picture_under_two_labels_is_left_out_wherever_it_is(tmp_path: Path):
    dataset, said = _read(unpack(tmp_path, TREE | {"bee/same.png": TREE["ant/0.png"]}))

    assert dataset.counts() == {"all": {"ant": 3, "bee": 3}}
    assert said == ["left out, one picture under several labels: all: ant/0.png (ant), all: bee/same.png (bee)"]


def test_of_copies_in_one_part_the_first_is_kept(tmp_path: Path):
    dataset, said = _read(unpack(tmp_path, TREE | {"ant/copy.png": TREE["ant/0.png"]}))

    assert dataset.counts() == {"all": {"ant": 4, "bee": 3}}
    assert said == ["left out all: ant/copy.png (ant): the same picture as all: ant/0.png (ant)"]


def test_a_copy_of_a_held_out_picture_leaves_the_training_part(tmp_path: Path):
    leak = {"insects/train/ant/leak.png": SPLIT["insects/test/ant/0.png"]}

    dataset, said = _read(unpack(tmp_path, SPLIT | leak))

    assert dataset.counts() == {part: {"ant": 2, "bee": 2} for part in ("test", "train", "validation")}
    assert said == ["left out train: insects/train/ant/leak.png (ant): it leaks test: insects/test/ant/0.png (ant)"]


def test_a_class_that_is_missing_from_a_held_out_part_is_said(tmp_path: Path):
    files = {name: content for name, content in SPLIT.items() if "test/bee" not in name}

    _, said = _read(unpack(tmp_path, files))

    assert said == ["the test part has no pictures of bee"]


def test_cifar_is_read_at_the_size_that_is_asked_for(shared_data: Path):
    said: list[str] = []
    archive = shared_data / "cifar-100-python.tar.gz"

    small = read_dataset(archive, 32, 32, ["bicycle", "motorcycle"], said.append)
    large = read_dataset(archive, 48, 40, ["bicycle", "motorcycle"], said.append)

    assert small.counts() == {"train": {"bicycle": 450, "motorcycle": 450}, "test": {"bicycle": 50, "motorcycle": 50}}
    assert large.parts["train"].images.shape == (900, 40, 48, 3)
    assert said == []


@pytest.mark.parametrize(
    ("file", "classes", "counts", "skipped"),
    [
        ("cifar-10-python.tar.gz", 10, {"train": 8000, "test": 1000}, 0),
        ("dog-breeds-32.tar.gz", 5, {"all": 2693}, 0),
        ("orl-faces.tar.gz", 40, {"all": 320}, 1),
        ("ants-bees-photos.tar.gz", 2, {"train": 90, "validation": 40}, 1),
    ],
)
def test_real_archives_are_read(file: str, classes: int, counts: dict, skipped: int, shared_data: Path):
    dataset = read_dataset(shared_data / file, 32, 32, None, lambda _line: None)

    assert len(dataset.classes) == classes
    assert {part: len(split) for part, split in dataset.parts.items()} == counts
    assert len(dataset.skipped) == skipped
