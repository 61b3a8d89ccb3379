"""The templates follow CloudFormation's schemas and the AWS Solutions rules."""

import copy
import json
import subprocess
import sys
from pathlib import Path

from stepfunctions.__main__ import machines
from tests.infrastructure.synthesis import Synthesis, committed_settings

MARK = "AwsSolutions::AwsSolutions-"


def lint(*files: Path) -> subprocess.CompletedProcess[str]:
    linter = Path(sys.executable).with_name("cfn-lint")
    # W3005: the CDK writes a role's DependsOn out, though it follows from a reference as well.
    options = ["--regions", "us-east-1", "eu-central-1", "--ignore-checks", "W3005", "--"]
    return subprocess.run([linter, *options, *map(str, files)], capture_output=True, text=True, check=False)


def test_the_templates_are_valid_cloudformation(any_synthesis: Synthesis) -> None:
    done = lint(*any_synthesis.files)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_linter_reads_the_definitions_of_state_machines(on_aws: Synthesis, tmp_path: Path) -> None:
    resources = on_aws.resources("AWS::StepFunctions::StateMachine")
    assert len(resources) == 4
    for name, machine in resources.items():
        wrong = copy.deepcopy(machine["Properties"]["Definition"])
        next(state for state in wrong["States"].values() if state["Type"] == "Task")["TimeoutSecond"] = 5
        properties = {"RoleArn": "arn:aws:iam::111122223333:role/machine", "Definition": wrong}
        resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": properties}
        template = tmp_path / f"{name}.template.json"
        template.write_text(json.dumps({"Resources": {"Machine": resource}}))
        assert "Did you mean 'TimeoutSeconds'?" in lint(template).stdout


def test_the_templates_hold_the_machines_as_they_were_built(on_laptop: Synthesis, tmp_path: Path) -> None:
    # The CDK drops what is null or empty in some places.
    built = machines(committed_settings(tmp_path)).values()
    found = [m["Properties"]["Definition"] for m in on_laptop.resources("AWS::StepFunctions::StateMachine").values()]
    for machine in built:
        assert machine in found


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
