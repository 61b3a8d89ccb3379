"""The events that SageMaker sends to EventBridge when an endpoint's status changes."""

import json
import logging
import re
import time
import uuid
from typing import Any

from ministack.services import eventbridge

from localcloud.credentials import ACCOUNT_ID, REGION

logger = logging.getLogger("localcloud.endpoint")

_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def announce(name: str, record: Any) -> None:
    """Send the event of an endpoint's present status; one that cannot be sent disturbs nothing else.

    Parameters
    ----------
    name : str
        The endpoint.
    record : Any
        Moto's record of it.
    """
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT_ID}:endpoint/{name}"
    detail = {
        "EndpointName": name,
        "EndpointArn": arn,
        "EndpointConfigName": record.endpoint_config_name,
        # In events it is spelled otherwise than in descriptions: IN_SERVICE.
        "EndpointStatus": _WORD.sub("_", record.endpoint_status).upper(),
    }
    event = {
        "EventId": str(uuid.uuid4()),
        "Source": "aws.sagemaker",
        "DetailType": "SageMaker Endpoint State Change",
        "Detail": json.dumps(detail),
        "EventBusName": "default",
        "Time": int(time.time()),
        "Resources": [arn],
        "Account": ACCOUNT_ID,
        "Region": REGION,
    }
    try:
        eventbridge._dispatch_event(event)
    except Exception:
        logger.exception("The change of %s to %s was not announced", name, record.endpoint_status)
