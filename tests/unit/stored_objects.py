"""Buckets in moto's S3, and captured records and corrections in one."""

import datetime as dt
import json
from collections.abc import Iterator, MutableMapping
from typing import Any

from localcloud.sagemaker.capture import Payload, capture_record, object_key
from signpost.capture.corrections import Correction

AT = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
BOTH = [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}]
ANSWER = Payload("application/json", b'{"predictions": []}')


class StoredObjects(MutableMapping[str, bytes]):
    """The objects of a new bucket, by key."""

    def __init__(self, client: Any, bucket: str) -> None:
        client.create_bucket(Bucket=bucket)
        self.client, self.bucket = client, bucket

    def __getitem__(self, key: str) -> bytes:
        try:
            return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()
        except self.client.exceptions.NoSuchKey as error:
            raise KeyError(key) from error

    def __setitem__(self, key: str, content: bytes) -> None:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=content)

    def __delitem__(self, key: str) -> None:
        self.client.delete_object(Bucket=self.bucket, Key=key)

    def __iter__(self) -> Iterator[str]:
        for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket):
            yield from (found["Key"] for found in page.get("Contents", []))

    def __len__(self) -> int:
        return sum(1 for _ in self)


class CapturedBucket:
    """A bucket named ``captured`` with what a test captures and corrects."""

    def __init__(self, client: Any) -> None:
        self.client, self.objects = client, StoredObjects(client, "captured")

    def add(self, name: str, request: Payload, variant: str = "AllTraffic", **headers: list[str]) -> None:
        """Write a record as the local cloud does."""
        config = {"CaptureOptions": BOTH, "CaptureContentTypeHeader": headers}
        record = capture_record(config, request, ANSWER, name, AT)
        self.objects[object_key("capture", "vehicle", variant, AT)] = json.dumps(record).encode() + b"\n"

    def correct(
        self, name: str, label: str, minute: int = 0, key: str = "corrections/2026/01.jsonl", by: str = "reviewer-1"
    ) -> None:
        """Append a correction to a file of corrections."""
        correction = Correction.make(name, label, by, dt.datetime(2026, 1, 3, 10, minute, tzinfo=dt.UTC))
        line = correction.model_dump_json(by_alias=True).encode()
        self.objects[key] = self.objects.get(key, b"") + line + b"\n"
