"""Files that name the images of a batch."""

import codecs
import gzip
import json
from pathlib import Path

import pytest

from signpost.errors import BadBatch
from signpost.routing.inventories import read_inventory, read_listing
from signpost.routing.manifests import read_references

HARD_KEYS = ["a\nb\t\x01.jpg", "a+b%20c.jpg", "e\u0301 \U0001f6b2.jpg", 'quote"comma,.jpg', " space ", "\u2028"]


@pytest.fixture
def read(tmp_path: Path):
    """Read a manifest of some bytes."""

    def read_bytes(data: bytes | str, name: str = "batches/monday.json") -> list[dict[str, str]]:
        file = tmp_path / "manifest"
        file.write_bytes(data.encode() if isinstance(data, str) else data)
        assert read_inventory(file, name) is None
        return list(read_references(file, name))

    return read_bytes


REFERENCES = [{"s3_key": "new/a.jpg"}, {"s3_bucket": "b", "s3_key": "new/b.jpg", "classifier": "dog-breed"}]
FORMS = {
    "array.json": json.dumps(["new/a.jpg", REFERENCES[1]], indent=2),
    "lines.jsonl": f'"new/a.jpg"\n\n{json.dumps(REFERENCES[1])}\n',
    "objects.jsonl": "\r\n".join(map(json.dumps, REFERENCES)),
    "with-a-header.csv": "Bucket,Key,Classifier,Note\r\n,new/a.jpg,,x\r\nb,new/b.jpg,dog-breed,y\r\n",
    "no-ending": "s3_bucket,s3_key,classifier\n,new/a.jpg,\nb,new/b.jpg,dog-breed",
}


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_references(read, name, mark, packed):
    data = mark + FORMS[name].encode()
    assert read(gzip.compress(data) if packed else data, f"{name}.gz" if packed else name) == REFERENCES


def test_a_list_of_keys_needs_no_header(read):
    keys = "incoming/dog-breed/b0.jpg\nincoming/dog-breed/b1.jpg\n"
    expected = [{"s3_key": "incoming/dog-breed/b0.jpg"}, {"s3_key": "incoming/dog-breed/b1.jpg"}]
    for name in ("keys.csv", "keys.txt", "keys"):
        assert read(keys, name) == expected
    assert read("a,b.jpg\n[c].jpg\n", "keys.txt") == [{"s3_key": "a,b.jpg"}, {"s3_key": "[c].jpg"}]


@pytest.mark.parametrize("key", HARD_KEYS)
def test_keys_are_taken_as_they_are(read, key):
    quoted = '"' + key.replace('"', '""') + '"\n'
    assert read(json.dumps([key], ensure_ascii=False)) == [{"s3_key": key}]
    assert read(json.dumps(key) + "\n", "keys.jsonl") == [{"s3_key": key}]
    assert read(quoted, "keys.csv") == [{"s3_key": key}]


@pytest.mark.parametrize(("name", "data"), [("empty.json", "[]"), ("empty.csv", ""), ("blank.jsonl", "\n \n")])
def test_a_manifest_may_be_empty(read, name, data):
    assert read(data, name) == []


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("m.json", '["a", 7]', r"Item 2 of m.json is 7; allowed is a key, or an object"),
        ("m.json", '["a", ""]', r'Item 2 of m.json is ""; allowed'),
        ("m.json", '[{"key": ["a"]}]', r'Item 1 of m.json has no usable key: \["a"\]; allowed'),
        ("m.json", '["\\ud800"]', r"Item 1 of m.json has no usable key"),
        ("m.json", json.dumps(["k" * 1025]), r"Item 1 of m.json has no usable key: .{80}; allowed"),
        ("m.json", '["a"', r"m.json is no JSON"),
        ("m.jsonl", '{"s3_key": "a"}\n{"bucket": "b"}', r'Line 2 of m.jsonl is \{"bucket": "b"\}; allowed'),
        ("m.jsonl", '"a"\nb\n', r"Line 2 of m.jsonl is no JSON"),
        ("m.csv", "b,a.jpg\n", r"Line 1 of m.csv has 2 columns; without a header that names key, allowed is 1"),
        ("m.csv", "bucket,key\nb,a\nb,a,c\n", r"Line 3 of m.csv has 3 columns; the header has 2"),
        ("m.csv", '"a\n', r"Line \d of m.csv is no CSV"),
        ("m.json", b"\x89PNG\r\n\xff", r"m.json is no text in UTF-8; allowed are"),
        ("m.json", b"\x1f\x8bnot gzip", r"m.json can't be unpacked"),
    ],
)
def test_a_bad_item_is_named_with_what_is_allowed(read, name, data, said):
    with pytest.raises(BadBatch, match=said):
        read(data, name)


MANIFEST = {
    "sourceBucket": "b",
    "destinationBucket": "arn:aws:s3:::lists",
    "version": "2016-11-30",
    "fileFormat": "CSV",
    "fileSchema": "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size",
    "files": [{"key": "inv/data/1.csv.gz", "size": 214, "MD5checksum": "f11166069f1990abeb9c97ace9cdfabc"}],
}


def test_an_inventory_lists_the_newest_versions_by_decoded_keys(tmp_path):
    manifest, listing = tmp_path / "manifest", tmp_path / "listing"
    manifest.write_bytes(codecs.BOM_UTF8 + json.dumps(MANIFEST, indent=1).encode())
    rows = ['"b","new/a+b%C3%A9%2B.jpg","v2","true","false","10"', '"b","new/c","v1","false","false","10"']
    rows += ['"b","new/d","v1","true","true","0"']
    listing.write_bytes(gzip.compress("\n".join(rows).encode()))
    inventory = read_inventory(manifest, "inv/manifest.json")
    assert inventory is not None
    assert (inventory.bucket_name, inventory.files[0].key) == ("lists", "inv/data/1.csv.gz")
    found = list(read_listing(listing, "inv/data/1.csv.gz", inventory))
    assert found == [{"s3_bucket": "b", "s3_key": "new/a bé+.jpg", "version_id": "v2"}]


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"fileFormat": "ORC"}, "is in ORC; allowed is CSV"), ({"files": None}, "has no usable files")],
)
def test_an_inventory_that_is_not_usable_is_refused(tmp_path, changes, said):
    file = tmp_path / "manifest"
    file.write_text(json.dumps(MANIFEST | changes))
    with pytest.raises(BadBatch, match=said):
        read_inventory(file, "manifest.json")


def test_a_listing_that_does_not_fit_its_inventory_is_refused(tmp_path):
    manifest, listing = tmp_path / "manifest", tmp_path / "listing"
    manifest.write_text(json.dumps(MANIFEST))
    listing.write_text('"b","a"\n')
    inventory = read_inventory(manifest, "manifest.json")
    assert inventory is not None
    with pytest.raises(BadBatch, match=r"Line 1 of 1\.csv has 2 columns; the inventory has 6"):
        list(read_listing(listing, "1.csv", inventory))
