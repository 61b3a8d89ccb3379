"""Data capture: the requests and answers of an endpoint as JSON lines in S3, in SageMaker's layout."""

import base64
import datetime as dt
import json
import logging
import math
import random
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from localcloud.durability import outbox
from localcloud.sagemaker.model_package import split_s3_uri

logger = logging.getLogger("localcloud.capture")

FLUSH_SECONDS = 0.5
CLOSE_SECONDS = 15.0
_POLL_SECONDS = 0.1
_CAPTURE = "capture"


@dataclass(frozen=True)
class Payload:
    """One direction of an invocation.

    Parameters
    ----------
    content_type : str
        As the header said.
    data : bytes
        The body.
    """

    content_type: str
    data: bytes


def capture_record(
    config: dict[str, Any], request: Payload, response: Payload, inference_id: str | None, at: dt.datetime
) -> dict[str, Any]:
    """Build the record of one invocation, members in the order that SageMaker writes them.

    Parameters
    ----------
    config : dict
        `DataCaptureConfig` of the endpoint config.
    request, response : Payload
        What went in and what came out.
    inference_id : str or None
        The caller's id of the inference.
    at : datetime
        When, in UTC.

    Returns
    -------
    dict
        The record; the input, the output or both in it, as the config says.
    """
    modes = {option["CaptureMode"] for option in config.get("CaptureOptions", [])}
    headers = config.get("CaptureContentTypeHeader", {})
    data: dict[str, Any] = {}
    if modes & {"Input", "InputAndOutput"}:
        data["endpointInput"] = _side("INPUT", request, headers)
    if modes & {"Output", "InputAndOutput"}:
        data["endpointOutput"] = _side("OUTPUT", response, headers)
    metadata = {"eventId": str(uuid.uuid4())}
    if inference_id:
        metadata["inferenceId"] = inference_id
    metadata["inferenceTime"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}


def _side(mode: str, payload: Payload, headers: dict[str, list[str]]) -> dict[str, str]:
    kind = payload.content_type.partition(";")[0].strip().lower()
    encoding = "BASE64"
    for listed, name in (("CsvContentTypes", "CSV"), ("JsonContentTypes", "JSON")):
        if kind in (content_type.lower() for content_type in headers.get(listed, [])):
            encoding = name
    text = base64.b64encode(payload.data).decode() if encoding == "BASE64" else payload.data.decode(errors="replace")
    return {"observedContentType": payload.content_type, "mode": mode, "data": text, "encoding": encoding}


def object_key(prefix: str, endpoint: str, variant: str, at: dt.datetime) -> str:
    """Return the key of a file of records.

    Parameters
    ----------
    prefix : str
        Key part of `DestinationS3Uri`.
    endpoint, variant : str
        Whose records.
    at : datetime
        Time of the file's first record, in UTC.

    Returns
    -------
    str
        `<prefix>/<endpoint>/<variant>/yyyy/mm/dd/hh/mm-ss-mmm-<uuid>.jsonl`.
    """
    name = f"{at:%M-%S}-{at.microsecond // 1000:03d}-{uuid.uuid4()}.jsonl"
    return "/".join(part for part in (prefix.strip("/"), endpoint, variant, f"{at:%Y/%m/%d/%H}", name) if part)


@dataclass(frozen=True)
class _Line:
    """A record, the file that it belongs to, and its entry in the outbox."""

    variant: str
    key: str
    text: str
    work: str


class CaptureWriter:
    """Writes an endpoint's records off the request's path, a file each half second.

    Parameters
    ----------
    endpoint : str
        Name of the endpoint.
    config : dict
        Its `DataCaptureConfig`.
    clients : dict of str to boto3 client
        For each variant an S3 client that acts as the execution role of its model.
    """

    def __init__(self, endpoint: str, config: dict[str, Any], clients: dict[str, Any]) -> None:
        self._endpoint = endpoint
        self._config = config
        self._clients = clients
        self._bucket, self._prefix = split_s3_uri(config["DestinationS3Uri"])
        self._lock = threading.Lock()
        # By variant, the file that records are added to, and the time of its first one.
        self._files: dict[str, tuple[str, float]] = {}
        self._lines: list[_Line] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._write_until_closed, name=f"capture-{endpoint}", daemon=True)
        self._thread.start()

    def add(self, variant: str, request: Payload, response: Payload, inference_id: str | None) -> None:
        """Capture an invocation, if the sampling picks it.

        Parameters
        ----------
        variant : str
            The variant that answered.
        request, response : Payload
            What went in and what came out.
        inference_id : str or None
            The caller's id of the inference.
        """
        # Sampling, not a secret.
        if random.uniform(0, 100) >= self._config["InitialSamplingPercentage"]:  # noqa: S311
            return
        now = dt.datetime.now(dt.UTC)
        record = capture_record(self._config, request, response, inference_id, now)
        text = json.dumps(record, separators=(",", ":")) + "\n"
        with self._lock:
            key, begun = self._files.get(variant, ("", -math.inf))
            if begun <= time.monotonic() - FLUSH_SECONDS:
                key = object_key(self._prefix, self._endpoint, variant, now)
                self._files[variant] = (key, time.monotonic())
            # With the file's name, a record that is written again after a kill is in one file all the same.
            work = outbox.add(_CAPTURE, [self._endpoint, variant, key, text])
            self._lines.append(_Line(variant, key, text, work))

    def close(self) -> None:
        """Write what is waiting and end; give up what S3 does not take in time."""
        self._closed.set()
        self._thread.join(CLOSE_SECONDS)
        if self._thread.is_alive():
            logger.error("Captured records of %s were not written in %.0f s", self._endpoint, CLOSE_SECONDS)

    def write(self, lines: list[_Line]) -> None:
        """Write records of one file."""
        body = "".join(line.text for line in lines).encode()
        try:
            self._clients[lines[0].variant].put_object(
                Bucket=self._bucket, Key=lines[0].key, Body=body, ContentType="application/jsonlines"
            )
        except Exception:
            # As on AWS an invocation does not fail because its capture does; and the next records may be written.
            logger.exception("%d records of %s were not captured", len(lines), self._endpoint)
        outbox.remove(*(line.work for line in lines))

    def _write_until_closed(self) -> None:
        while not self._closed.wait(_POLL_SECONDS):
            self._write_files(time.monotonic() - FLUSH_SECONDS)
        self._write_files(math.inf)

    def _write_files(self, begun_before: float) -> None:
        """Write the files that get no more records."""
        with self._lock:
            open_keys = {key for key, begun in self._files.values() if begun > begun_before}
            lines = [line for line in self._lines if line.key not in open_keys]
            self._lines = [line for line in self._lines if line.key in open_keys]
        for key in dict.fromkeys(line.key for line in lines):
            self.write([line for line in lines if line.key == key])


def resume(writer_of: Callable[[str], CaptureWriter | None]) -> None:
    """Have the records written that a killed cloud had not written, once the endpoints are back.

    Parameters
    ----------
    writer_of : callable
        Returns the writer of an endpoint by its name; None if it captures nothing any more.
    """

    def write(left: dict[str, Any]) -> None:
        files: dict[str, list[_Line]] = {}
        writers: dict[str, CaptureWriter | None] = {}
        for work, (endpoint, variant, key, text) in left.items():
            files.setdefault(key, []).append(_Line(variant, key, text, work))
            writers[key] = writer_of(endpoint)
        for key, lines in files.items():
            if writer := writers[key]:
                writer.write(lines)
            else:
                outbox.remove(*(line.work for line in lines))

    outbox.on_restart(_CAPTURE, write)
