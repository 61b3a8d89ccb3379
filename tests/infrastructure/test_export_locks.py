"""No change of the settings is stopped by an export in use, which CloudFormation neither deletes nor changes.

A deployment updates one stack after the other. When a stack drops an export, each stack that is updated later still
imports what it did before.
"""

import itertools
from pathlib import Path
from typing import Any

import pytest

from signpost.settings.file import Settings
from stacks.stage import local_stage
from tests.infrastructure.synthesis import Synthesis, synthesise

# As the CDK deploys them.
ORDER = ("storage", "routing", "api", "review", "training")
ROUTES = {"here": {"labels": ["bicycle"]}, "there": {"labels": ["motorcycle"]}}


def settings(package: Path, *, firewall: bool, review: bool, hostings: dict[str, str], training: bool) -> Settings:
    classifiers: dict[str, Any] = {
        name: {"model": package, "hosting": hosting, "routes": ROUTES} for name, hosting in hostings.items()
    }
    if training:
        classifiers["first"]["training"] = {"archives": ["images.tar.gz"]}
    return Settings.model_validate(
        {
            "app": {"default_classifier": "first"},
            "api": {"firewall": firewall, "authorisation": "iam" if firewall else "cognito"},
            "review": {"deployed": review},
            "classifiers": classifiers,
        }
    )


@pytest.fixture(scope="module")
def variants(package: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Synthesis]:
    asked = [
        {"firewall": True, "review": True, "hostings": {"first": "async", "second": "realtime"}, "training": True},
        {"firewall": False, "review": True, "hostings": {"first": "lambda"}, "training": False},
        {"firewall": True, "review": False, "hostings": {"first": "components"}, "training": True},
        {"firewall": False, "review": False, "hostings": {"first": "serverless"}, "training": False},
    ]
    return [
        synthesise(settings(package, **which), local_stage(), tmp_path_factory.mktemp(f"variant-{number}"))
        for number, which in enumerate(asked)
    ]


def test_no_update_drops_or_changes_an_export_that_is_in_use(variants: list[Synthesis]) -> None:
    assert any(_imports(before.templates["api"]) for before in variants)
    for before, after in itertools.permutations(variants, 2):
        for position, stack in enumerate(ORDER):
            former, new = _exports(before.templates[stack]), _exports(after.templates[stack])
            changed = {export for export, value in former.items() if new.get(export) != value}
            for user in ORDER[position + 1 :]:
                assert not changed & _imports(before.templates[user]), f"{stack} locks {user}"


def _exports(template: dict[str, Any]) -> dict[str, Any]:
    return {o["Export"]["Name"]: o["Value"] for o in template.get("Outputs", {}).values() if "Export" in o}


def _imports(node: Any) -> set[str]:
    if isinstance(node, dict):
        found = {node["Fn::ImportValue"]} if "Fn::ImportValue" in node else set[str]()
        return found.union(*map(_imports, node.values()))
    return set[str]().union(*map(_imports, node)) if isinstance(node, list) else set()
