"""Names and values between states and APIs."""

from typing import Any

import botocore.session
import pytest

from localcloud.task_values import UnknownMemberError, java_class_name, java_member_name, to_arguments, to_result


def shape(service: str, operation: str) -> Any:
    return botocore.session.get_session().get_service_model(service).operation_model(operation).input_shape


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("stateMachineArn", "StateMachineArn"),
        ("DBClusters", "DbClusters"),
        ("BOOL", "Bool"),
        ("S", "S"),
        ("SSEKMSKeyId", "SsekmsKeyId"),
        ("ETag", "ETag"),
        ("MD5OfMessageBody", "Md5OfMessageBody"),
        ("VolumeSizeInGB", "VolumeSizeInGB"),
        ("SupportedResponseMIMETypes", "SupportedResponseMIMETypes"),
        ("ModelDataUrl", "ModelDataUrl"),
        ("S3Uri", "S3Uri"),
    ],
)
def test_members_are_named_as_the_java_sdk_names_them(name: str, written: str) -> None:
    assert java_member_name(name) == written


@pytest.mark.parametrize(
    ("name", "written"), [("SFN", "Sfn"), ("DynamoDB", "DynamoDb"), ("KMSDisabled", "KmsDisabled")]
)
def test_classes_are_named_as_the_java_sdk_names_them(name: str, written: str) -> None:
    assert java_class_name(name) == written


@pytest.mark.parametrize(
    "specification",
    [
        {"SupportedResponseMimeTypes": ["application/json"]},
        {"supportedResponseMIMETypes": ["application/json"]},
        {"Containers": [{"ModelDataURL": "s3://models/1"}]},
    ],
)
def test_a_member_in_the_wrong_case_is_refused_at_any_depth(specification: dict[str, Any]) -> None:
    arguments = {"ModelPackageGroupName": "vehicle", "InferenceSpecification": specification}
    with pytest.raises(UnknownMemberError, match=r"has no field \w+; known are .*Containers|ModelDataUrl"):
        to_arguments(arguments, shape("sagemaker", "CreateModelPackage"), java_names=True)


def test_the_names_of_the_api_are_not_those_of_an_sdk_integration() -> None:
    with pytest.raises(UnknownMemberError, match="has no field stateMachineArn"):
        to_arguments({"stateMachineArn": "arn"}, shape("stepfunctions", "StartExecution"), java_names=True)
    given = to_arguments(
        {"StateMachineArn": "arn", "Input": {"a": 1}}, shape("stepfunctions", "StartExecution"), java_names=True
    )
    assert given == {"stateMachineArn": "arn", "input": '{"a":1}'}


def test_values_of_a_table_have_their_own_names_in_each_kind_of_integration() -> None:
    put = shape("dynamodb", "PutItem")
    item = {"none": {"NULL": True}, "yes": {"BOOL": True}}
    optimized = to_arguments({"TableName": "t", "Item": item}, put, java_names=False)
    sdk = to_arguments({"TableName": "t", "Item": {"none": {"Nul": True}, "yes": {"Bool": True}}}, put, java_names=True)
    assert optimized == sdk == {"TableName": "t", "Item": item}
    assert to_result(sdk, put, java_names=True)["Item"] == {"none": {"Nul": True}, "yes": {"Bool": True}}
    with pytest.raises(UnknownMemberError, match=r"AttributeValue has no field (BOOL|NULL)"):
        to_arguments({"TableName": "t", "Item": item}, put, java_names=True)
