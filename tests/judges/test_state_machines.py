"""AWS's language rules, by two validators that others wrote, on every machine of every kind of hosting."""

import copy
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.judges.conftest import BIN
from tests.judges.every_machine import every_machine

FALSE = (
    # The language leaves the members of ReaderConfig to the service, and AWS documents this one.
    re.compile(r'^ Field "InputType" not allowed in .*\.ItemReader\.ReaderConfig$'),
    # statelint takes for a variable's value the expression that it is assigned, and for a number only a literal. Both
    # are allowed: the expressions' values are checked in test_jsonata.py.
    re.compile(r'\.Seconds is "\{% .* %\}" but should be an Integer$'),
)


@pytest.fixture
def validate(node, tmp_path):
    """Run asl-validator on machines."""

    def run(*machines):
        files = write(tmp_path, machines)
        arguments = [argument for file in files for argument in ("--json-path", file)]
        return node("node_modules/asl-validator/dist/bin/asl-validator.js", *arguments)

    return run


@pytest.fixture
def lint(tmp_path):
    """Run statelint on machines; its findings."""

    def run(*machines):
        command = [BIN / "statelint", "--eval-jsonata", *write(tmp_path, machines)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.stderr == ""
        found = [line for line in done.stdout.splitlines() if line.startswith(" ")]
        assert bool(found) is bool(done.returncode)
        return [line for line in found if not any(known.search(line) for known in FALSE)]

    return run


def write(folder: Path, machines) -> list[str]:
    files = [folder / f"{number}.json" for number in range(len(machines))]
    for file, machine in zip(files, machines, strict=True):
        file.write_text(json.dumps(machine), encoding="utf-8")
    return [str(file) for file in files]


def test_every_machine_is_valid_for_asl_validator(validate):
    done = validate(*every_machine().values())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("is valid") == len(every_machine())


def test_every_machine_is_valid_for_statelint(lint):
    assert lint(*every_machine().values()) == []


def test_both_find_a_state_name_that_is_used_twice(validate, lint):
    machine = copy.deepcopy(every_machine()["batch"])
    children = machine["States"]["Route the images"]["ItemProcessor"]["States"]
    machine["States"]["Parked"] = children["Parked"]
    machine["States"]["Any images?"]["Default"] = "Parked"
    assert "DUPLICATE_STATE_NAMES" in validate(machine).stderr
    assert any("is also defined at" in finding for finding in lint(machine))
