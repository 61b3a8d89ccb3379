"""The images of a batch, from S3."""

import gzip
import json

import botocore.session
import pytest
from moto import mock_aws

from lambdas.read_batch.read_batch import read_batch
from signpost.errors import BadBatch
from signpost.settings.lambda_config import BatchConfiguration

CONFIGURATION = BatchConfiguration(buckets=["incoming", "source"], decisions_bucket="decisions")


@pytest.fixture
def s3():
    with mock_aws():
        # Functions have botocore alone.
        client = botocore.session.get_session().create_client(
            "s3", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing"
        )
        for bucket in ("incoming", "source", "decisions", "secret"):
            client.create_bucket(Bucket=bucket)
        yield client


@pytest.fixture
def read(s3):
    """List the images of a batch."""

    def read_event(event):
        found = read_batch(event, "execution-1", CONFIGURATION, s3)
        text = s3.get_object(Bucket="decisions", Key=found["key"])["Body"].read().decode("ascii")
        items = [json.loads(line) for line in text.splitlines()]
        assert found == {"key": "batches/items/execution-1.jsonl", "images": len(items)}
        return items

    return read_event


def put(s3, *keys, bucket="incoming", body=b"image"):
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=body)


def test_a_prefix_is_every_object_below_it_but_folders(s3, read):
    put(s3, "new/", "new/a.jpg", "new/b\n+%é.jpg", "new/sub/", "new/sub/c.jpg", "old/d.jpg")
    items = read({"prefix": "new/"})
    assert items == [
        {"s3_bucket": "incoming", "s3_key": f"new/{name}"} for name in ("a.jpg", "b\n+%é.jpg", "sub/c.jpg")
    ]
    assert read({"prefix": "nothing/"}) == []


def test_a_whole_bucket_must_be_asked_for(s3, read):
    put(s3, "a.jpg", bucket="source")
    assert read({"whole_bucket": True, "bucket": "source"}) == [{"s3_bucket": "source", "s3_key": "a.jpg"}]
    for event in ({"prefix": "", "bucket": "source"}, {"bucket": "source"}, {"whole_bucket": False}):
        with pytest.raises(BadBatch, match=r'names no images.*allowed is .*\{"whole_bucket": true\}'):
            read(event)


def test_an_item_may_have_its_own_bucket_and_classifier(s3, read):
    manifest = ["a.jpg", "folder/", {"key": "b.jpg", "bucket": "source", "classifier": "dog-breed"}]
    put(s3, "m.json", body=json.dumps(manifest).encode())
    other = {"s3_bucket": "source", "s3_key": "b.jpg", "classifier": "dog-breed"}
    assert read({"manifest": "m.json"}) == [{"s3_bucket": "incoming", "s3_key": "a.jpg"}, other]
    named = {"s3_bucket": "incoming", "s3_key": "a.jpg", "classifier": "vehicle"}
    assert read({"manifest": "m.json", "classifier": "vehicle"}) == [named, other]


def test_an_inventory_is_read_file_by_file(s3, read):
    inventory = {"sourceBucket": "incoming", "destinationBucket": "arn:aws:s3:::source", "fileFormat": "CSV"}
    inventory |= {"fileSchema": "Bucket, Key", "files": [{"key": "data/1.csv.gz"}, {"key": "data/2.csv.gz"}]}
    put(s3, "inv/manifest.json", bucket="source", body=json.dumps(inventory).encode())
    put(s3, "data/1.csv.gz", bucket="source", body=gzip.compress(b'"incoming","a+1.jpg"\n"incoming","folder/"\n'))
    put(s3, "data/2.csv.gz", bucket="source", body=gzip.compress(b'"incoming","b.jpg"\n'))
    keys = [item["s3_key"] for item in read({"bucket": "source", "manifest": "inv/manifest.json"})]
    assert keys == ["a 1.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ([], "is no object; allowed is"),
        ({"prefx": "a"}, "The input has prefx; allowed is"),
        ({"prefix": 7}, "prefix is no usable text; allowed is"),
        ({"prefix": "a", "manifest": "m"}, "names them twice; allowed is"),
        ({"prefix": "a", "whole_bucket": True}, "names them twice; allowed is"),
        ({"whole_bucket": "yes"}, "allowed is"),
        ({"prefix": "a", "classifier": "c" * 65}, "classifier is no usable text"),
        ({"prefix": "a", "bucket": "secret"}, "bucket secret are not routed; allowed are incoming, source"),
        ({"manifest": "missing.json"}, "S3 does not return missing.json in the bucket incoming: NoSuchKey"),
    ],
)
def test_an_input_that_can_not_be_used_is_refused_with_a_sentence(s3, read, event, said):
    with pytest.raises(BadBatch, match=said):
        read(event)
    assert s3.list_objects_v2(Bucket="decisions")["KeyCount"] == 0


def test_nothing_is_listed_where_one_item_is_bad(s3, read):
    put(s3, "m.json", body=b'["a.jpg", null]')
    with pytest.raises(BadBatch, match=r"Item 2 of m\.json is null"):
        read({"manifest": "m.json"})
    assert s3.list_objects_v2(Bucket="decisions")["KeyCount"] == 0
