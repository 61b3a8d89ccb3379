"""The price table: list prices of us-east-1 without free tiers, each with its source.

AWS's own pages could not be opened for this. So each price names the AWS page that is the place to look it up, and
where the figure was read instead: a stored copy of the AWS page, or another public page. Compare before you rely on
them.
"""

from __future__ import annotations

from dataclasses import dataclass

from signpost.errors import SettingsError

AS_OF = "2025-10"
HOURS_PER_MONTH = 730
_PAGE = "https://aws.amazon.com/{}/pricing/"
NOT_READ = "from memory; read nowhere"


@dataclass(frozen=True)
class Price:
    """One price.

    Attributes
    ----------
    unit : str
        What is paid for.
    dollars : float
        For one unit.
    source : str
        The AWS page that is the place to look it up.
    read : str
        Where the figure was read.
    """

    unit: str
    dollars: float
    source: str
    read: str


def _price(unit: str, dollars: float, page: str, read: str) -> Price:
    return Price(unit, dollars, _PAGE.format(page), read)


TRANSITION = _price("state transition", 25e-6, "step-functions", "a stored copy of the AWS page")
EXPRESS_REQUEST = _price("Express execution", 1e-6, "step-functions", "wring.co/blog/aws-step-functions-pricing-guide")
EXPRESS_GB_SECOND = _price("Express GB-second", 1.667e-5, "step-functions", EXPRESS_REQUEST.read)
LAMBDA_REQUEST = _price("Lambda request", 0.20e-6, "lambda", "cloudchipr.com (2024) and git.mcrn.ar (2026-05)")
LAMBDA_GB_SECOND = _price("Lambda GB-second", 0.0000133334, "lambda", LAMBDA_REQUEST.read)
LAMBDA_X86_GB_SECOND = _price("x86 Lambda GB-second", 0.0000166667, "lambda", LAMBDA_REQUEST.read)
SERVERLESS_GB_SECOND = _price("serverless GB-second", 0.00002, "sagemaker", "public programs on GitHub")
TABLE_WRITE = _price("DynamoDB write", 0.625e-6, "dynamodb", "airbyte.com/data-engineering-resources")
TABLE_GB_MONTH = _price("DynamoDB GB-month", 0.25, "dynamodb", "a stored copy of the AWS page")
BACKUP_GB_MONTH = _price("DynamoDB recovery GB-month", 0.20, "dynamodb", NOT_READ)
QUEUE_REQUEST = _price("SQS request", 0.40e-6, "sqs", "cloudburn.io/blog/amazon-sqs-pricing (2026-03)")
CUSTOM_EVENT = _price("own event", 1e-6, "eventbridge", "factualminds.com (2026-06)")
# AWS's page names S3's events apart from the free ones, as such that one opts in to; the price beside them could not be
# read, and other pages call them free. So they are counted like one's own.
S3_EVENT = _price("S3 event", 1e-6, "eventbridge", NOT_READ)
S3_PUT = _price("S3 PUT", 5e-6, "s3", "c3x.dev/blog/s3-request-fees-explained")
S3_GET = _price("S3 GET", 0.4e-6, "s3", S3_PUT.read)
LOG_GB = _price("log GB", 0.50, "cloudwatch", "factualminds.com (2026-06)")
METRIC_MONTH = _price("metric a month", 0.30, "cloudwatch", "signoz.io/guides/cloudwatch-pricing (2026-02)")
ALARM_MONTH = _price("alarm a month", 0.10, "cloudwatch", "a public workshop's page, without a date")
TRACE = _price("X-Ray trace", 5e-6, "xray", "a stored copy of the AWS page")

# What the public lists that were read have for ml.m5.large differs: most say 0.115, one 0.112, one 0.134.
INSTANCE_HOUR = {
    name: _price(f"{name} hour", dollars, "sagemaker", "randeepbhatia.com and public programs on GitHub")
    for name, dollars in {
        "ml.m5.large": 0.115,
        "ml.m5.xlarge": 0.23,
        "ml.c5.large": 0.102,
        "ml.c5.xlarge": 0.204,
    }.items()
}
PRICES = (
    *(TRANSITION, EXPRESS_REQUEST, EXPRESS_GB_SECOND, LAMBDA_REQUEST, LAMBDA_GB_SECOND, LAMBDA_X86_GB_SECOND),
    *(SERVERLESS_GB_SECOND, *INSTANCE_HOUR.values(), TABLE_WRITE, TABLE_GB_MONTH, BACKUP_GB_MONTH, QUEUE_REQUEST),
    *(CUSTOM_EVENT, S3_EVENT, S3_PUT, S3_GET, LOG_GB, METRIC_MONTH, ALARM_MONTH, TRACE),
)

# Dollars an hour of training jobs. Second-hand like all others; the same figures stand in several public programs.
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


def instance_hour(instance_type: str) -> Price:
    """Look up what an instance of an endpoint costs.

    Parameters
    ----------
    instance_type : str
        One of `INSTANCE_HOUR`.

    Returns
    -------
    Price

    Raises
    ------
    SettingsError
        If the table has no such instance.
    """
    if instance_type not in INSTANCE_HOUR:
        allowed = ", ".join(INSTANCE_HOUR)
        raise SettingsError(f"the price table has no endpoint instance {instance_type!r}; it has {allowed}")
    return INSTANCE_HOUR[instance_type]


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
