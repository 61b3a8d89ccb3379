"""Writing a package."""

import subprocess
from pathlib import Path

import pytest

from signpost.errors import PackageError
from signpost.model.package import open_package
from training.packaging import git_revision, write_package


def test_a_package_replaces_an_older_one(vehicle_package: Path, tmp_path: Path):
    package, folder = open_package(vehicle_package), tmp_path / "models" / "vehicle"
    newer = package.manifest.model_copy(update={"version": "newer"})

    write_package(folder, package.manifest, package.model, b"keras", "card")
    write_package(folder, newer, package.model, b"keras", "new card")

    assert open_package(folder).manifest.version == "newer"
    assert (folder / "MODEL_CARD.md").read_text() == "new card"
    assert [path.name for path in folder.parent.iterdir()] == ["vehicle"]


def test_a_folder_that_cannot_be_written_is_said(vehicle_package: Path, tmp_path: Path):
    package = open_package(vehicle_package)
    (tmp_path / "file").touch()

    with pytest.raises(PackageError, match="can't write the package"):
        write_package(tmp_path / "file" / "vehicle", package.manifest, package.model, b"keras", "card")


def test_the_revision_is_the_commit_and_says_when_files_were_changed(tmp_path: Path):
    assert git_revision(tmp_path) == "unknown"

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "core.hooksPath=/dev/null")
        subprocess.run(["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("one")
    git("add", "file")
    git("commit", "-m", "one")
    clean = git_revision(tmp_path)
    (tmp_path / "file").write_text("two")

    assert len(clean) == 40
    assert git_revision(tmp_path) == f"{clean}-dirty"
