"""What the strategies cost on SageMaker: by the seconds of real jobs, or by what was measured here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from signpost.cost.prices import TrainingPrice, training_price
from signpost.errors import SettingsError
from training.compare.intervals import Estimate, estimate

MEASURED = "measured here: wall time on each instance"
JOB = "read from SageMaker jobs"
LOCAL_JOB = "read from jobs of the local cloud"
FROM_JOBS = "billable seconds of the jobs"
BY_TABLE = "price table"
_HOUR = 3600.0


@dataclass(frozen=True)
class Job:
    """A training job that has ended well.

    Attributes
    ----------
    name, strategy : str
    price : TrainingPrice
    instances : int
    training_seconds, billable_seconds : float
        Of one instance.
    spot, real : bool
        Whether it ran on spot instances; whether on AWS, and not in the local cloud.
    """

    name: str
    strategy: str
    price: TrainingPrice
    instances: int
    training_seconds: float
    billable_seconds: float
    spot: bool
    real: bool

    @property
    def on_demand(self) -> float:
        """Dollars without spot."""
        seconds = self.training_seconds if self.spot else self.billable_seconds
        return seconds * self.instances * self.price.on_demand_hour / _HOUR

    @property
    def on_spot(self) -> float:
        """Dollars on spot instances: AWS takes the saving off the seconds that it bills, the local cloud does not."""
        hour = self.price.on_demand_hour if self.spot and self.real else self.price.spot_hour
        return self.billable_seconds * self.instances * hour / _HOUR


@dataclass(frozen=True)
class Cost:
    """What one run of a strategy costs, and where the figure is from.

    Attributes
    ----------
    strategy, instance_type : str
    instances : int
    seconds : Estimate
        Billed for each instance.
    seconds_from : str
    on_demand, spot : Estimate
        Dollars.
    spot_from : str
    """

    strategy: str
    instance_type: str
    instances: int
    seconds: Estimate
    seconds_from: str
    on_demand: Estimate
    spot: Estimate
    spot_from: str


def read_jobs(
    names: Sequence[str], client: Any, classifier: str, strategies: Sequence[str], quick: bool = False
) -> tuple[list[Job], list[str]]:
    """Ask SageMaker what jobs were billed.

    Parameters
    ----------
    names : sequence of str
        At most `training.compare.intervals.MOST_REPEATS`; one that is named twice counts once.
    client : botocore.client.BaseClient
        Of SageMaker.
    classifier : str
        What the jobs must have trained.
    strategies : sequence of str
        That are compared.
    quick : bool
        Whether short forms of the recipe are compared.

    Returns
    -------
    jobs : list of Job
    left_out : list of str
        One sentence for each job that does not count, with its name and why.
    """
    jobs, left_out = [], []
    real = ".amazonaws.com" in client.meta.endpoint_url
    for name in dict.fromkeys(names):
        try:
            answer = client.describe_training_job(TrainingJobName=name)
            jobs.append(_like_the_others(_job(answer, real, classifier, strategies, quick), jobs))
        except (BotoCoreError, ClientError, SettingsError, KeyError) as error:
            why = f"its description has no {error}" if isinstance(error, KeyError) else str(error)
            left_out.append(f"job {name} does not count: {why}")
    return jobs, left_out


def _job(answer: dict[str, Any], real: bool, classifier: str, strategies: Sequence[str], quick: bool) -> Job:
    settings, resources = answer["HyperParameters"], answer["ResourceConfig"]
    if answer["TrainingJobStatus"] != "Completed":
        raise SettingsError(f"its status is {answer['TrainingJobStatus']}, only Completed ones are compared")
    if settings["classifier"] != classifier:
        raise SettingsError(f"it trained {settings['classifier']}, not {classifier}")
    if settings["strategy"] not in strategies:
        raise SettingsError(f"its strategy {settings['strategy']} is not compared")
    if (settings.get("quick", "false") == "true") != quick or "steps" in settings:
        raise SettingsError("it trained another number of steps than the runs that are compared")
    return Job(
        answer["TrainingJobName"],
        settings["strategy"],
        training_price(resources["InstanceType"]),
        resources["InstanceCount"],
        answer["TrainingTimeInSeconds"],
        answer["BillableTimeInSeconds"],
        answer.get("EnableManagedSpotTraining", False),
        real,
    )


def _like_the_others(job: Job, others: Sequence[Job]) -> Job:
    for other in others:
        if other.strategy == job.strategy and (other.price, other.instances) != (job.price, job.instances):
            raise SettingsError(f"it ran on other instances than {other.name}")
    return job


def cost_of_jobs(jobs: Sequence[Job]) -> Cost:
    """Sum up the jobs of one strategy.

    Parameters
    ----------
    jobs : sequence of Job
        At least one; all on the same instances.

    Returns
    -------
    Cost
    """
    first, read = jobs[0], all(job.spot and job.real for job in jobs)
    return Cost(
        first.strategy,
        first.price.instance_type,
        first.instances,
        estimate([job.billable_seconds for job in jobs]),
        f"{JOB if first.real else LOCAL_JOB} ({', '.join(job.name for job in jobs)})",
        estimate([job.on_demand for job in jobs]),
        estimate([job.on_spot for job in jobs]),
        FROM_JOBS if read else BY_TABLE,
    )


def cost_of_runs(strategy: str, seconds: Estimate, instances: int, instance_type: str) -> Cost:
    """Estimate the cost from the wall time of runs on this machine.

    Parameters
    ----------
    strategy : str
    seconds : Estimate
        Wall time of a run.
    instances : int
    instance_type : str

    Returns
    -------
    Cost
    """
    price = training_price(instance_type)
    on_demand = seconds.times(instances * price.on_demand_hour / _HOUR)
    spot = seconds.times(instances * price.spot_hour / _HOUR)
    return Cost(strategy, instance_type, instances, seconds, MEASURED, on_demand, spot, BY_TABLE)
