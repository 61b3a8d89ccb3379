"""What routing costs, as sums of quantity × price.

The prices are those of `signpost.cost.prices`. The sums are estimates; nothing here was read off a bill.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from signpost.cost import prices
from signpost.cost.prices import AS_OF, HOURS_PER_MONTH, Price, instance_hour
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting

# Of Serialize (`signpost.images.limits` gives the least) and of Classify with the model inside; of the others.
_LARGE_GB, _SMALL_GB = 0.5, 0.25
_KB_PER_GB = 2**20
_MACHINE_GB = 64 / 1024  # Express is billed in steps of 64 MB
# An item of the idempotency table is kept for 90 days.
_KEPT_MONTHS = 90 * 24 / HOURS_PER_MONTH
# Failed and timed-out executions, and pictures that wait for a redrive.
_ROUTING_ALARMS = 3
# Two that undo an update, one more for known pictures (a model without any saves it), two that Application Auto Scaling
# makes for its target, and one for the first instance of an endpoint that sleeps.
# What sleeps has no known pictures, and one more that ends the instances, paid twice as it looks at two metrics.
_ENDPOINT_ALARMS = {Hosting.REALTIME: 5, Hosting.ASYNC: 7, Hosting.COMPONENTS: 7}
# After so many without a picture all instances of an async endpoint end, and all copies of a component.
QUIET_MINUTES = 15
# A start and a burst take about ten minutes. Another ten it takes SageMaker to end an instance without a copy (AWS's
# blog, "Unlock cost savings with the new scale down to zero feature in SageMaker Inference", 2024-12).
HELD_MINUTES = {Hosting.ASYNC: 10 + QUIET_MINUTES, Hosting.COMPONENTS: 10 + QUIET_MINUTES + 10}


@dataclass(frozen=True)
class Usage:
    """What one routed picture uses.

    Attributes
    ----------
    serialize_s, classify_s, filter_s, model_s : float
        Billed seconds of the three functions, and of the model's container. Warm durations on a laptop, rounded up.
    machine_s : float
        Seconds of the Express execution, at 64 MB.
    async_s : float
        Seconds that an async endpoint keeps Classify, and with it the machine, waiting: one poll.
    log_kb : float
        What the functions log, each its start, its end and its metrics, one of them the decision. 1.8 KB a picture were
        measured on the local cloud; AWS counts 26 bytes more for each of 12 events and names its traces. The machine
        logs failures only.
    item_kb : float
        An item of the idempotency table, with the decision.
    """

    serialize_s: float = 0.08
    classify_s: float = 0.04
    filter_s: float = 0.01
    model_s: float = 0.01
    machine_s: float = 0.5
    async_s: float = 0.5
    log_kb: float = 2.5
    item_kb: float = 1.5


@dataclass(frozen=True)
class Term:
    """One line of a sum.

    Attributes
    ----------
    what : str
        What uses it.
    quantity : float
        How many units of the price.
    price : Price
        Dollars for one.
    """

    what: str
    quantity: float
    price: Price

    @property
    def dollars(self) -> float:
        """Quantity × price."""
        return self.quantity * self.price.dollars

    def times(self, factor: float) -> Term:
        """Return the same line for another number of pictures, or another time."""
        return replace(self, quantity=self.quantity * factor)


def picture_terms(
    hosting: Hosting, usage: Usage | None = None, serverless_gb: float = 2, traced: float = 1
) -> list[Term]:
    """List what routing one picture costs, beside what is paid by the hour or the month.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    usage : Usage or None
        What one picture uses; None for the defaults.
    serverless_gb : float
        Memory of a serverless endpoint, in GB.
    traced : float
        Share of the pictures that X-Ray records a trace of.

    Returns
    -------
    list of Term
    """
    used = usage or Usage()
    gigabyte_seconds = _LARGE_GB * used.serialize_s + _SMALL_GB * used.filter_s
    inside = hosting is Hosting.LAMBDA
    classify_gb = _LARGE_GB if inside else _SMALL_GB
    # A function with the predictor runs on x86-64; see stacks/stage.py.
    classify_price = prices.LAMBDA_X86_GB_SECOND if inside else prices.LAMBDA_GB_SECOND
    return [
        Term("the picture and its decision put", 2, prices.S3_PUT),
        Term("the picture read", 1, prices.S3_GET),
        Term("its arrival", 1, prices.S3_EVENT),
        Term("machine", 1, prices.EXPRESS_REQUEST),
        Term("machine", used.machine_s * _MACHINE_GB, prices.EXPRESS_GB_SECOND),
        Term("three functions", 3, prices.LAMBDA_REQUEST),
        Term("Serialize and Filter", gigabyte_seconds, prices.LAMBDA_GB_SECOND),
        # The last two carry the decision, of more than one KB.
        Term("claimed, queued, dispatched", 5, prices.TABLE_WRITE),
        Term("kept for 90 days", used.item_kb / _KB_PER_GB * _KEPT_MONTHS, prices.TABLE_GB_MONTH),
        Term("kept for 90 days", used.item_kb / _KB_PER_GB * _KEPT_MONTHS, prices.BACKUP_GB_MONTH),
        Term("into the route's queue", 1, prices.QUEUE_REQUEST),
        Term("ImageRouted", 1, prices.CUSTOM_EVENT),
        Term("functions", used.log_kb / _KB_PER_GB, prices.LOG_GB),
        Term("machine and functions", traced, prices.TRACE),
        Term("Classify", classify_gb * used.classify_s, classify_price),
        *_hosting_terms(hosting, used, serverless_gb),
    ]


def _hosting_terms(hosting: Hosting, used: Usage, serverless_gb: float) -> list[Term]:
    if hosting is Hosting.SERVERLESS:
        return [Term("model", serverless_gb * used.model_s, prices.SERVERLESS_GB_SECOND)]
    if hosting is not Hosting.ASYNC:
        return []
    return [
        Term("input and answer put", 2, prices.S3_PUT),
        # By the endpoint; then an earlier question, answer and failure looked for in vain, and the answer found.
        Term("input and answer read", 5, prices.S3_GET),
        Term("Classify waits", _SMALL_GB * used.async_s, prices.LAMBDA_GB_SECOND),
        Term("machine waits", _MACHINE_GB * used.async_s, prices.EXPRESS_GB_SECOND),
    ]


def idle_terms(hosting: Hosting, endpoint: EndpointSettings) -> list[Term]:
    """List what a month costs in which no picture comes.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    endpoint : EndpointSettings
        Type and least number of the instances.

    Returns
    -------
    list of Term

    Raises
    ------
    SettingsError
        If the price table does not have the instance.
    """
    terms = alarm_terms(hosting)
    if hosting is Hosting.REALTIME:
        hours = HOURS_PER_MONTH * endpoint.min_instances
        terms.append(Term("instances", hours, instance_hour(endpoint.instance_type)))
    return terms


def alarm_terms(hosting: Hosting) -> list[Term]:
    """List the alarms of a month."""
    own = _ENDPOINT_ALARMS.get(hosting, 0)
    return [
        Term("routing", _ROUTING_ALARMS, prices.ALARM_MONTH),
        *([Term("endpoint", own, prices.ALARM_MONTH)] if own else []),
    ]


def total(terms: list[Term]) -> float:
    """Sum up dollars."""
    return sum(term.dollars for term in terms)


def table() -> str:
    """Return the costs of every hosting as a Markdown table."""
    endpoint = EndpointSettings()
    rows = [f"| hosting (prices of {AS_OF}) | a month idle | per 1,000 pictures |", "|---|---|---|"]
    names = {Hosting.REALTIME: f"`realtime`, one {endpoint.instance_type}"}
    for hosting in (Hosting.REALTIME, Hosting.SERVERLESS, Hosting.ASYNC, Hosting.COMPONENTS, Hosting.LAMBDA):
        name = names.get(hosting, f"`{hosting}`")
        idle, pictures = total(idle_terms(hosting, endpoint)), 1000 * total(picture_terms(hosting))
        rows.append(f"| {name} | ${idle:.2f} | ${pictures:.3f} |")
    rows.append("")
    hour = instance_hour(endpoint.instance_type).dollars
    rows.append(
        f"`async` and `components` cost ${hour:.3f} more for each hour that an instance is up: "
        f"at least {HELD_MINUTES[Hosting.ASYNC]} and {HELD_MINUTES[Hosting.COMPONENTS]} minutes a burst."
    )
    return "\n".join(rows)
