"""``signpost cost``: what each hosting costs at a rate of pictures."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.connection import settings
from cli.output import console
from signpost.cost import report
from signpost.cost.prices import AS_OF
from signpost.cost.report import Rows
from signpost.terminal.console import Table


def cost(
    rate: Annotated[float, typer.Option(help="Pictures a second, the mean of a day.")],
    classifier: Annotated[
        str | None,
        typer.Option(help="Whose endpoint sizes count.", show_default="the default classifier"),
    ] = None,
) -> None:
    """Say what each hosting costs at a rate of pictures, with the sums.

    Example: signpost cost --rate 0.1 --classifier vehicle
    """
    endpoint = settings().classifier(classifier).endpoint
    _show(f"Costs at {rate:g} a second", report.overview(endpoint, rate))
    _say(
        f"Estimates from list prices of {AS_OF} in us-east-1, not from a bill;"
        " signpost/cost/prices.py has each source.",
        "docs/cost.md says what is counted, what is left out and which curve the day has.",
    )
    _show("Break-even points", report.break_even_rows(endpoint))
    _show(f"Against an existing project, {rate:g} a second, flat", report.comparison_rows(endpoint, rate))
    _say(*report.remarks(endpoint, rate))
    _show(f"Sums, {rate:g} a second, flat", report.sum_rows(endpoint, rate))


def _say(*lines: str) -> None:
    for line in lines:
        console.print(line, markup=False)
    console.print()


def _show(title: str, rows: Rows) -> None:
    """Print a table; a row without its second cell is a sum."""
    (first, *others), *body = rows
    table = Table()
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right")
    for row in body:
        table.add_row(*row, style=None if row[1] else "bold")
    console.print(f"[bold]{title}[/]\n")
    console.print(table)
    console.print()
