"""The templates follow CloudFormation's schemas and the AWS Solutions rules."""

import subprocess
import sys
from pathlib import Path

from tests.infrastructure.synthesis import Synthesis

MARK = "AwsSolutions::AwsSolutions-"


def test_the_templates_are_valid_cloudformation(any_synthesis: Synthesis) -> None:
    linter = Path(sys.executable).with_name("cfn-lint")
    # W3005: the CDK writes a role's DependsOn out, though it follows from a reference as well.
    done = subprocess.run(
        [
            linter,
            "--regions",
            "us-east-1",
            "eu-central-1",
            "--ignore-checks",
            "W3005",
            "--",
            *map(str, any_synthesis.files),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_finding_of_the_rules_is_acknowledged(any_synthesis: Synthesis) -> None:
    open_findings = [
        f"{violation['ruleName']} at {construct['constructPath']}"
        for report in any_synthesis.report["pluginReports"]
        if report["pluginName"] == "AwsSolutions"
        for violation in report["violations"]
        for construct in violation["violatingConstructs"]
    ]
    assert open_findings == []


def test_the_cdks_own_validation_finds_no_error(any_synthesis: Synthesis) -> None:
    errors = [
        violation["description"]
        for report in any_synthesis.report["pluginReports"]
        if report["pluginName"] != "AwsSolutions"
        for violation in report["violations"]
        if violation["severity"] in ("error", "fatal")
    ]
    assert errors == []


def test_every_acknowledgement_says_why(any_synthesis: Synthesis) -> None:
    acknowledged = [
        violation
        for report in any_synthesis.report["pluginReports"]
        for violation in report.get("suppressedViolations", [])
        if violation["acknowledgedId"].startswith(MARK)
    ]
    assert acknowledged
    for violation in acknowledged:
        assert len(violation["reason"].split()) >= 4, violation["acknowledgedId"]
