"""Writes what a comparison found: one HTML page, its tables as Markdown, and the CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template

import psutil

from training.compare.comparison import Setting, results
from training.compare.costs import Job
from training.compare.files import write_runs, write_samples
from training.compare.plan import Plan
from training.compare.plots import plot_accuracy, plot_means, plot_usage
from training.compare.result import RunResult
from training.compare.summary import Findings, summarise
from training.compare.tables import Table, tables
from training.compare.wording import listing
from training.compare.words import READING, words

_TEMPLATE = Path(__file__).with_name("report.html")


@dataclass(frozen=True)
class View:
    """How the runs are looked at; changing it needs no new run.

    Attributes
    ----------
    target : float
        Validation accuracy that the time is given to.
    instance_type : str
        By whose price measured runs are costed.
    jobs : tuple of Job
        SageMaker jobs that replace measured seconds.
    left_out : tuple of str
        What is to be said of jobs that don't count.
    command : str
        That made the report.
    """

    target: float
    instance_type: str
    jobs: tuple[Job, ...]
    left_out: tuple[str, ...]
    command: str


def write_report(plan: Plan, setting: Setting, view: View) -> list[str]:
    """Write ``report.html``, ``report.md``, ``runs.csv`` and ``samples.csv`` from the runs that there are.

    Parameters
    ----------
    plan : Plan
    setting : Setting
    view : View

    Returns
    -------
    list of str
        The paragraphs that say what the figures say.
    """
    found = results(plan)
    findings = _findings(plan, found, view)
    paragraphs = [*words(findings, psutil.cpu_count() or 1), *_open(plan, len(found)), *view.left_out]
    shown = tables(findings)
    page = Template(_TEMPLATE.read_text()).substitute(
        title=escape(_title(plan)),
        subtitle=escape(_subtitle(plan, setting)),
        reading=escape(READING),
        words="\n".join(f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs),
        tables="\n".join(_html(table) for table in shown),
        figures=_figures(plan, findings),
        setting=_setting(setting),
        command=escape(view.command),
    )
    (plan.out / "report.html").write_text(page)
    (plan.out / "report.md").write_text(_markdown(plan, setting, view, paragraphs, shown))
    write_runs(plan.out / "runs.csv", found, view.target)
    write_samples(plan.out / "samples.csv", plan)
    return paragraphs


def _findings(plan: Plan, found: Sequence[RunResult], view: View) -> Findings:
    summaries = [
        summarise(
            strategy,
            found,
            target=view.target,
            workers=plan.workers,
            instance_type=view.instance_type,
            jobs=view.jobs,
        )
        for strategy in plan.strategies
    ]
    failed = tuple(result for result in found if not result.quality)
    return Findings(plan.strategies, tuple(one for one in summaries if one), failed, view.target)


def _markdown(plan: Plan, setting: Setting, view: View, paragraphs: Sequence[str], shown: Sequence[Table]) -> str:
    parts = [
        f"# {_title(plan)}",
        _subtitle(plan, setting),
        READING,
        *paragraphs,
        *(table.markdown() for table in shown),
    ]
    parts += [f"Machine: {_pairs(setting.machine)}. Versions: {_pairs(setting.versions)}.", f"```\n{view.command}\n```"]
    return "\n\n".join(parts) + "\n"


def _title(plan: Plan) -> str:
    return f"Training {plan.recipe.name}: one process or many"


def _subtitle(plan: Plan, setting: Setting) -> str:
    form = "quick form of the recipe" if plan.recipe.shortened else "whole recipe"
    return (
        f"{listing(plan.strategies)}; {plan.workers} workers where there are many processes; {plan.repeats} repeats; "
        f"{form}; {', '.join(setting.data)}."
    )


def _open(plan: Plan, found: int) -> list[str]:
    missing = len(plan.runs()) - found
    return [f"{missing} of {len(plan.runs())} runs were not made yet; the same command makes them."] if missing else []


def _html(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    rows = "\n".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{_cell(text)}</td>" for text in rest)}</tr>'
        for first, *rest in table.rows
    )
    return (
        f'<section><h2>{escape(table.title)}</h2>\n<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(table.title)}"><table><thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n'
        f'<p class="faint">{escape(table.note)}</p></section>'
    )


def _cell(text: str) -> str:
    """Put an interval on a line of its own."""
    mean, bracket, bounds = text.partition(" (")
    return f"{escape(mean)}<br><span>{escape(bounds.removesuffix(')'))}</span>" if bracket else escape(text)


def _figures(plan: Plan, findings: Findings) -> str:
    there, target = findings.summaries, findings.target
    if not there:
        return ""
    names = listing([one.strategy for one in there])
    means = (
        f"Wall time of a run and accuracy on the test part, of {names}. The table of time and quality has the figures."
    )
    way = f"Accuracy on validation over training time: a line for each run of {names}, and the target {target:.0%}."
    usage = f"CPU and memory of each process, and loopback traffic, over time in one run of each: {names}."
    return "\n".join(
        (
            _figure(
                "Time and accuracy", plot_means(there, means), "Ring: a run. Tick and bar: mean and its 95 % interval."
            ),
            _figure("Accuracy on the way", plot_accuracy(there, target, way), "On validation. Each line is a run."),
            _figure(
                "CPU, memory and network over time",
                plot_usage(plan, there, usage),
                "One run of each strategy, by process. Loopback traffic is that of the whole machine.",
            ),
        )
    )


def _figure(title: str, svg: str, caption: str) -> str:
    return (
        f'<section><h2>{escape(title)}</h2><figure>\n<div class="scroll" tabindex="0" role="region" '
        f'aria-label="{escape(title)}">{svg}</div>\n<figcaption>{escape(caption)}</figcaption></figure></section>'
    )


def _setting(setting: Setting) -> str:
    data = ", ".join(f"{name} (MD5 {digest})" for name, digest in setting.data.items())
    parts = (("Machine", _pairs(setting.machine)), ("Versions", _pairs(setting.versions)), ("Data", data))
    return "\n".join(f"<p><strong>{name}.</strong> {escape(text)}</p>" for name, text in parts)


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values.items())
