"""The costs as text: the rows of tables and the sentences that ``signpost cost`` and docs/cost.md show."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from signpost.cost import prices
from signpost.cost.break_even import ASKED_SHARE, break_evens, cheapest, fifths
from signpost.cost.existing import INSTANCE, TRANSITIONS, existing
from signpost.cost.model import DAY, FLAT, HOSTINGS, Cost, cost, largest_rate
from signpost.cost.pricing import Term, total
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting

Rows = list[list[str]]
_EXISTING = "existing project"
_SHAPES = {"flat load": FLAT, "day's curve": DAY}


def overview(endpoint: EndpointSettings, rate: float) -> Rows:
    """Return a row for each hosting, and one for an existing project.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.
    rate : float
        Mean of pictures a second.

    Returns
    -------
    list of list of str
        The first one is the head.

    Raises
    ------
    SettingsError
        If the rate is not positive, or the price table does not have the instance.
    """
    rows = [["hosting", "flat: month", "per 1,000", "curve: month", "per 1,000", "idle: month"]]
    for hosting in HOSTINGS:
        flat, curve = (cost(hosting, endpoint, rate, shape) for shape in _SHAPES.values())
        rows.append([hosting, *_load(flat), *_load(curve), f"${flat.idle:,.2f}"])
    theirs = existing(rate)
    return [*rows, [_EXISTING, *_load(theirs), *_load(theirs), f"${theirs.idle:,.2f}"]]


def _load(of: Cost) -> list[str]:
    if of.lacking:
        return ["not served", f"+{of.lacking} instances"]
    return [f"${of.month:,.2f}", f"${of.per_1000:.4f}"]


def break_even_rows(endpoint: EndpointSettings) -> Rows:
    """Return which hosting is the cheapest from which rate on: of all, and of ``realtime`` and each other.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.

    Returns
    -------
    list of list of str
        The first one is the head.
    """
    tops = {name: largest_rate(endpoint, shape) for name, shape in _SHAPES.items()}
    rows = [["the cheapest of", *(f"{name}, up to {top:g} a second" for name, top in tops.items())]]
    groups: list[Sequence[Hosting]] = [HOSTINGS, *((Hosting.REALTIME, other) for other in HOSTINGS[1:])]
    for group in groups:
        title = "all" if group is HOSTINGS else " and ".join(group)
        found = (break_evens(group, endpoint, tops[name], shape) for name, shape in _SHAPES.items())
        rows.append([title, *map(_in_words, found)])
    return rows


def _in_words(found: list[tuple[float, Hosting]]) -> str:
    (_, first), *changes = found
    if not changes:
        return f"{first} at every rate"
    parts, below = [], first
    for rate, following in changes:
        parts.append(f"{below} below {rate:.4f}")
        below = following
    return ", ".join([*parts, f"then {below}"])


def sum_rows(endpoint: EndpointSettings, rate: float) -> Rows:
    """Return the sums of a flat load: quantity × price = dollars for 1,000 pictures.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.
    rate : float
        Pictures a second.

    Returns
    -------
    list of list of str
        The first one is the head. A row whose quantity is empty names a sum; its lines follow.
    """
    sums = {hosting: cost(hosting, endpoint, rate).terms_per_1000 for hosting in HOSTINGS}
    shared = [term for term in sums[HOSTINGS[0]] if all(term in terms for terms in sums.values())]
    rows = [
        ["for 1,000 pictures (M: a million)", "quantity", "price", "dollars"],
        *_section("every hosting", shared, shared),
    ]
    for hosting, terms in sums.items():
        own = [term for term in terms if term not in shared]
        rows += _section(f"{hosting}, with those of every hosting", terms, own)
    theirs = existing(rate).terms_per_1000
    return rows + _section(_EXISTING, theirs, theirs)


def _section(title: str, summed: Iterable[Term], shown: Iterable[Term]) -> Rows:
    lines = [
        [f"{t.price.unit}: {t.what}", f"{t.quantity:,.4g}", _each(t.price.dollars), f"${t.dollars:.5f}"] for t in shown
    ]
    return [[title, "", "", f"${sum(term.dollars for term in summed):.5f}"], *lines]


def _each(dollars: float) -> str:
    return f"${dollars:g}" if dollars >= 0.001 else f"${dollars * 1e6:g}/M"


def comparison_rows(endpoint: EndpointSettings, rate: float) -> Rows:
    """Return what each hosting costs against an existing project, and where that is a fifth at most.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.
    rate : float
        Pictures a second, a flat load.

    Returns
    -------
    list of list of str
        The first one is the head.
    """
    rows = [["hosting", "of the existing", "a fifth or less", "so at rates"]]
    for hosting in HOSTINGS:
        ours = cost(hosting, endpoint, rate)
        if ours.lacking:
            rows.append([hosting, "not served", "", ""])
            continue
        share = ours.month / existing(rate).month
        reach = _reach(fifths(hosting, endpoint, largest_rate(endpoint)))
        rows.append([hosting, f"{share:.1%}", "yes" if share <= ASKED_SHARE else "NO", reach])
    return rows


def _reach(found: list[tuple[float, bool]]) -> str:
    (_, begins), *changes = found
    if not changes:
        return "all" if begins else "none"
    return ", ".join(f"{'from' if begins_here else 'up to'} {rate:.4f} a second" for rate, begins_here in changes)


def remarks(endpoint: EndpointSettings, rate: float) -> list[str]:
    """Say what the comparison with an existing project hangs on.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.
    rate : float
        Pictures a second, a flat load.

    Returns
    -------
    list of str
    """
    best, theirs = cheapest(HOSTINGS, endpoint, rate), existing(rate)
    ours = cost(best, endpoint, rate)
    watching = total([term for term in ours.terms_per_1000 if term.price in (prices.LOG_GB, prices.TRACE)])
    fewer = TRANSITIONS - 1
    return [
        f"The existing project: three Lambdas in a Standard machine with {TRANSITIONS} state transitions a picture, "
        f"and one {INSTANCE} at all hours. Were {fewer} transitions charged, {best} would cost "
        f"{ours.month / existing(rate, fewer).month:.1%} of it.",
        f"Logs and traces are ${watching:.4f} of the ${ours.per_1000:.4f} that {best} costs per 1,000 pictures. "
        f"Without them it would cost {(ours.per_1000 - watching) / theirs.per_1000:.1%} of the existing project.",
    ]


def price_rows() -> Rows:
    """Return the price table."""
    rows = [["unit (M: a million)", "dollars", "to look up at", "read in"]]
    return rows + [[p.unit, _each(p.dollars), p.source, p.read] for p in prices.PRICES]


def markdown(rows: Rows) -> str:
    """Write rows as a Markdown table, figures to the right and sums bold."""
    head, *body = rows
    lines = [head, ["---", *["---:"] * (len(head) - 1)]]
    lines += [[f"**{cell}**" if cell and not row[1] else cell for cell in row] for row in body]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines)


def guide(endpoint: EndpointSettings) -> dict[str, str]:
    """Return the parts of docs/cost.md that are made from the code, by the name that they have there.

    Parameters
    ----------
    endpoint : EndpointSettings
        Sizes of endpoints.

    Returns
    -------
    dict of str to str
        Markdown.
    """
    parts = {"prices": markdown(price_rows()), "break-evens": markdown(break_even_rows(endpoint))}
    for rate in (0.1, 1):
        parts[f"overview {rate:g}"] = markdown(overview(endpoint, rate))
        parts[f"comparison {rate:g}"] = markdown(comparison_rows(endpoint, rate))
        parts[f"remarks {rate:g}"] = "\n\n".join(remarks(endpoint, rate))
        parts[f"sums {rate:g}"] = markdown(sum_rows(endpoint, rate))
    return parts
