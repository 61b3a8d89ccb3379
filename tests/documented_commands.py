"""The commands of README.md and docs/, as they are written there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

_BLOCK = re.compile(r"^```(?:sh|bash)\n(.*?)^```", re.MULTILINE | re.DOTALL)
# What changes the shell for the commands below it.
_PREPARES = ("source ", "eval ")
# Why a command does not run in a test; all that begin with the text. Its options are checked all the same.
NOT_RUN = {
    "make demo": "runs in test_make_demo.py",
    "make test": "is this test run",
    "make .venv/": "has run: the tests need it",
    "make benchmark-": "takes from minutes to hours",
    "npm ci": "would replace node_modules while other tests use it; the deployment of the tests runs it where it must",
    "npx cdk": "needs an AWS account",
    "docker ": "needs Docker",
    "aws ": "needs the AWS command line",
    "git ": "changes the checkout",
    "signpost destroy": "deletes the app that the other tests use; test_destroy.py runs it",
    "signpost image": "needs an AWS account",
    "signpost capacity": "needs an AWS account",
    "signpost logs serialize --follow": "does not end",
    "signpost review": "does not end",
    "signpost serve": "does not end",
    "curl -H 'Content-Type: image/jpeg' --data-binary @photo.jpg http://127.0.0.1:8080": "needs `signpost serve`",
    "signpost shadow": "needs a shadow table in signpost.toml",
    "signpost train": "takes from minutes to hours and downloads data",
    "signpost data fetch": "needs the network",
    "signpost data inspect s3://BUCKET": "has a placeholder",
    "signpost capture show": "has a placeholder",
    "signpost model approve": "needs a registered model",
    "signpost model pull": "needs a registered model",
    "signpost evaluate --model models/vehicle --data cifar": "needs a downloaded data set",
}


@dataclass(frozen=True)
class Command:
    """A command of a document.

    Attributes
    ----------
    text : str
        It, with its comment; several lines if it is continued.
    before : tuple of str
        What its block says before it that changes the shell.
    document : str
        Path of the document.
    """

    text: str
    before: tuple[str, ...]
    document: str

    @property
    def why_not_run(self) -> str | None:
        """Reason from `NOT_RUN`; None for a command that runs."""
        if re.search(r"^signpost\b.* --aws\b(?!-)", self.text):
            return "needs an AWS account"
        return next((reason for start, reason in NOT_RUN.items() if self.text.startswith(start)), None)

    @property
    def parts(self) -> list[str]:
        """The commands that it is made of, without the comment."""
        plain = re.sub(r"\\\n\s*", " ", re.sub(r"\s+#.*", "", self.text))
        return [part.strip() for part in re.split(r"&&|;", plain)]


def documented_commands() -> list[Command]:
    """Return every command, in the order of the documents."""
    documents = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [command for document in documents for command in _commands(document)]


def _commands(document: Path) -> Iterator[Command]:
    for block in _BLOCK.findall(document.read_text(encoding="utf-8")):
        before: list[str] = []
        for line in re.sub(r"\\\n", "\0", block).splitlines():
            text = line.replace("\0", "\\\n")
            if text.strip() and not text.startswith("#"):
                yield Command(text, tuple(before), str(document.relative_to(ROOT)))
                if text.startswith(_PREPARES):
                    before.append(text)
