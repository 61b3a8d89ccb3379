"""The `signpost data` commands, and the catalogue behind them."""

import hashlib
import json
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from cli.main import app
from signpost.errors import DatasetError
from tests.unit.sample_datasets import classes_of, noise, pack_zip, unpack
from training.data import catalogue
from training.data.catalogue import CATALOGUE, Known, begun, cached, fetch, find, is_official

GOOD = classes_of(ant=4, bee=3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "signpost"


def _run(*arguments: object) -> Result:
    return CliRunner(env={"COLUMNS": "160"}).invoke(app, ["data", *map(str, arguments)])


def _known(content: bytes, **changes: object) -> Known:
    values = vars(CATALOGUE[0]) | {"size": len(content), "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}"}
    return Known(**(values | changes))


def test_a_good_source_is_counted_by_class_and_part(tmp_path: Path):
    result = _run("inspect", pack_zip(tmp_path / "photos.zip", GOOD))

    rows = [line.split() for line in result.stdout.splitlines()]
    assert result.exit_code == 0
    assert ["class", "all"] in rows
    assert ["ant", "4"] in rows
    assert ["all", "7"] in rows
    assert ["files", "7", "PNG", "RGB"] in rows


def test_everything_that_is_wrong_is_named_and_the_exit_code_says_that_a_run_would_stop(tmp_path: Path):
    files = {f"train/{name}": content for name, content in GOOD.items()} | {
        "test/ant/1.png": noise(100),
        "test/bee/leak.png": GOOD["bee/0.png"],
        "train/ant/copy.png": GOOD["ant/0.png"],
        "train/bee/again.png": GOOD["ant/1.png"],
        "train/bee/broken.png": b"junk",
        "train/bee/empty.png": b"",
        "train/cow/": b"",
    }

    result = _run("inspect", unpack(tmp_path / "photos", files))

    assert result.exit_code == 1
    for said in (
        "left out train/bee/broken.png: The file is text",
        "left out, one picture under several labels: train: train/ant/1.png (ant), train: train/bee/again.png (bee)",
        "left out train: train/ant/copy.png (ant): the same picture as train: train/ant/0.png (ant)",
        "left out train: train/bee/0.png (bee): it leaks test: test/bee/leak.png (bee)",
        "stops a run: 2 of 13 files",
        "stops a run: no usable pictures to train on of cow",
    ):
        assert said in result.stdout


def test_the_same_is_there_for_machines(tmp_path: Path):
    result = _run("inspect", unpack(tmp_path / "photos", GOOD), "--labels", "bee, ant", "--json")

    found = json.loads(result.stdout)
    assert found["classes"] == ["bee", "ant"]
    assert found["counts"] == {"all": {"bee": 3, "ant": 4}}
    assert (found["faults"], found["leaks"], found["alike"]) == ([], [], None)
    assert len(found["fingerprint"]) == 64


def test_a_source_that_is_not_there_is_an_error(tmp_path: Path):
    assert isinstance(_run("inspect", tmp_path / "absent").exception, DatasetError)


def test_a_dataset_that_was_not_fetched_says_how_to_get_it():
    assert "signpost data fetch cifar-10" in str(_run("inspect", "cifar-10").exception)


@pytest.mark.parametrize("file", ["cifar-10-python.tar.gz", "ants-bees-photos.tar.gz", "orl-faces.tar.gz"])
def test_real_archives_pass(file: str, shared_data: Path):
    result = _run("inspect", shared_data / file)

    assert result.exit_code == 0, result.stdout
    assert ("not the official one" in result.stdout) == file.startswith("cifar")


def test_the_list_names_every_dataset_with_its_terms():
    result = _run("list")

    assert all(known.name in result.stdout for known in CATALOGUE)
    assert "one folder per class" in result.stdout


def test_the_list_says_what_is_here_and_what_was_begun(cache: Path, monkeypatch: pytest.MonkeyPatch):
    known = _known(b"archive")
    monkeypatch.setattr(catalogue, "CATALOGUE", (known, _known(b"other", name="b", file="b.tar")))
    cache.mkdir(parents=True)
    (cache / known.file).write_bytes(b"archive")
    (cache / "b.tar.part").write_bytes(b"ot")

    first, second = map(json.loads, _run("list", "--json").stdout.splitlines())

    assert (first["here"], first["begun_bytes"]) == (str(cache / known.file), 0)
    assert (second["here"], second["begun_bytes"]) == (None, 2)


def test_what_is_here_is_not_downloaded_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = _known(b"archive")
    monkeypatch.setattr(catalogue, "CATALOGUE", (known,))
    (tmp_path / known.file).write_bytes(b"archive")

    result = _run("fetch", known.name, "--to", tmp_path)

    assert str(tmp_path / known.file) in result.stdout
    assert "the authors ask for the citation" in result.stdout
    assert fetch(known.file, Console(quiet=True), tmp_path) == tmp_path / known.file


def test_a_damaged_archive_in_the_cache_does_not_count(cache: Path):
    known = find("cifar-100")
    cache.mkdir(parents=True)
    (cache / known.file).write_bytes(b"something else")

    assert cached(known) is None
    assert begun(known) == 0
    assert not is_official(cache / known.file)


def test_an_unknown_dataset_is_an_error_that_says_what_works():
    with pytest.raises(DatasetError, match=r"cifar-10, cifar-100, .*one folder per class"):
        find("my-photos")


@pytest.mark.parametrize("known", CATALOGUE, ids=lambda known: known.name)
def test_every_entry_is_complete(known: Known):
    algorithm, _, digits = known.checksum.partition(":")

    assert len(digits) == {"md5": 32, "sha256": 64}[algorithm]
    assert known.url.startswith("https://") or algorithm == "sha256"
    assert find(known.file) is known
