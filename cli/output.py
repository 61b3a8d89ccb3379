"""What the terminal shows: steps with their time, decisions as a table, a summary per route."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from signpost.routing.contracts import Outcome
from signpost.terminal.console import make_console, plain
from signpost.terminal.printable import printable

console = make_console()
errors = make_console(stderr=True)
REPORT_SECONDS = 10
Report = Callable[[str], None]
_COLOURS = {Outcome.ROUTED: "green", Outcome.REVIEW: "yellow", Outcome.REJECTED: "red"}


@contextmanager
def step(title: str) -> Iterator[Report]:
    """Show that work is in progress, its latest line, and at the end how long it took.

    Parameters
    ----------
    title : str
        What is done.

    Yields
    ------
    callable
        Takes the latest line. A terminal shows it at once, a pipe gets one every ten seconds.
    """
    started = time.monotonic()
    with _spinner(title) if console.is_terminal else _regular_lines(title) as report:
        yield report
    console.print(f"[green]✓[/] {title} [dim]({time.monotonic() - started:.1f} s)[/]")


@contextmanager
def _spinner(title: str) -> Iterator[Report]:
    with console.status(title) as status:
        yield lambda line: status.update(f"{title} [dim]{plain(line[: console.width - len(title) - 8])}[/]")


@contextmanager
def _regular_lines(title: str) -> Iterator[Report]:
    started, latest, ended = time.monotonic(), [""], threading.Event()

    def repeat() -> None:
        while not ended.wait(REPORT_SECONDS):
            console.print(f"  {time.monotonic() - started:.0f} s  {plain(latest[0])}".rstrip())

    reporter = threading.Thread(target=repeat, daemon=True)
    console.print(f"{title} …")
    reporter.start()
    try:
        yield lambda line: latest.__setitem__(0, line)
    finally:
        ended.set()
        reporter.join()


def show_pairs(title: str, rows: Sequence[tuple[str, str]]) -> None:
    """Print names and values in two columns, the values whole, so that they can be copied."""
    width = max((len(name) for name, _ in rows), default=0)
    if title:
        console.print(f"[bold]{title}[/]")
    for name, value in rows:
        console.print(f"{name:<{width}}  {printable(value)}", markup=False)
