"""The training program in a SageMaker container: ``python -m training.container train``.

Reads and writes what SageMaker's contract for training containers says, under ``/opt/ml`` or the folder that
SIGNPOST_ML_ROOT names. The container's first process starts the processes of the strategy on its host and watches them.
"""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import DatasetError, SettingsError, SignpostError, TrainingInterrupted
from signpost.validation import explain
from training.data.corrected import read_corrected_set
from training.data.locate import locate
from training.distribution import SINGLE, STRATEGIES
from training.distribution.cluster import Hosts, link_address, members, read_hosts
from training.distribution.link import FirstHost, OtherHost
from training.distribution.processes import INTERRUPTED, Processes, ProcessKilledError
from training.recipe import Recipe, load_recipe

_REASON_CHARACTERS = 1024  # of FailureReason
_TERMINATED = 143  # 128 + SIGTERM, as a shell reports it


class Hyperparameters(BaseModel):
    """``hyperparameters.json``: every value comes as a string.

    Attributes
    ----------
    classifier : str
        Name of the recipe.
    strategy : str
    quick : bool
        Whether to take a sixteenth of the steps.
    seed : int or None
        Another seed than the recipe's.
    steps : int or None
        Batches of fine-tuning instead of the recipe's; pretraining changes by the same factor.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    classifier: str
    strategy: str = Field(default=SINGLE, pattern=f"^({'|'.join(STRATEGIES)})$")
    quick: bool = False
    seed: int | None = Field(default=None, ge=0)
    steps: int | None = Field(default=None, gt=0)

    def recipe(self) -> Recipe:
        """Give the recipe with these changes."""
        recipe = load_recipe(self.classifier)
        recipe = recipe.quick() if self.quick else recipe
        recipe = recipe.with_steps(self.steps / recipe.fine_tuning.steps) if self.steps else recipe
        return recipe.model_copy(update={"seed": self.seed}) if self.seed is not None else recipe


def main(arguments: list[str]) -> int:
    """Run the container's command.

    Parameters
    ----------
    arguments : list of str
        ``train``; the processes that it starts get ``process``.

    Returns
    -------
    int
        0; 1 after a failure, whose reason lies in ``output/failure``; another number after a signal to stop.
    """
    if arguments not in (["train"], ["process"]):
        print("usage: python -m training.container train", file=sys.stderr)  # noqa: T201 - a command's output
        return 2
    root, supervises = Path(os.environ.get("SIGNPOST_ML_ROOT", "/opt/ml")), arguments == ["train"]
    if supervises:
        (root / "output/failure").unlink(missing_ok=True)
    try:
        (_supervise if supervises else _process)(root)
    except TrainingInterrupted as interruption:
        _say(str(interruption))
        return _TERMINATED if supervises else INTERRUPTED
    except ProcessKilledError as error:
        return _fail(root, str(error), is_cause=True)
    except SignpostError as error:
        return _fail(root, str(error))
    except Exception as error:
        _fail(root, f"{type(error).__name__}: {error}")
        raise  # the trace is for the log
    return 0


def _supervise(root: Path) -> None:
    """Run this host's processes until the chief has ended, here or on the first host."""
    settings, hosts = _hyperparameters(root), read_hosts(root / "input/config/resourceconfig.json")
    addresses = hosts.addresses(os.environ)
    everyone = members(settings.strategy, addresses)
    settings.recipe()  # a wrong one fails here, before any process starts
    with ExitStack() as stack:
        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="signpost-training-"))
        link = stack.enter_context(_link(hosts, addresses[0])) if len(addresses) > 1 else None
        group = stack.enter_context(Processes(Path(scratch) / "logs", _say))
        for member in everyone:
            if member.host == hosts.number:
                group.start(member, [sys.executable, "-m", "training.container", "process"], {"TMPDIR": scratch})
        group.watch(link)


def _link(hosts: Hosts, first: str) -> FirstHost | OtherHost:
    address = link_address(first)
    return OtherHost(address, hosts.current_host) if hosts.number else FirstHost(address, hosts.ordered[1:])


def _process(root: Path) -> None:
    """Run the training program as one of the processes."""
    settings, output = _hyperparameters(root), root / "output/data"
    recipe, channels, checkpoints = settings.recipe(), root / "input/data", root / "checkpoints"
    archive, related = locate(recipe.data, channels / "data", _not_in_channel)
    size, images = (recipe.data.width, recipe.data.height), channels / "corrected"
    from training.program import Run, run  # TensorFlow takes seconds to load; what came so far needs none

    for folder in (root / "model", output, checkpoints):
        folder.mkdir(parents=True, exist_ok=True)
    task = Run(
        recipe,
        archive,
        related,
        out=root / "model",
        strategy=settings.strategy,
        checkpoints=checkpoints,
        evaluation=output / "evaluation.npz",
        history=output / "history.jsonl",
        corrected=partial(read_corrected_set, images, *size, progress=_say) if images.is_dir() else None,
    )
    run(task, _say)


def _hyperparameters(root: Path) -> Hyperparameters:
    path = root / "input/config/hyperparameters.json"
    try:
        return Hyperparameters.model_validate_json(path.read_text())
    except OSError as error:
        raise SettingsError(f"{path} can't be read: {error.strerror}") from error
    except ValidationError as error:
        wrong = explain(error.errors(), "the file")
        allowed = ", ".join(Hyperparameters.model_fields)
        raise SettingsError(f"hyperparameters are wrong: {wrong}. Allowed are {allowed}") from error


def _not_in_channel(name: str) -> Path:
    raise DatasetError(f"{name} is not in the channel `data`; the recipe names it")


def _fail(root: Path, reason: str, is_cause: bool = False) -> int:
    """Write the reason down; only what is the cause for sure replaces what another process has written."""
    _say(f"error: {reason}")
    path = root / "output/failure"
    if is_cause or not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(reason[:_REASON_CHARACTERS])
    return 1


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - the job's log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
