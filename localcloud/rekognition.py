"""A stand-in for Rekognition's DetectLabels that says so: its labels tell colour and brightness, not content.

It lets the paths around Rekognition run without an account. Its answers measure nothing.
"""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from typing import Any

import boto3
from ministack.core.iam_evaluator import enforce
from ministack.core.router import extract_access_key_id

from localcloud.answers import Answer, ServiceError, json_answer, read_json
from localcloud.api_input import check_input
from localcloud.credentials import REGION, endpoint_url
from signpost.errors import PictureError
from signpost.images.formats import content_type
from signpost.images.limits import Limits
from signpost.images.prepare import prepare

MODEL_VERSION = "signpost-stand-in"
# The service's limits: bytes in a request, bytes of an S3 object.
MAX_INLINE_BYTES = 5 * 1024 * 1024
MAX_OBJECT_BYTES = 15 * 1024 * 1024
_LIMITS = Limits(max_bytes=MAX_OBJECT_BYTES)
_TOO_LARGE = ("too_large", "too_many_pixels")


class Service:
    """Rekognition as MiniStack sees it.

    Parameters
    ----------
    port : int
        The local cloud's port.
    """

    def __init__(self, port: int) -> None:
        self._port = port

    async def handle_request(
        self, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Mapping[str, Any]
    ) -> Answer:
        """Answer a request; MiniStack's handler signature."""
        del method, path, query_params
        operation = headers.get("x-amz-target", "").rpartition(".")[2]
        try:
            if operation != "DetectLabels":
                raise ServiceError("InvalidAction", f"The stand-in for Rekognition has no operation {operation}.")
            request = read_json(body)
            check_input("rekognition", operation, request, "InvalidParameterException")
            return json_answer(await asyncio.to_thread(self._detect_labels, request, headers))
        except ServiceError as error:
            return error.answer()

    def get_state(self) -> None:
        """Return None: there is nothing to save."""

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Do nothing: nothing is saved."""

    def _detect_labels(self, request: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        image = request.get("Image", {})
        content = self._object(image["S3Object"], headers) if "S3Object" in image else _inline(image.get("Bytes", ""))
        found = [label for label in labels(content) if label["Confidence"] >= request.get("MinConfidence", 55.0)]
        return {"Labels": found[: request.get("MaxLabels", 1000)], "LabelModelVersion": MODEL_VERSION}

    def _object(self, location: dict[str, str], headers: dict[str, str]) -> bytes:
        """Read an object that the caller may read: Rekognition uses the caller's permissions."""
        if not {"Bucket", "Name"} <= set(location):
            raise ServiceError("InvalidParameterException", "An S3Object has a Bucket and a Name.")
        bucket, key = location["Bucket"], location["Name"]
        if enforce(extract_access_key_id(headers), "s3:GetObject", "s3", REGION, f"arn:aws:s3:::{bucket}/{key}"):
            raise ServiceError("AccessDeniedException", "The caller may not read the S3 object.")
        # With the keys in this process's environment, the root user's.
        client = boto3.Session().client("s3", endpoint_url=endpoint_url(self._port), region_name=REGION)
        try:
            answer = client.get_object(Bucket=bucket, Key=key)
        except client.exceptions.ClientError as error:
            raise ServiceError("InvalidS3ObjectException", "Unable to get object metadata from S3.") from error
        if answer["ContentLength"] > MAX_OBJECT_BYTES:
            raise ServiceError("ImageTooLargeException", "The image is larger than 15 MB.")
        return answer["Body"].read()


def labels(content: bytes) -> list[dict[str, Any]]:
    """Return the stand-in's labels: the strongest colour of the picture and how bright it is.

    Parameters
    ----------
    content : bytes
        A JPEG or PNG file.

    Returns
    -------
    list of dict
        In the shape of DetectLabels, most confident first. A confidence is the channel's mean, scaled to 0..100.

    Raises
    ------
    ServiceError
        `InvalidImageFormatException` or `ImageTooLargeException`.
    """
    try:
        if content_type(content) not in ("image/jpeg", "image/png"):
            raise ServiceError("InvalidImageFormatException", "Request has invalid image format")
        pixel = prepare(content, 1, 1, _LIMITS).getpixel((0, 0))
    except PictureError as error:
        code = "ImageTooLargeException" if error.code in _TOO_LARGE else "InvalidImageFormatException"
        raise ServiceError(code, error.message) from error
    red, green, blue = (float(channel) for channel in pixel)  # pyright: ignore[reportGeneralTypeIssues, reportOptionalIterable]
    names = {"Mostly Red": red, "Mostly Green": green, "Mostly Blue": blue}
    strongest = max(names, key=lambda name: names[name])
    brightness = (red + green + blue) / 3
    found = [
        ("Stand-In", 100.0, []),
        (strongest, names[strongest] / 2.55, ["Stand-In"]),
        ("Bright" if brightness >= 128 else "Dark", max(brightness, 255 - brightness) / 2.55, ["Stand-In"]),
    ]
    found.sort(key=lambda label: -label[1])
    return [
        {"Name": name, "Confidence": confidence, "Instances": [], "Parents": [{"Name": parent} for parent in parents]}
        for name, confidence, parents in found
    ]


def _inline(encoded: str) -> bytes:
    try:
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ServiceError("InvalidParameterException", "The bytes are no Base64.") from error
    if not content:
        raise ServiceError("InvalidParameterException", "The request has no image.")
    if len(content) > MAX_INLINE_BYTES:
        raise ServiceError("ImageTooLargeException", "The image is larger than 5 MB.")
    return content
