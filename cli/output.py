"""What the terminal shows: steps with their time, decisions as a table, a summary per route."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from signpost.errors import RoutingFault
from signpost.routing.contracts import Decision, Outcome
from signpost.terminal.console import Table, make_console, plain
from signpost.terminal.printable import printable

console = make_console()
errors = make_console(stderr=True)
_COLOURS = {Outcome.ROUTED: "green", Outcome.REVIEW: "yellow", Outcome.REJECTED: "red"}


@contextmanager
def step(title: str) -> Iterator[Step]:
    """Show that something is under way, its latest line, and in the end how long it took."""
    started = time.monotonic()
    if not console.is_terminal:
        console.print(f"{title} …")
    with console.status(title) as status:
        yield Step(title, status.update)
    console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")


class Step:
    """A step under way."""

    def __init__(self, title: str, update: Callable[[str], None]) -> None:
        self._title, self._update = title, update

    def say(self, line: str) -> None:
        """Show the latest line of what is under way."""
        self._update(f"{self._title} [dim]{plain(line[: console.width - len(self._title) - 8])}[/]")


class DecisionTable:
    """Decisions as they come, one row a picture."""

    def __init__(self) -> None:
        self._table = Table("picture", "label", "confidence", "outcome", "route", "ms")
        self._routes: Counter[str] = Counter()

    def add(self, path: Path, result: Decision | RoutingFault, elapsed_ms: float) -> None:
        """Add a picture's row."""
        if isinstance(result, RoutingFault):
            self._routes["fault"] += 1
            self._table.add_row(plain(path.name), "", "", "[red]fault[/]", plain(result), f"{elapsed_ms:.0f}")
            return
        self._routes[result.route or result.outcome] += 1
        why = f"[dim]{result.reason.code}[/]" if result.reason else result.route
        sure = f"{result.confidence:.1%}" if result.confidence is not None else ""
        outcome = f"[{_COLOURS[result.outcome]}]{result.outcome}[/]"
        self._table.add_row(plain(path.name), result.label or "", sure, outcome, why, f"{elapsed_ms:.0f}")

    def show(self) -> None:
        """Print the table and the summary per route."""
        console.print(self._table)
        console.print()
        summary = Table("where to", "pictures")
        for route, count in sorted(self._routes.items()):
            summary.add_row(route, str(count))
        console.print(summary)


def show_pairs(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns, the values whole, so that they can be copied."""
    width = max((len(name) for name, _ in rows), default=0)
    if title:
        console.print(f"[bold]{title}[/]")
    for name, value in rows:
        console.print(f"{name:<{width}}  {printable(value)}", markup=False)
