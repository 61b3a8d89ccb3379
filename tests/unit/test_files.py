"""Files in a folder stay in it, and are written whole or not at all."""

import os
from pathlib import Path

import pytest

from signpost.aws.files import Folder
from signpost.errors import SignpostError


@pytest.mark.parametrize("key", ["../outside", "a/../../outside", "/etc/hostname", "link/outside"])
def test_nothing_outside_a_folder_is_read_or_written(key: str, tmp_path: Path):
    folder = tmp_path / "inside"
    folder.mkdir()
    (tmp_path / "outside").write_bytes(b"secret")
    (folder / "link").symlink_to(tmp_path)
    files = Folder(folder)

    for attempt in (
        lambda: list(files.chunks(key)),
        lambda: files.read(key, 0, 3),
        lambda: files.write(key, b""),
        lambda: files.delete(key),
    ):
        with pytest.raises(SignpostError, match="is not inside"):
            attempt()
    assert (tmp_path / "outside").read_bytes() == b"secret"


def test_links_are_not_listed(tmp_path: Path):
    (tmp_path / "a").write_bytes(b"1")
    (tmp_path / "b").symlink_to("/etc/hostname")

    assert [found.key for found in Folder(tmp_path).list()] == ["a"]


def test_names_that_are_no_text_are_not_listed(tmp_path: Path):
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.jsonl"))).write_bytes(b"")

    assert list(Folder(tmp_path).list()) == []


def test_a_part_of_a_file_is_read(tmp_path: Path):
    files = Folder(tmp_path)
    files.write("x/y", b"0123456789")

    assert (files.read("x/y", 3, 4), b"".join(files.chunks("x/y"))) == (b"3456", b"0123456789")
    assert [found.key for found in files.list("x/")] == ["x/y"]
    files.delete("x/y")
    files.delete("x/y")
    assert list(files.list()) == []


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"a file where a folder is needed")

    with pytest.raises(SignpostError, match="can't write"):
        Folder(tmp_path).write("x/y", b"")
