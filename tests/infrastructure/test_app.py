"""`app.py` synthesises as it is committed: without AWS credentials, without Docker, with no finding left open."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.synthesis import ROOT, read


@pytest.mark.parametrize("stage", ["aws", "local"])
def test_the_app_synthesises_for_each_stage(stage: str, tmp_path: Path) -> None:
    context = {**json.loads((ROOT / "cdk.json").read_text())["context"], "stage": stage}
    # GIVEN nothing but Python and Node: no credentials, no profile, no docker to be found
    environment = {
        "JSII_NODE": os.environ["JSII_NODE"],
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_OUTDIR": str(tmp_path / "out"),
        "HOME": str(Path.home()),  # where uv and jsii keep what they have fetched and unpacked
        "PATH": str(tmp_path),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }
    # WHEN
    done = subprocess.run(
        [sys.executable, ROOT / "app.py"], env=environment, capture_output=True, text=True, check=False
    )
    # THEN
    assert done.returncode == 0, done.stdout + done.stderr
    synthesis = read(tmp_path / "out")
    assert [file.name for file in synthesis.files] == [
        "signpost-api.template.json",
        *(["signpost-image.template.json"] if stage == "aws" else []),
        "signpost-inference.template.json",
        "signpost-review.template.json",
        "signpost-routing.template.json",
        "signpost-storage.template.json",
        "signpost-training.template.json",
    ]
    assert synthesis.resources("AWS::SageMaker::Endpoint")


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("burst = 100", 'burst = "100"', "api.burst: input should be a valid integer (given: '100')"),
        ('model = "models/vehicle"', 'model = "nowhere"', "classifiers.vehicle.model: no model package at "),
        (
            '["bicycle"]',
            '["unicycle"]',
            "classifiers.vehicle.routes give a route to motorcycle, unicycle, but the model",
        ),
    ],
)
def test_a_wrong_setting_gets_a_sentence_and_no_traceback(
    right: str, wrong: str, sentence: str, tmp_path: Path
) -> None:
    text = (ROOT / "signpost.toml").read_text(encoding="utf-8")
    (tmp_path / "models").symlink_to(ROOT / "models")
    (tmp_path / "signpost.toml").write_text(text.replace(right, wrong), encoding="utf-8")
    context = json.dumps({"settings": str(tmp_path / "signpost.toml"), "stage": "local"})
    environment = {**os.environ, "CDK_CONTEXT_JSON": context, "CDK_OUTDIR": str(tmp_path / "out")}

    done = subprocess.run(
        [sys.executable, ROOT / "app.py"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
