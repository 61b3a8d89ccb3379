"""What routing and training cost, from one dated price list.

List prices of us-east-1 without free tiers. They were written down from what is known of AWS's pricing pages
(aws.amazon.com/{sagemaker,lambda,step-functions,dynamodb,sqs,eventbridge,s3,cloudwatch}/pricing), which could not be
opened for this: compare before you rely on them. The sums are estimates; nothing here was read off a bill.
"""

from __future__ import annotations

from dataclasses import dataclass

from signpost.errors import SettingsError
from signpost.settings import Hosting

AS_OF = "2025-10"
HOURS_PER_MONTH = 730

# Dollars.
INSTANCE_HOUR = {"ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204}
# Of training jobs. Second-hand like all others; the same figures stand in several public programs.
TRAINING_INSTANCE_HOUR = {
    "ml.m5.large": 0.115,
    "ml.m5.xlarge": 0.23,
    "ml.m5.2xlarge": 0.461,
    "ml.m5.4xlarge": 0.922,
    "ml.c5.xlarge": 0.204,
    "ml.c5.2xlarge": 0.408,
    "ml.g4dn.xlarge": 0.7364,
    "ml.g5.xlarge": 1.408,
}
# A guess: training has no list of spot prices. AWS says "up to 90 %" (SageMaker developer guide, managed spot
# training); logs of jobs that people published show 54 to 78 %, and Hugging Face's guide to SageMaker 70 %.
SPOT_SAVING = 0.70
SERVERLESS_SECOND_PER_GB = 0.00002
LAMBDA_REQUEST, LAMBDA_GB_SECOND = 0.20e-6, 0.0000133334  # arm64
EXPRESS_REQUEST, EXPRESS_GB_SECOND = 1.00e-6, 0.06 / 3600
DYNAMODB_WRITE = 0.625e-6
SQS_REQUEST, EVENT = 0.40e-6, 1.00e-6
S3_PUT, S3_GET = 5e-6, 0.4e-6
LOG_GB = 0.50
ALARM_MONTH = 0.10


@dataclass(frozen=True)
class Usage:
    """What one routed picture uses.

    Attributes
    ----------
    serialize_s, classify_s, filter_s, model_s : float
        Billed seconds of the three functions, and of the model's container. Warm durations on a laptop, rounded up.
    machine_s : float
        Seconds of the Express execution, at 64 MB.
    log_kb : float
        What the functions and the machine log.
    """

    serialize_s: float = 0.08
    classify_s: float = 0.04
    filter_s: float = 0.01
    model_s: float = 0.01
    machine_s: float = 0.5
    log_kb: float = 11.0


@dataclass(frozen=True)
class TrainingPrice:
    """What one instance of a training job costs.

    Attributes
    ----------
    instance_type : str
    on_demand_hour, spot_hour : float
        Dollars. Spot is on-demand less `SPOT_SAVING`, which is a guess at a saving that changes by the hour.
    """

    instance_type: str
    on_demand_hour: float
    spot_hour: float


def training_price(instance_type: str) -> TrainingPrice:
    """Look up what an instance of a training job costs.

    Parameters
    ----------
    instance_type : str
        One of `TRAINING_INSTANCE_HOUR`.

    Returns
    -------
    TrainingPrice

    Raises
    ------
    SettingsError
        If the list has no such instance.
    """
    if instance_type not in TRAINING_INSTANCE_HOUR:
        allowed = ", ".join(TRAINING_INSTANCE_HOUR)
        raise SettingsError(f"the price list has no training instance {instance_type!r}; it has {allowed}")
    hour = TRAINING_INSTANCE_HOUR[instance_type]
    return TrainingPrice(instance_type, hour, hour * (1 - SPOT_SAVING))


def per_1000_pictures(hosting: Hosting, usage: Usage | None = None, serverless_gb: float = 2) -> float:
    """Dollars for routing 1,000 pictures, beside what idling costs.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    usage : Usage or None
        What one picture uses; None for the defaults.
    serverless_gb : float
        Memory of a serverless endpoint, in GB.

    Returns
    -------
    float
    """
    used = usage or Usage()
    classify_gb = 0.5 if hosting is Hosting.LAMBDA else 0.25
    gigabyte_seconds = 0.5 * used.serialize_s + classify_gb * used.classify_s + 0.25 * used.filter_s
    functions = 3 * LAMBDA_REQUEST + LAMBDA_GB_SECOND * gigabyte_seconds
    machine = EXPRESS_REQUEST + EXPRESS_GB_SECOND * used.machine_s * 64 / 1024
    # Claimed, queued, dispatched: the last two carry the decision, of more than one KB.
    dispatch = 5 * DYNAMODB_WRITE + SQS_REQUEST + EVENT
    # The picture and its decision are put, the picture is read.
    storage = 2 * S3_PUT + S3_GET
    logs = LOG_GB * used.log_kb / 2**20
    model = SERVERLESS_SECOND_PER_GB * serverless_gb * used.model_s if hosting is Hosting.SERVERLESS else 0.0
    if hosting is Hosting.ASYNC:  # its input and its answer go through S3
        storage += 2 * S3_PUT + 2 * S3_GET
    return 1000 * (functions + machine + dispatch + storage + logs + model)


def idle_per_month(hosting: Hosting, instance_type: str = "ml.m5.large", instances: int = 1) -> float:
    """Dollars a month when no picture comes.

    Parameters
    ----------
    hosting : Hosting
        Where the model runs.
    instance_type : str
        Of a ``realtime`` endpoint; one of `INSTANCE_HOUR`.
    instances : int
        How many of them are kept.

    Returns
    -------
    float
    """
    if hosting is not Hosting.REALTIME:
        return 0.0
    return INSTANCE_HOUR[instance_type] * HOURS_PER_MONTH * instances + 2 * ALARM_MONTH


def table() -> str:
    """Return the costs of every hosting as a Markdown table."""
    rows = [f"| hosting (prices of {AS_OF}) | a month idle | per 1,000 pictures |", "|---|---|---|"]
    names = {Hosting.REALTIME: "`realtime`, one ml.m5.large"}
    for hosting in (Hosting.REALTIME, Hosting.SERVERLESS, Hosting.ASYNC, Hosting.LAMBDA):
        name = names.get(hosting, f"`{hosting}`")
        rows.append(f"| {name} | ${idle_per_month(hosting):.2f} | ${per_1000_pictures(hosting):.3f} |")
    rows.append("")
    hour = INSTANCE_HOUR["ml.m5.large"]
    rows.append(f"`async` costs ${hour:.3f} more for each hour that an instance is up: at least ten minutes a burst.")
    return "\n".join(rows)
