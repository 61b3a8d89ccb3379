"""CloudFormation's type that puts a firewall in front of an API. The association is kept; no request is looked at."""

from typing import Any

from ministack.services import waf
from ministack.services.cloudformation import provisioners

_TYPE = "AWS::WAFv2::WebACLAssociation"


def install() -> None:
    """Add the type to MiniStack's CloudFormation."""
    provisioners._RESOURCE_HANDLERS[_TYPE] = {"create": _create, "delete": _delete}
    # By the CloudFormation reference, either makes a new resource.
    provisioners._REPLACING_PROPERTIES[_TYPE] = ("ResourceArn", "WebACLArn")


def _create(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
    del logical_id, stack_name
    status, _, body = waf._associate_web_acl(properties)
    if status >= 400:
        raise ValueError(f"{_TYPE} create failed: {body!r}")
    return f"{properties['WebACLArn']}|{properties['ResourceArn']}", {}


def _delete(physical_id: str, properties: dict[str, Any]) -> None:
    del physical_id
    waf._disassociate_web_acl(properties)
