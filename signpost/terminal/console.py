"""The one construction of consoles and tables: nothing that is printed is wrapped, cropped or padded.

Identifiers, ARNs, paths and commands are copied from the output, and other programs read it. Lines that are longer than
a terminal are wrapped by the terminal, which inserts no line breaks.
"""

from __future__ import annotations

import rich.console
import rich.table
from rich.console import ConsoleOptions, RenderResult
from rich.markup import escape
from rich.segment import Segment

from signpost.terminal.printable import printable, printable_message

UNBOUNDED = 100_000


def make_console(*, stderr: bool = False) -> rich.console.Console:
    """Make a console.

    Parameters
    ----------
    stderr : bool
        Whether it prints on standard error instead of standard output.
    """
    return rich.console.Console(stderr=stderr, highlight=False, emoji=False, soft_wrap=True)


def plain(text: object) -> str:
    """Return a text of others as a console prints it literally: no markup, no control characters.

    Parameters
    ----------
    text : object
        A name, a path, a message.
    """
    return escape(printable(str(text)))


def plain_message(text: object) -> str:
    """Return an error's message or a log line as a console prints it literally; indented lines stay lines.

    Parameters
    ----------
    text : object
        The message.
    """
    return escape(printable_message(str(text)))


class Table(rich.table.Table):
    """A table without lines that is as wide as its content.

    Parameters
    ----------
    *columns : str
        Their headings.
    """

    def __init__(self, *columns: str) -> None:
        super().__init__(*columns, box=None, pad_edge=False)

    def __rich_console__(self, console: rich.console.Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, without the blanks that fill the last column."""
        found = super().__rich_console__(console, options.update(width=UNBOUNDED))
        for line in Segment.split_lines(part for part in found if isinstance(part, Segment)):
            while line and not line[-1].text.rstrip():
                line.pop()
            if line:
                yield from line[:-1]
                yield Segment(line[-1].text.rstrip(), line[-1].style)
            yield Segment.line()
