"""The stand-in for Rekognition answers in the real shape and says what it is."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from PIL import Image

from tests.localcloud.running_cloud import Cloud
from tests.localcloud.sagemaker_resources import Resources


@pytest.fixture
def rekognition(cloud: Cloud) -> Any:
    return cloud.client("rekognition")


def jpeg(colour: tuple[int, int, int]) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (320, 240), colour).save(content, "JPEG")
    return content.getvalue()


def test_it_calls_itself_a_stand_in(rekognition: Any) -> None:
    answer = rekognition.detect_labels(Image={"Bytes": jpeg((200, 20, 20))})
    assert answer["LabelModelVersion"] == "signpost-stand-in"
    names = [label["Name"] for label in answer["Labels"]]
    assert names == ["Stand-In", "Mostly Red", "Dark"]
    assert rekognition.detect_labels(Image={"Bytes": jpeg((200, 20, 20))})["Labels"] == answer["Labels"]


def test_it_honours_the_limits_of_the_request(rekognition: Any) -> None:
    answer = rekognition.detect_labels(Image={"Bytes": jpeg((200, 20, 20))}, MaxLabels=1, MinConfidence=90)
    assert [label["Name"] for label in answer["Labels"]] == ["Stand-In"]


def test_what_is_no_picture_has_an_invalid_format(rekognition: Any) -> None:
    with pytest.raises(rekognition.exceptions.InvalidImageFormatException):
        rekognition.detect_labels(Image={"Bytes": b"no picture"})


@pytest.mark.parametrize(
    "body", [{"Image": {"Bytes": "no Base64!"}}, {"Image": {}}, {}, {"Image": {"S3Object": {"Bucket": "b"}}}]
)
def test_a_broken_request_is_an_invalid_parameter(cloud: Cloud, body: dict[str, Any]) -> None:
    client = cloud.client("rekognition")

    def replace_body(params: dict[str, Any], **_: Any) -> None:
        params["body"] = json.dumps(body).encode()

    client.meta.events.register("before-call.rekognition.DetectLabels", replace_body)
    with pytest.raises(client.exceptions.InvalidParameterException):
        client.detect_labels(Image={"Bytes": b"0"})


def test_it_reads_s3_with_the_permissions_of_the_caller(cloud: Cloud) -> None:
    # GIVEN a picture in S3, a caller who may read it and one who may not
    resources = Resources(cloud)
    resources.s3.put_object(Bucket=resources.captured, Key="red.jpg", Body=jpeg((200, 20, 20)))
    image = {"S3Object": {"Bucket": resources.captured, "Name": "red.jpg"}}
    detect = ("rekognition:DetectLabels", "*")
    reader = resources.user_key(detect, ("s3:GetObject", f"arn:aws:s3:::{resources.captured}/*"))
    stranger = resources.user_key(detect)
    nobody = resources.user_key(("s3:GetObject", "*"))
    # THEN the first gets labels, the others an error
    assert cloud.client("rekognition", reader).detect_labels(Image=image)["Labels"]
    for key in (stranger, nobody):
        with pytest.raises(ClientError, match="AccessDeniedException"):
            cloud.client("rekognition", key).detect_labels(Image=image)


def test_its_answer_has_the_members_of_a_real_one(rekognition: Any, shared_data: Path) -> None:
    real = json.loads((shared_data / "rekognition" / "detect-labels.json").read_text())
    answer = rekognition.detect_labels(Image={"Bytes": jpeg((0, 0, 255))})
    assert set(real) <= set(answer)
    assert set(real["Labels"][0]) == set(answer["Labels"][0])
