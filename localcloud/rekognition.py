"""A stand-in for Rekognition's DetectLabels that says so: its labels tell colour and brightness, not content.

It lets the paths around Rekognition run without an account. Its answers measure nothing.
"""

import asyncio
import base64
import io
import json
import warnings
from collections.abc import Mapping
from typing import Any

import boto3
from ministack.core.iam_evaluator import enforce
from ministack.core.router import extract_access_key_id
from PIL import Image

from localcloud.answers import Answer, ServiceError, json_answer
from localcloud.credentials import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, endpoint_url

MODEL_VERSION = "signpost-stand-in"
# The service's limits: bytes in a request, bytes of an S3 object.
MAX_INLINE_BYTES = 5 * 1024 * 1024
MAX_OBJECT_BYTES = 15 * 1024 * 1024
MAX_PIXELS = 100_000_000


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
            return json_answer(await asyncio.to_thread(self._detect_labels, json.loads(body), headers))
        except ServiceError as error:
            return error.answer()

    def get_state(self) -> None:
        """Return None: there is nothing to save."""

    def load_persisted_state(self, state: dict[str, Any]) -> None:
        """Do nothing: nothing is saved."""

    def reset(self) -> None:
        """Do nothing: nothing is kept."""

    def _detect_labels(self, request: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
        image = request.get("Image", {})
        content = self._object(image["S3Object"], headers) if "S3Object" in image else _inline(image.get("Bytes", ""))
        found = [label for label in labels(content) if label["Confidence"] >= request.get("MinConfidence", 55.0)]
        return {"Labels": found[: request.get("MaxLabels", 1000)], "LabelModelVersion": MODEL_VERSION}

    def _object(self, location: dict[str, str], headers: dict[str, str]) -> bytes:
        """Read an object that the caller may read: Rekognition uses the caller's permissions."""
        bucket, key = location["Bucket"], location["Name"]
        if enforce(extract_access_key_id(headers), "s3:GetObject", "s3", REGION, f"arn:aws:s3:::{bucket}/{key}"):
            raise ServiceError("AccessDeniedException", "The caller may not read the S3 object.")
        client = boto3.client(
            "s3",
            endpoint_url=endpoint_url(self._port),
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY_ID,
            aws_secret_access_key=SECRET_ACCESS_KEY,
        )
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
        `InvalidImageFormatException`, if it is neither.
    """
    try:
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(content), formats=["JPEG", "PNG"]) as image:
            if image.width * image.height > MAX_PIXELS:
                raise ServiceError("ImageTooLargeException", "The image has too many pixels.")
            image.draft("RGB", (64, 64))
            pixel = image.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    except (OSError, ValueError, SyntaxError, Warning, Image.DecompressionBombError) as error:
        raise ServiceError("InvalidImageFormatException", "Request has invalid image format") from error
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
    content = base64.b64decode(encoded)
    if len(content) > MAX_INLINE_BYTES:
        raise ServiceError("ImageTooLargeException", "The image is larger than 5 MB.")
    return content
