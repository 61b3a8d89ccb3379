"""Asks an endpoint known pictures again and again, and counts what it gets wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from signpost.errors import EndpointRefused, EndpointUnwell
from signpost.model.known_pictures import KnownPicture
from signpost.routing.contracts import Answer

Ask = Callable[[bytes], Answer]


def watch(
    pictures: Sequence[KnownPicture],
    ask: Ask,
    report: Callable[[list[str]], None],
    updating: Callable[[], bool],
    *,
    seconds: float,
    pause: float,
) -> int:
    """Ask until the update is over.

    Parameters
    ----------
    pictures : sequence of KnownPicture
        What to ask.
    ask : callable
        Takes a PNG, gives the endpoint's answer.
    report : callable
        Takes, after each round, one sentence for each wrong answer.
    updating : callable
        Whether the update still goes on.
    seconds : float
        When to give up, though it does.
    pause : float
        Seconds between two rounds.

    Returns
    -------
    int
        Wrong answers of the worst round.
    """
    end, worst = time.monotonic() + seconds, 0
    while True:
        wrong = wrong_answers(pictures, ask)
        report(wrong)
        worst = max(worst, len(wrong))
        if not updating() or time.monotonic() + pause > end:
            return worst
        time.sleep(pause)


def wrong_answers(pictures: Sequence[KnownPicture], ask: Ask) -> list[str]:
    """Ask each picture once.

    Parameters
    ----------
    pictures : sequence of KnownPicture
        What to ask.
    ask : callable
        Takes a PNG, gives the endpoint's answer.

    Returns
    -------
    list of str
        One sentence for each wrong answer. No answer at all is none of them: the alarm on errors counts it.
    """
    wrong = []
    for picture in pictures:
        try:
            answer = ask(picture.png)
        except EndpointUnwell:
            continue
        except EndpointRefused as error:
            wrong.append(f"{picture.name}: {error}")
            continue
        found = answer.predictions[0]
        # How sure it is does not count: a better model may be less sure of a drawing.
        if found.label != picture.label:
            wrong.append(f"{picture.name}: {answer.model.version} says {found.label} ({found.confidence:.1%})")
    return wrong
