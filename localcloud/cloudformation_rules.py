"""Rules of CloudFormation that MiniStack lacks: exports that are in use, and buckets with objects."""

from typing import Any

from ministack.services import cloudformation, s3
from ministack.services.cloudformation import handlers, provisioners, stacks

_BUCKET = "AWS::S3::Bucket"


def install() -> None:
    """Refuse both as AWS does."""
    resolve, delete_bucket = stacks._resolve_stack_outputs, provisioners._RESOURCE_HANDLERS[_BUCKET]["delete"]

    def resolve_outputs(*arguments: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        outputs, exports = resolve(*arguments)
        _check_exports(stack_name=arguments[5], exports=exports)
        return outputs, exports

    def delete(physical_id: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(physical_id)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(physical_id)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        delete_bucket(physical_id, properties)

    stacks._resolve_stack_outputs = resolve_outputs
    provisioners._RESOURCE_HANDLERS[_BUCKET]["delete"] = delete


def _check_exports(stack_name: str, exports: dict[str, Any]) -> None:
    """Raise for an export of before that the update deletes or changes while another stack imports it.

    (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html)
    """
    for output in cloudformation._stacks.get(stack_name, {}).get("Outputs", []):
        export = output.get("ExportName")
        if not export or exports.get(export, {}).get("Value") == output["OutputValue"]:
            continue
        users = [
            name
            for name, stack in cloudformation._stacks.items()
            if name != stack_name
            and not stack.get("StackStatus", "").startswith("DELETE_COMPLETE")
            and export in handlers._imported_export_names(stack, name)
        ]
        if users:
            change = "updated" if export in exports else "deleted"
            raise ValueError(f"Export {export} cannot be {change} as it is in use by {', '.join(users)}")
