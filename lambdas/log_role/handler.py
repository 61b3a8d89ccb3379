"""LogRole: a resource of CloudFormation that sets the role of the account, and resets it when it is deleted.

``AWS::ApiGateway::Account`` would overwrite the role of other stacks, and leave the name of a deleted one.
"""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from aws_lambda_powertools import Logger

from lambdas.log_role.account import reset, set_if_missing
from signpost.aws import clients

logger = Logger()
apigateway, iam = clients.client("apigateway", attempts=1), clients.client("iam")


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: Any) -> None:
    """Handle a request of CloudFormation, which waits for the answer at an address of its own."""
    role = event["ResourceProperties"]["RoleArn"]
    answer = {
        "Status": "SUCCESS",
        "PhysicalResourceId": role,
        "Reason": f"See the log stream {context.log_stream_name}",
    }
    try:
        done = reset(apigateway, role) if event["RequestType"] == "Delete" else set_if_missing(apigateway, iam, role)
        logger.info("the account's setting", request=event["RequestType"], changed=done)
    except Exception as error:  # CloudFormation would wait an hour for an answer
        logger.exception("the account's setting could not be changed")
        answer |= {"Status": "FAILED", "Reason": str(error)}
    names = ("StackId", "RequestId", "LogicalResourceId")
    body = json.dumps(answer | {name: event[name] for name in names}).encode()
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30):  # noqa: S310 - the address is CloudFormation's own
        pass
