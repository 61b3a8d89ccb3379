"""Output of routed images: a line each as they end, the progress, and a summary."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import typer

from cli.output import REPORT_SECONDS, console, errors
from signpost.aws.routing_run import Routed
from signpost.errors import RoutingFault
from signpost.routing.contracts import Decision, Outcome
from signpost.settings.file import Settings
from signpost.terminal.console import Table, plain
from signpost.terminal.printable import printable

_COLOURS = {Outcome.ROUTED: "green", Outcome.REVIEW: "yellow", Outcome.REJECTED: "red"}
_WIDEST_NAME = 40
_NAMED = 20


class DecisionLines:
    """Decisions as they come.

    Parameters
    ----------
    files : sequence of Path
        All that are routed.
    settings : Settings
        Whose labels and routes are printed.
    as_json : bool
        Whether each is a JSON object.
    """

    def __init__(self, files: Sequence[Path], settings: Settings, as_json: bool) -> None:
        self._total, self._as_json = len(files), as_json
        self.failed: list[Routed] = []
        self.counts: Counter[str] = Counter()
        labels = [label for classifier in settings.classifiers.values() for label in classifier.route_of]
        self._name = min(_WIDEST_NAME, max(len(printable(path.name)) for path in files))
        self._label = max(map(len, labels))

    def show(self, routed: Routed) -> None:
        """Print an image's line."""
        result = routed.result
        if isinstance(result, Decision):
            self.counts[result.route or result.outcome] += 1
        else:
            self.counts["fault" if isinstance(result, RoutingFault) else "error"] += 1
            self.failed.append(routed)
        if not self._as_json:
            console.print(self._line(routed))
        elif isinstance(result, Decision):
            typer.echo(json.dumps({**result.model_dump(mode="json"), "source": str(routed.path)}))
        else:
            kind = "fault" if isinstance(result, RoutingFault) else "error"
            typer.echo(json.dumps({"source": str(routed.path), kind: _reason(routed)}), err=True)

    def _line(self, routed: Routed) -> str:
        name, result = plain(f"{printable(routed.path.name):<{self._name}}"), routed.result
        if not isinstance(result, Decision):
            kind = "fault" if isinstance(result, RoutingFault) else "error"
            return f"{name}  [red]{kind}[/]  {plain(_reason(routed))}"
        sure = f"{result.confidence:.1%}" if result.confidence is not None else ""
        label = f"{result.label or '':<{self._label}}"
        to = f"[dim]{result.reason.code}[/]" if result.reason else result.route
        outcome = f"[{_COLOURS[result.outcome]}]{result.outcome:<8}[/]"
        return f"{name}  {plain(label)}  {sure:>6}  {outcome}  {routed.elapsed_ms:>6,.0f} ms  {to}"

    def show_summary(self) -> None:
        """Print how many went where, and name what failed."""
        missing = self._total - self.counts.total()
        if self._as_json:
            if missing or self.failed:
                typer.echo(json.dumps({"counts": self.counts, "not_begun": missing}), err=True)
            return
        summary = Table("where to", "images")
        for place, count in sorted(self.counts.items()):
            summary.add_row(place, f"{count:,}")
        if missing:
            summary.add_row("not begun", f"{missing:,}")
        console.print()
        console.print(summary)
        for routed in self.failed[:_NAMED]:
            errors.print(f"[red]not decided[/] {plain(routed.path)}: {plain(_reason(routed))}")
        if len(self.failed) > _NAMED:
            errors.print(f"… and {len(self.failed) - _NAMED:,} more; --json names them all")


def _reason(routed: Routed) -> str:
    error = routed.result
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)


class ProgressLine:
    """Progress of a run: on a terminal one line that changes, in a pipe a line every ten seconds; on standard error.

    Parameters
    ----------
    total : int
        Images in all.
    """

    def __init__(self, total: int) -> None:
        self._total, self._done, self._started = total, 0, time.monotonic()
        self._printed = self._started

    def clear(self) -> None:
        """Make room for other output."""
        if errors.is_terminal:
            errors.file.write("\r\x1b[2K")
            errors.file.flush()

    def add(self) -> None:
        """Count an image that has ended."""
        self._done += 1
        now = time.monotonic()
        if errors.is_terminal:
            errors.file.write(self._text(now)[: errors.width - 1])
            errors.file.flush()
        elif now - self._printed >= REPORT_SECONDS:
            self._printed = now
            errors.print(self._text(now))

    def _text(self, now: float) -> str:
        rate = self._done / max(now - self._started, 1e-3)
        minutes, seconds = divmod((self._total - self._done) / rate, 60)
        done = f"{self._done:,} of {self._total:,} images, {rate:.1f} a second"
        return f"{done}, {minutes:.0f} min {seconds:.0f} s left"
