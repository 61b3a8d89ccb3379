"""Makes the runs of a comparison one after the other, and goes on where an earlier start ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from signpost.errors import SettingsError, TrainingInterrupted
from training.compare.execute import PROGRAM, execute
from training.compare.machine import machine
from training.compare.plan import Plan, PlannedRun
from training.compare.result import RunResult, read_result
from training.compare.sampler import INTERVAL_SECONDS
from training.data.download import md5_of
from training.machine import versions

_SETTING = "comparison.json"


class Setting(BaseModel):
    """What all runs of a folder share; figures from another setting are not mixed in.

    Attributes
    ----------
    recipe : dict
        All of it, in the form that is trained.
    workers : int
    data : dict of str to str
        MD5 of each archive by file name.
    machine, versions : dict of str to str
    """

    model_config = ConfigDict(frozen=True)

    recipe: dict[str, Any]
    workers: int
    data: dict[str, str]
    machine: dict[str, str]
    versions: dict[str, str]


def make_setting(plan: Plan, archives: Sequence[Path]) -> Setting:
    """Note the setting of a plan.

    Parameters
    ----------
    plan : Plan
    archives : sequence of Path
        That the recipe reads; a folder of pictures is known by its name, and its runs by their fingerprint.

    Returns
    -------
    Setting
    """
    data = {path.name: md5_of(path) if path.is_file() else "a folder" for path in archives}
    return Setting(
        recipe=plan.recipe.model_dump(mode="json"),
        workers=plan.workers,
        data=data,
        machine=machine(),
        versions=versions(),
    )


def open_folder(out: Path, setting: Setting) -> None:
    """Take a folder for a comparison.

    Parameters
    ----------
    out : Path
        New, empty, or of an earlier start.
    setting : Setting

    Raises
    ------
    SettingsError
        If it holds something else, or runs in another setting: what differs.
    """
    path = out / _SETTING
    if path.exists():
        try:
            before = Setting.model_validate_json(path.read_text())
        except ValidationError as error:
            raise SettingsError(f"{path} can't be read; give another --out") from error
        changed = [name for name in Setting.model_fields if getattr(before, name) != getattr(setting, name)]
        if changed:
            raise SettingsError(
                f"{out} holds runs with other settings ({'; '.join(_change(before, setting, n) for n in changed)}). "
                "They can't be compared with new ones: give another --out"
            )
        return
    if out.exists() and any(out.iterdir()):
        raise SettingsError(f"{out} is not empty and holds no comparison; give a new folder as --out")
    out.mkdir(parents=True, exist_ok=True)
    path.write_text(setting.model_dump_json(indent=2) + "\n")


def compare(
    plan: Plan,
    quick: bool,
    tell: Callable[[str], None],
    say: Callable[[str], None],
    program: Sequence[str] = PROGRAM,
    interval: float = INTERVAL_SECONDS,
) -> bool:
    """Make the runs that have no result yet; those that failed are tried again.

    Parameters
    ----------
    plan : Plan
    quick : bool
        Whether the program is to shorten the recipe itself.
    tell : callable
        Told what became of each run, one line at a time.
    say : callable
        Told each line of the processes.
    program : sequence of str
        The training program.
    interval : float
        Seconds between two samples.

    Returns
    -------
    bool
        False if a signal ended it before all runs were made. What was done is kept.
    """
    runs = plan.runs()
    fingerprints = {run.repeat: result.quality.fingerprint for run, result in _done(runs) if result.quality}
    for number, run in enumerate(runs, start=1):
        place = f"[{number}/{len(runs)}] {run}"
        earlier = read_result(run.folder)
        if earlier and earlier.quality:
            tell(f"{place}: kept from an earlier start")
            continue
        tell(f"{place}: {'failed before, once more' if earlier else 'started'} (seed {run.seed})")
        try:
            result = execute(plan, run, quick, say, program, interval)
        except TrainingInterrupted:
            tell(f"{place}: stopped; its figures don't count. The same command goes on from here")
            return False
        result = _same_data(result, fingerprints, run.folder)
        tell(f"{place}: {_outcome(result)}")
    return True


def results(plan: Plan) -> list[RunResult]:
    """Read what there is of the runs of a plan, in their order."""
    return [result for run in plan.runs() if (result := read_result(run.folder))]


def _done(runs: Sequence[PlannedRun]) -> list[tuple[PlannedRun, RunResult]]:
    found = [(run, read_result(run.folder)) for run in runs]
    return [(run, result) for run, result in found if result and result.quality]


def _same_data(result: RunResult, fingerprints: dict[int, str], folder: Path) -> RunResult:
    """Fail a run whose pictures or parts are not those of the same repeat's other runs."""
    if not result.quality:
        return result
    expected = fingerprints.setdefault(result.repeat, result.quality.fingerprint)
    if result.quality.fingerprint == expected:
        return result
    error = f"it trained on other data: fingerprint {result.quality.fingerprint}, the repeat's others have {expected}"
    failed = result.model_copy(update={"status": "failed", "error": error, "quality": None})
    failed.write(folder)
    return failed


def _outcome(result: RunResult) -> str:
    seconds = f"{result.usage.wall_seconds:.0f} s"
    if not result.quality:
        return f"failed after {seconds}: {result.error}"
    return f"{seconds}, {result.quality.accuracy:.1%} of {result.quality.test_pictures:,} test pictures right"


def _change(before: Setting, now: Setting, name: str) -> str:
    old, new = getattr(before, name), getattr(now, name)
    if not isinstance(old, Mapping):
        return f"{name}: {old} there, {new} now"
    keys = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return f"{name}, {keys[0]}: {str(old.get(keys[0]))[:60]} there, {str(new.get(keys[0]))[:60]} now"
