"""Drawn pictures and the pictures of the demo."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from signpost.errors import DatasetError
from signpost.images.formats import content_type
from training.data import demo_pictures as demo
from training.data.drawn import LABELS, Label, draw_file, draw_picture


@pytest.mark.parametrize("label", LABELS)
def test_a_picture_is_the_same_for_the_same_seed(label: Label):
    assert draw_file(label, 1, 5) == draw_file(label, 1, 5)


@pytest.mark.parametrize("label", LABELS)
def test_pictures_differ_by_seed_index_and_label(label: Label):
    series = [(label, 1, 5), (label, 1, 6), (label, 2, 5), (LABELS[LABELS.index(label) - 1], 1, 5)]

    assert len({draw_picture(*one).tobytes() for one in series}) == 4


@pytest.mark.parametrize("label", LABELS)
def test_every_picture_is_a_photograph_sized_file_with_something_on_it(label: Label):
    for index in range(12):
        name, content = draw_file(label, 3, index)
        image = Image.open(io.BytesIO(content))

        assert content_type(content) in ("image/jpeg", "image/png")
        assert (image.mode, min(image.size) >= 240, max(image.size) <= 320) == ("RGB", True, True)
        assert name.startswith(f"{label}-{index:04d}.")


@pytest.mark.parametrize("label", ["bicycle", "motorcycle"])
def test_pictures_of_one_label_vary(label: Label):
    means = np.array([np.asarray(draw_picture(label, 4, index)).mean(axis=(0, 1)) for index in range(12)])

    assert (means.std(axis=0) > 10).all()


def test_the_users_own_pictures_come_first(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    for name in ("b.jpg", "a.jpg", ".hidden.jpg"):
        (tmp_path / "mine" / name).write_bytes(b"x")

    found = demo.demo_pictures(tmp_path / "work", images=tmp_path / "mine")

    assert [file.name for file in found.files] == ["a.jpg", "b.jpg"]
    assert found.expected == {}
    assert not (tmp_path / "work").exists()


def test_a_folder_without_pictures_is_an_error(tmp_path: Path):
    with pytest.raises(DatasetError, match="has no files"):
        demo.demo_pictures(tmp_path / "work", images=tmp_path)


def _offline(_name: str, _console: Console) -> Path:
    raise DatasetError("no connection")


@pytest.mark.parametrize("download", [True, False])
def test_without_photographs_pictures_are_drawn_and_said_to_be(
    download: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(demo, "fetch", _offline)

    found = demo.demo_pictures(tmp_path / "work", download=download)
    again = demo.demo_pictures(tmp_path / "work", download=download)

    assert "drawn by Signpost itself" in found.notice
    assert set(found.expected.values()) == {"bicycle", "motorcycle", "neither"}
    assert again == found
    assert sorted((tmp_path / "work").iterdir()) == sorted(found.files)


def test_photographs_of_the_archive_are_written_with_what_they_show(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(demo, "fetch", lambda *_arguments: shared_data / "cifar-100-python.tar.gz")

    found = demo.demo_pictures(tmp_path)

    assert "test split of CIFAR-100" in found.notice
    assert list(found.expected.values()).count("motorcycle") == 10
    for file in found.files:
        with Image.open(file) as image:
            assert image.size == (32, 32)
