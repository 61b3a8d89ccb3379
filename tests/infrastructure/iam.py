"""Reads the policies out of templates in a form that people can compare.

`python -m tests.infrastructure.iam` writes the statements of every role to `iam_statements.json`, to be looked at
in a review.
"""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.infrastructure.synthesis import Synthesis, Template

RECORDED = Path(__file__).with_name("iam_statements.json")
_HASH = re.compile(r"(?<=\w)[0-9A-F]{8}\b")
_EXPORT = re.compile(r"(?:Ref|FnGetAtt)(.+?)[0-9A-F]{8}(\w*?)[0-9A-F]{8}")
_ASSET = re.compile(r"\b[0-9a-f]{64}\b")


def readable(value: Any) -> Any:
    """Write intrinsic functions as text, without the hashes in logical ids."""
    if isinstance(value, list):
        return [readable(item) for item in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((function, argument),) = value.items()
        if function in _READABLE:
            return _READABLE[function](argument)
    return {key: readable(item) for key, item in value.items()}


def _exported(name: str) -> str:
    """`storage:ExportsOutputFnGetAttIncoming1ED1B7CFArn37934DD9` is `<storage:Incoming.Arn>`."""
    stack, _, export = name.partition(":ExportsOutput")
    return f"<{stack}:{_EXPORT.sub(_resource, export)}>"


def _resource(found: re.Match[str]) -> str:
    return ".".join(part for part in found.groups() if part)


_READABLE: dict[str, Callable[[Any], str]] = {
    "Ref": lambda name: f"<{_HASH.sub('', name)}>",
    "Fn::GetAtt": lambda path: f"<{_HASH.sub('', path[0])}.{path[1]}>",
    "Fn::ImportValue": _exported,
    "Fn::Join": lambda parts: _ASSET.sub("<asset>", "".join(map(str, readable(parts[1])))),
    "Fn::Sub": lambda text: _ASSET.sub("<asset>", re.sub(r"\$\{([^}]+)\}", r"<\1>", text)),
}


def statements_of_roles(synthesis: Synthesis) -> dict[str, list[Template]]:
    """The statements of every role, those inside it and those of its policies, by the role's logical id."""
    found: dict[str, list[Template]] = {}
    for name, role in synthesis.resources("AWS::IAM::Role").items():
        inline = role["Properties"].get("Policies", [])
        found[_HASH.sub("", name)] = [s for policy in inline for s in policy["PolicyDocument"]["Statement"]]
    for policy in synthesis.resources("AWS::IAM::Policy").values():
        for role in policy["Properties"]["Roles"]:
            found[readable(role).strip("<>")] += policy["Properties"]["PolicyDocument"]["Statement"]
    return {name: [_statement(s) for s in statements] for name, statements in sorted(found.items())}


def _statement(statement: Template) -> Template:
    """One form for what may be written in several ways."""
    plain = readable(statement)
    for key in ("Action", "Resource"):
        value = plain[key]
        plain[key] = sorted(value) if isinstance(value, list) else [value]
    return plain


def main() -> None:
    """Record the statements of the committed settings on AWS."""
    from stacks.stage import aws_stage
    from tests.infrastructure.synthesis import committed_settings, synthesise

    with tempfile.TemporaryDirectory() as scratch:
        models = Path(scratch) / "models"
        models.mkdir()
        synthesis = synthesise(committed_settings(models), aws_stage(), Path(scratch) / "out")
    RECORDED.write_text(json.dumps(statements_of_roles(synthesis), indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
