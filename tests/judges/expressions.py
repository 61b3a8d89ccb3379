"""The JSONata expressions of the state machines, each with all that it is evaluated with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from tests.judges import samples
from tests.judges.every_machine import Machine

_NAMES = re.compile(r"\$([A-Za-z_]\w*)")
_PART = "$states."


@dataclass(frozen=True)
class Expression:
    """An expression of a machine.

    Attributes
    ----------
    text : str
        Without its ``{% %}``.
    field : str
        Name of the field that it belongs to, such as ``Condition``.
    calls : str
        What its state calls, such as ``sqs:sendMessage``; '' for other states.
    """

    text: str
    field: str
    calls: str

    def scopes(self) -> list[dict[str, Any]]:
        """Every combination of what it mentions."""
        choices: dict[str, list[Any]] = {
            "input": samples.INPUTS,
            "result": samples.RESULTS.get(self.calls, []),
            "errorOutput": samples.ERRORS,
            "context": samples.CONTEXTS,
        }
        parts = [part for part in choices if _PART + part in self.text]
        own = set(re.findall(r"\$(\w+) *:=", self.text)) | set(re.findall(r"function\(([^)]*)\)", self.text))
        names = [
            name for name in dict.fromkeys(_NAMES.findall(self.text)) if name in samples.VARIABLES and name not in own
        ]
        values = [choices[part] for part in parts] + [samples.VARIABLES[name] for name in names]
        return [
            {"states": dict(zip(parts, chosen, strict=False)), **dict(zip(names, chosen[len(parts) :], strict=True))}
            for chosen in product(*values)
        ]


def expressions(machine: Machine) -> Iterator[Expression]:
    """Every expression of a machine, those of its maps too."""
    for state in machine["States"].values():
        calls = state.get("Resource", "").removeprefix("arn:aws:states:::")
        for field, value in state.items():
            if field == "ItemProcessor":
                yield from expressions(value)
            else:
                yield from _of(value, field, calls)


def _of(value: Any, field: str, calls: str) -> Iterator[Expression]:
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _of(item, name, calls)
    elif isinstance(value, list):
        for item in value:
            yield from _of(item, field, calls)
    elif isinstance(value, str) and value.startswith("{%"):
        yield Expression(value.removeprefix("{%").removesuffix("%}"), field, calls)
