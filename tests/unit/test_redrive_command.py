"""``signpost redrive`` names the image of every reference, whatever form the reference has."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from cli import routing
from cli.main import app
from signpost.aws.routing_client import Parked
from signpost.errors import RoutingFault

UPLOAD = json.loads((Path(__file__).parents[2] / "events" / "s3-object-created.json").read_text())


def test_references_are_named_by_their_key_and_faults_are_whole(monkeypatch: pytest.MonkeyPatch):
    fault = RoutingFault("EndpointRefused: " + "a long cause " * 20, parked=True)
    references = [UPLOAD, {"s3_bucket": "b", "s3_key": "a\x1b\n[red].jpg"}, {"other": "form"}]
    router = SimpleNamespace(redrive=lambda: ((Parked(event, "x"), fault) for event in references))
    monkeypatch.setattr(routing, "find_router", lambda _on_aws: router)

    done = CliRunner().invoke(app, ["redrive"])

    key = UPLOAD["detail"]["object"]["key"]
    names = [key, r"a\x1b\n[red].jpg", '{"other": "form"}']
    assert done.stdout.splitlines()[:3] == [f"{name}: {fault}" for name in names]
    assert done.exit_code == 3
