"""What a month of routing costs at a rate of pictures, for each hosting."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from signpost.cost import prices
from signpost.cost.prices import HOURS_PER_MONTH, instance_hour
from signpost.cost.pricing import HELD_MINUTES, Term, alarm_terms, idle_terms, picture_terms, total
from signpost.errors import SettingsError
from signpost.settings.endpoint import EndpointSettings
from signpost.settings.hosting import Hosting

HOSTINGS = (Hosting.REALTIME, Hosting.SERVERLESS, Hosting.ASYNC, Hosting.COMPONENTS, Hosting.LAMBDA)
# Pictures of each hour of a day, 0 to 23 o'clock, against the mean: quiet nights, a lunch and an evening peak of
# deliveries. An assumption, not measured.
DAY = tuple(
    tenths / 10
    for tenths in (3, 2, 1, 1, 1, 2, 4, 6, 8, 9, 11, 17, 22, 19, 12, 9, 9, 13, 21, 25, 20, 13, 8, 4)
)  # fmt: skip
FLAT = (1.0,) * 24
_SECONDS = 3600
# PicturesRejected, InferenceTime, PicturesRouted, PicturesReview: those of one classifier.
_METRICS = 4


@dataclass(frozen=True)
class Cost:
    """What a month costs.

    Attributes
    ----------
    terms : tuple of Term
        Quantities of the month.
    pictures : float
        Of the month.
    idle : float
        Dollars of a month in which no picture comes.
    lacking : int
        Instances that the busiest hour would need beyond ``max_instances``: with any, the load is not served.
    """

    terms: tuple[Term, ...]
    pictures: float
    idle: float
    lacking: int = 0

    @property
    def month(self) -> float:
        """Dollars of the month."""
        return total(list(self.terms))

    @property
    def per_1000(self) -> float:
        """Dollars for 1,000 pictures."""
        return self.month / self.pictures * 1000

    @property
    def terms_per_1000(self) -> list[Term]:
        """The terms for 1,000 pictures, whose sum is `per_1000`."""
        return [term.times(1000 / self.pictures) for term in self.terms]


def pictures_a_month(rate: float, shape: Sequence[float] = FLAT) -> float:
    """Count a month's pictures.

    Parameters
    ----------
    rate : float
        Mean of pictures a second.
    shape : sequence of float
        Weight of each hour of a day.

    Returns
    -------
    float

    Raises
    ------
    SettingsError
        If the rate is not positive, or not finite.
    """
    if not (rate > 0 and math.isfinite(rate)):
        raise SettingsError(f"the rate is {rate:g} pictures a second; allowed is any number above 0")
    return rate * sum(shape) / len(shape) * _SECONDS * HOURS_PER_MONTH


def cost(hosting: Hosting, endpoint: EndpointSettings, rate: float, shape: Sequence[float] = FLAT) -> Cost:
    """Add up a month.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    endpoint : EndpointSettings
        Memory of a serverless endpoint; type, numbers and target of instances.
    rate : float
        Mean of pictures a second.
    shape : sequence of float
        Weight of each hour of a day; their mean is 1.

    Returns
    -------
    Cost

    Raises
    ------
    SettingsError
        If the rate is not positive, or the price table does not have the instance.
    """
    pictures = pictures_a_month(rate, shape)
    hours = [rate * weight for weight in shape]
    traced = sum(map(_traces, hours)) / sum(hours)
    each = picture_terms(hosting, serverless_gb=endpoint.memory_mb / 1024, traced=traced)
    terms = [
        *(term.times(pictures) for term in each),
        Term("functions", _METRICS, prices.METRIC_MONTH),
        *alarm_terms(hosting),
    ]
    lacking = 0
    if hosting is Hosting.REALTIME or hosting.sleeps:
        needed = [min(_instances_needed(endpoint, hour), endpoint.max_instances) for hour in hours]
        if hosting is Hosting.REALTIME:
            up = sum(max(count, endpoint.min_instances) for count in needed) / len(hours)
        else:
            # What the busiest hour has added stays until no picture comes.
            up = max(needed) * sum(_share_awake(hosting, hour) for hour in hours) / len(hours)
        terms.append(Term("instances", up * HOURS_PER_MONTH, instance_hour(endpoint.instance_type)))
        lacking = max(0, _instances_needed(endpoint, max(hours)) - endpoint.max_instances)
    return Cost(tuple(terms), pictures, total(idle_terms(hosting, endpoint)), lacking)


def largest_rate(endpoint: EndpointSettings, shape: Sequence[float] = FLAT) -> float:
    """Return how many pictures a second all instances serve."""
    return endpoint.max_instances * endpoint.invocations_per_instance / 60 / max(shape)


def _traces(rate: float) -> float:
    """Count the traces a second: X-Ray's default rule takes the first of each second and 5 % of the others."""
    return min(rate, 1) + 0.05 * max(rate - 1, 0)


def _instances_needed(endpoint: EndpointSettings, rate: float) -> int:
    # Autoscaling keeps the requests that an instance gets a minute at the target; rounding must not add an instance.
    return math.ceil(round(rate * 60 / endpoint.invocations_per_instance, 9))


def _share_awake(hosting: Hosting, rate: float) -> float:
    """Return for which share of an hour a picture came within the time that instances are held for it."""
    # Pictures come independently of each other.
    return 1 - math.exp(-rate * HELD_MINUTES[hosting] * 60)
