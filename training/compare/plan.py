"""What is compared: which runs there are, in which order, and where each keeps its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from signpost.errors import SettingsError
from training.distribution import SINGLE, STRATEGIES
from training.recipe import Recipe

RESULT, SAMPLES, HISTORY, LOGS, PACKAGE = "result.json", "samples.csv", "history.jsonl", "logs", "package"


@dataclass(frozen=True)
class PlannedRun:
    """One run of one strategy.

    Attributes
    ----------
    strategy : str
    repeat : int
        From 1. Runs of the same repeat have the same seed, so the same pictures in the same parts.
    seed : int
    folder : Path
        Of its files.
    """

    strategy: str
    repeat: int
    seed: int
    folder: Path

    def __str__(self) -> str:
        """Name it in a sentence."""
        return f"{self.strategy}, repeat {self.repeat}"


@dataclass(frozen=True)
class Plan:
    """A comparison to be made.

    Attributes
    ----------
    recipe : Recipe
        In the form, whole or quick, that the runs train.
    strategies : tuple of str
        The first one is what the others are compared with.
    workers : int
        Workers of a strategy with many processes.
    repeats : int
        Runs of each strategy, each with another seed.
    data : Path or None
        Archive of the labels, or a folder of archives.
    out : Path
        Folder of the results.
    """

    recipe: Recipe
    strategies: tuple[str, ...]
    workers: int
    repeats: int
    data: Path | None
    out: Path

    def runs(self) -> list[PlannedRun]:
        """List the runs in order.

        Every repeat runs all strategies before the next one starts, each time beginning with another strategy. So a
        machine that grows slower or busier hits all of them.
        """
        return [
            self._run(self._turn(repeat, place), repeat) for repeat in range(self.repeats) for place in self._places
        ]

    @property
    def _places(self) -> range:
        return range(len(self.strategies))

    def _turn(self, repeat: int, place: int) -> str:
        return self.strategies[(repeat + place) % len(self.strategies)]

    def _run(self, strategy: str, repeat: int) -> PlannedRun:
        folder = self.out / "runs" / f"{strategy}-{repeat + 1}"
        return PlannedRun(strategy, repeat + 1, self.recipe.seed + repeat, folder)


def instances(strategy: str, workers: int) -> int:
    """Tell how many SageMaker instances a strategy takes: one a worker; the first also runs chief and server."""
    return 1 if strategy == SINGLE else workers


def parse_strategies(text: str) -> tuple[str, ...]:
    """Read a list of strategies.

    Parameters
    ----------
    text : str
        Names with commas between them.

    Raises
    ------
    SettingsError
        If one is unknown, or named twice.
    """
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in STRATEGIES]
    if unknown or not names or len(set(names)) < len(names):
        wrong = f"no strategy {unknown[0]!r}" if unknown else "each strategy can be named once, and one at least"
        raise SettingsError(f"--strategies {text}: {wrong}; allowed are {', '.join(STRATEGIES)}")
    return names
