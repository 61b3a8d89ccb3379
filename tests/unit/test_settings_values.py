"""Wrong values of every key of ``signpost.toml`` give a sentence that names the key."""

import datetime
import json
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
import tomlkit
from pydantic import BaseModel

from signpost.errors import SettingsError
from signpost.settings.file import Settings, load_settings
from signpost.settings.hosted import check_packages, manifest_of
from tests.conftest import ROOT

FILE = ROOT / "signpost.toml"
# Where a value of another TOML type is allowed too, or one that looks wrong is right.
TYPES: tuple[Any, ...] = ("100", "true", 100, 1.5, True, [], ["x"], {"x": 1}, datetime.date(2026, 1, 1))
EXTREME: tuple[Any, ...] = (
    "",
    " ",
    "a\nb",
    "a\x00",
    "-",
    "x" * 5000,
    -1,
    0,
    10**30,
    float("nan"),
    float("inf"),
    "é" * 99,
)


def _leaves(model: type[BaseModel], path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Path of every key, with the entries of tables that users name."""
    names = {"classifiers": ["vehicle"], "routes": ["nearby-orders"], "thresholds": ["bicycle"]}
    found: list[tuple[str, ...]] = []
    for name, field in model.model_fields.items():
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        table = next((kind for kind in kinds if issubclass(kind, BaseModel)), None)
        for entry in names.get(name, [None]):
            here = (*path, name) if entry is None else (*path, name, entry)
            found += _leaves(table, here) if table else [here]
    return found


LEAVES = _leaves(Settings)


def _with(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    document = tomllib.loads(FILE.read_text(encoding="utf-8"))
    table = document
    for name in path[:-1]:
        table = table.setdefault(name, {})
    table[path[-1]] = value
    if path[-2:-1] == ("shadow",):
        table.setdefault("model", "models/vehicle")
    return document


def _load(document: dict[str, Any], folder: Path) -> Settings:
    file = folder / "signpost.toml"
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return load_settings(file)


def _kind(path: tuple[str, ...]) -> type:
    """Type of a key's right value."""
    schema = Settings.model_json_schema()
    node: dict[str, Any] = schema
    for name in path:
        entries = [node.get("additionalProperties"), *node.get("patternProperties", {}).values()]
        node = node.get("properties", {}).get(name) or next(filter(None, entries))
        node = next((option for option in node.get("anyOf", []) if option.get("type") != "null"), node)
        reference = node.get("$ref") or node.get("allOf", [{}])[0].get("$ref")
        node = schema["$defs"][reference.rpartition("/")[2]] if reference else node
    kinds = {"string": str, "integer": int, "number": float, "boolean": bool, "array": list, "object": dict}
    return kinds[node.get("type") or ("integer" if isinstance(node["enum"][0], int) else "string")]


def test_every_key_is_tried():
    assert len(LEAVES) > 45
    assert ("classifiers", "vehicle", "endpoint", "image_uri") in LEAVES
    assert ("classifiers", "vehicle", "training", "gate", "min_accuracy") in LEAVES


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_a_value_of_another_type_is_refused_by_its_key(path: tuple[str, ...], tmp_path: Path):
    right = _kind(path)
    wrong = [value for value in TYPES if type(value) is not right and not (right is float and type(value) is int)]
    assert len(wrong) >= 6
    for value in wrong:
        with pytest.raises(SettingsError) as refused:
            _load(_with(path, value), tmp_path)
        lines = str(refused.value).splitlines()
        assert any(line.strip().startswith(".".join(path)) for line in lines), (value, lines)


@pytest.mark.parametrize("path", LEAVES, ids=".".join)
def test_an_extreme_value_is_taken_or_refused_with_a_sentence(path: tuple[str, ...], tmp_path: Path):
    for value in EXTREME:
        try:
            settings = _load(_with(path, value), tmp_path)
        except SettingsError as error:
            assert str(error).startswith(f"{tmp_path / 'signpost.toml'} is "), value
        else:
            json.loads(settings.model_dump_json())


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("classifiers.vehicle.endpoint.image_uri", "not an uri", "allowed is a container image with its registry"),
        ("classifiers.vehicle.training.image_uri", "server:1", "allowed is a container image with its registry"),
        ("classifiers.vehicle.endpoint.instance_type", "m5.large", "allowed is a SageMaker instance type"),
        ("classifiers.vehicle.endpoint.capture", ["input", "input"], "each value may occur once, but input repeats"),
        ("api.burst", "100", "input should be a valid integer (given: '100')"),
        ("api.cors_origins", ["https://example.com/path"], "allowed is the origin of a web page"),
        ("app.source_buckets", ["My_Bucket"], "allowed is the name of an S3 bucket"),
        ("app.source_buckets", ["two..dots"], "allowed is the name of an S3 bucket"),
        ("classifiers.vehicle.routes.nearby-orders.loading_bay", "a\x1b[2J", "allowed is text without control"),
        ("classifiers.vehicle.routes.nearby-orders.labels", ["-bicycle"], "letters and digits of any script"),
    ],
)
def test_a_wrong_value_gets_a_sentence_that_says_what_is_allowed(path: str, value: Any, sentence: str, tmp_path: Path):
    with pytest.raises(SettingsError) as refused:
        _load(_with(tuple(path.split(".")), value), tmp_path)
    assert sentence in str(refused.value)
    assert f"\n  {path}" in str(refused.value)


def _wrong_packages(folder: Path) -> Path:
    document = _with(("classifiers", "dog-breed", "model"), "nowhere")
    document["classifiers"]["vehicle"]["model"] = str(ROOT / "models" / "vehicle")
    document["classifiers"]["vehicle"]["routes"]["nearby-orders"]["labels"] = ["bicycle", "unicycle"]
    file = folder / "signpost.toml"
    file.write_text(tomlkit.dumps(document), encoding="utf-8")
    return file


def test_packages_that_do_not_fit_are_named_all_at_once(tmp_path: Path):
    with pytest.raises(SettingsError) as refused:
        check_packages(load_settings(_wrong_packages(tmp_path)))

    first, *lines = str(refused.value).split("\n  ")
    assert first == "signpost.toml does not fit to the model packages:"
    assert lines == [
        "classifiers.vehicle.routes give a route to bicycle, motorcycle, unicycle, but the model knows bicycle, "
        "motorcycle; every label needs exactly one route",
        f"classifiers.dog-breed.model: no model package at {tmp_path / 'nowhere'}: expected a folder or a model.tar.gz",
    ]


def test_a_broken_manifest_is_named_with_its_classifier(tmp_path: Path):
    document = _with(("classifiers", "vehicle", "model"), "broken")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{")
    (tmp_path / "broken" / "model.tflite").write_bytes(b"")
    vehicle = _load(document, tmp_path).classifiers["vehicle"]

    with pytest.raises(SettingsError, match=r"classifiers\.vehicle\.model: .*broken.*manifest"):
        manifest_of("vehicle", vehicle)
