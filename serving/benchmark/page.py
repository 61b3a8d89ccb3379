"""Writes ``docs/serving-benchmark.md`` from what was measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from serving.benchmark.servers import KINDS, NAMES, OURS, RIVALS, ROOT
from serving.benchmark.verdicts import Verdict, judge, resident, value

Figures = dict[str, Any]
_TRIAL = "\n**This is a trial of the command, and its figures are no results.**\n"


def write_page(figures: Figures, page: Path) -> None:
    """Write the page.

    Parameters
    ----------
    figures : dict
        What `measure_all` found, and ``machine``, ``pictures``, ``versions``, ``not_installed``, ``seconds``,
        ``rounds``, ``trial``, ``command`` and ``date``.
    page : Path
    """
    verdicts = judge(figures)
    parts = [_head(figures, verdicts), _targets(verdicts), *_raw(figures), _memory(figures), _versions(figures)]
    page.write_text("\n".join(parts))


def _head(f: Figures, verdicts: Sequence[Verdict]) -> str:
    reached, lost, missing = (sum(v.word == word for v in verdicts) for word in ("reached", "LOSS", "not measured"))
    unknown = f", {missing} could not be measured" if missing else ""
    lines = "\n".join(f"- {kind}: {_picture(p)}." for kind, p in f["pictures"].items())
    bounds = ", ".join(f"{kind} {median(rates):,.0f}" for kind, rates in f["bound"].items())
    others = [
        one["other_cores"] for s in f["servers"].values() for rounds in s["loads"].values() for one in rounds
    ] or [0]
    return f"""# The model server beside others

Signpost's model server and others answer the same pictures with the same model package (vehicle {f["model"]}) on the
same machine, in one run of `{f["command"]}` on {f["date"]}: {f["machine"]["processor"]}, {f["machine"]["cores"]} cores,
revision `{f["git_revision"]}`. {reached} targets are reached, {lost} are lost{unknown}.
`docs/serving-benchmark.json` holds every figure of every round.
{_TRIAL if f["trial"] else ""}
How it is measured:

- One server runs at a time, with as many worker processes as there are cores. wrk {f["machine"]["wrk"]} runs on the
  same cores: {f["seconds"]} s a load after a second of warm-up, rounds: {f["rounds"]}, in which the servers take turns.
  Figures are medians of the rounds, the smallest and largest in brackets.
- wrk has one thread and keeps its connections open. (gunicorn closes each after its answer; wrk opens another and does
  not count that time.) It sends its next request when the last is answered: latencies are those of patient callers.
- Every picture's answer is compared with the predictor's own, before and after the loads: the same label, and for
  LiteRT the same probabilities. A request that is refused, broken or timed out voids its figure.
- LiteRT: the package's `model.tflite` with Signpost's own decoder and predictor, whichever the server. SavedModel: the
  graph exported from the package's `model.keras`, TensorFlow with one thread a worker, decoded by Pillow as usual.
- Each of the others is a small application as its documentation has it, set up to be quick: raw JPEG in, no access log.
  Where a ratio is given, the best figure of the others counts, whichever of them it is.
- The bound is the decoder and the bare interpreter in a loop, in as many processes as there are cores, in
  pictures a second: {bounds}. What wrk leaves of it is the share of the cores that wrk does not take itself.
- What else ran on the machine took {_number(median(others))} cores in the median load and
  {_number(max(others))} in the worst.
- Memory is that of all processes of a server (PSS: a shared page counts once), after the load that left most of it.

Pictures, drawn by the project:

