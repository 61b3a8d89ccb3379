"""An upgrade from release 0.1.0 replaces nothing that holds data, by the CloudFormation schemas in cfn-lint.

`stateful_v0.1.0.json` was recorded from the templates of that release with `stateful_resources`.
"""

import json
from pathlib import Path

import pytest

from tests.infrastructure.stateful import stateful_resources
from tests.infrastructure.synthesis import Synthesis

RECORDED = json.loads(Path(__file__).with_name("stateful_v0.1.0.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("recorded", "synthesis"), [("committed", "on_aws"), ("every_hosting", "every_hosting")])
def test_what_holds_data_is_neither_deleted_nor_replaced(
    recorded: str, synthesis: str, request: pytest.FixtureRequest
) -> None:
    stacks: Synthesis = request.getfixturevalue(synthesis)
    former, new = RECORDED[recorded], stateful_resources(stacks.templates)
    assert former
    assert {name: new.get(name) for name in former} == former