{lines}
"""


def _picture(p: Figures) -> str:
    low, high = p["sides"]
    return f"{p['count']} JPEGs of {p['bytes'][0]:,} to {p['bytes'][-1]:,} bytes, sides of {low:,} to {high:,} pixels"


def _targets(verdicts: Iterable[Verdict]) -> str:
    rows = [
        [v.what, _number(v.ours), f"{_number(v.theirs)} ({v.whose})", _ratio(v.ratio), _needed(v), _bold(v.word)]
        for v in verdicts
    ]
    table = _table(("figure", "Signpost", "best of the others, or bound", "ratio", "target", "verdict"), rows)
    return f"## Targets\n\nRatio is Signpost ÷ the other.\n\n{table}\n"


def _raw(f: Figures) -> list[str]:
    heads = ("server", "model", "concurrency", "requests/s", "p50 ms", "p99 ms", "server cores", "wrk cores", "PSS MB")
    parts = []
    for picture in f["pictures"]:
        loads = sorted(
            {load for s in f["servers"].values() for load in s["loads"] if load.startswith(picture)}, key=_count
        )
        rows = [[*_who(key), load.split("/")[1], *_cells(f, key, load)] for key in f["servers"] for load in loads]
        parts.append(f"## Figures: {picture} pictures\n\n{_table(heads, rows)}\n")
    return parts


def _cells(f: Figures, key: str, load: str) -> list[str]:
    if value(f, key, load, "rate") is None:
        return [_why(f, key, load), "", "", "", "", ""]
    rounds = f["servers"][key]["loads"][load]
    spread = [_spread([one[figure] for one in rounds]) for figure in ("rate", "p50_ms", "p99_ms")]
    return [*spread, *(_number(value(f, key, load, figure)) for figure in ("server_cores", "wrk_cores", "pss_mb"))]


def _why(f: Figures, key: str, load: str) -> str:
    server = f["servers"][key]
    if "failed" in server:
        return f"not measured: {server['failed']}"
    faults = [one["faults"] for one in server["loads"].get(load, []) if one["faults"]]
    return f"void: {faults[0]}" if faults else "not measured"


def _memory(f: Figures) -> str:
    rows = []
    for key, server in f["servers"].items():
        pss = resident(f, key)
        share = resident(f, f"{OURS}/litert")
        ratio = share / pss if share and pss else None
        starts = _spread(server["startup_s"]) if server["startup_s"] else "not measured"
        rows.append([*_who(key), _number(pss), _number(resident(f, key, "rss_mb")), _ratio(ratio), starts])
    heads = ("server", "model", "PSS MB", "RSS MB", "Signpost's PSS ÷ this", "seconds to the first answer")
    return f"## Memory and start\n\n{_table(heads, rows)}\n"


def _versions(f: Figures) -> str:
    lines = [
        f"- {NAMES[name]}: {', '.join(f'{package} {version}' for package, version in found.items())}; "
        f"{'`python -m serving`' if name == OURS else f'`{(RIVALS / name).relative_to(ROOT)}`'}"
        for name, found in f["versions"].items()
    ]
    lines += [f"- {NAMES[name]}: not installed, so not measured: {why}" for name, why in f["not_installed"].items()]
    return f"## Versions\n\nPython {f['machine']['python']}, {f['machine']['system']}.\n\n" + "\n".join(lines) + "\n"


def _who(key: str) -> tuple[str, str]:
    name, kind = key.split("/")
    return NAMES[name], KINDS["litert" if kind == "litert" else "savedmodel"]


def _count(load: str) -> int:
    return int(load.split("/")[1])


def _needed(v: Verdict) -> str:
    return f"at least {v.least:g}" if v.least is not None else f"at most {v.most:.3g}"


def _bold(word: str) -> str:
    return f"**{word}**" if word == "LOSS" else word


def _ratio(ratio: float | None) -> str:
    return "not measured" if ratio is None else f"{ratio:.3f}"


def _spread(numbers: Sequence[float]) -> str:
    return f"{_number(median(numbers))} ({_number(min(numbers))} to {_number(max(numbers))})"


def _number(number: float | None) -> str:
    if number is None:
        return "not measured"
    return f"{number:,.0f}" if number >= 100 else f"{number:.1f}" if number >= 10 else f"{number:.2f}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))
