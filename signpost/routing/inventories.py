"""S3 Inventories: lists of a bucket's objects that S3 writes, as manifests of a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpost.errors import BadBatch
from signpost.routing.manifests import Reference, first_character, opened, reference, rows


class _ListingFile(BaseModel):
    key: str


class Inventory(BaseModel):
    """The ``manifest.json`` of an S3 Inventory.

    Attributes
    ----------
    bucket : str
        The bucket that the listing is in.
    format : str
        Format of the listing's files.
    columns : str
        Names of their columns, with commas between.
    files : list
        Keys of the files.
    """

    model_config = ConfigDict(extra="ignore")
    bucket: str = Field(alias="destinationBucket")
    format: str = Field(alias="fileFormat")
    columns: str = Field(alias="fileSchema")
    files: list[_ListingFile]

    @property
    def bucket_name(self) -> str:
        """Name of the bucket that the listing is in: S3 writes its ARN."""
        return self.bucket.rpartition(":")[2]


def read_inventory(path: Path, name: str) -> Inventory | None:
    """Read the manifest of an S3 Inventory.

    Parameters
    ----------
    path : Path
        A manifest of any kind.
    name : str
        Its key, for messages.

    Returns
    -------
    Inventory or None
        None if the manifest is of another kind.

    Raises
    ------
    BadBatch
        If the inventory is not in CSV, or its manifest is incomplete.
    """
    with opened(path, name) as text:
        if first_character(text) != "{":
            return None
        try:
            document = json.load(text)
        except ValueError:  # JSON lines, for instance
            return None
    if "fileSchema" not in document:
        return None
    try:
        inventory = Inventory.model_validate(document)
    except ValidationError as error:
        wrong = ", ".join(".".join(map(str, fault["loc"])) for fault in error.errors())
        raise BadBatch(f"The S3 Inventory {name} has no usable {wrong}.") from error
    if inventory.format.upper() != "CSV":
        raise BadBatch(f"The S3 Inventory {name} is in {inventory.format}; allowed is CSV.")
    return inventory


def read_listing(path: Path, name: str, inventory: Inventory) -> Iterator[Reference]:
    """Yield the newest versions that one file of an S3 Inventory lists.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        Its key, for messages.
    inventory : Inventory
        The inventory that it belongs to.

    Yields
    ------
    dict
        ``s3_bucket``, ``s3_key`` and, where the inventory has it, ``version_id``.

    Raises
    ------
    BadBatch
        At a line that does not fit.
    """
    columns = [column.strip().lower() for column in inventory.columns.split(",")]
    with opened(path, name) as text:
        for line, row in rows(text, name):
            if len(row) != len(columns):
                raise BadBatch(f"Line {line} of {name} has {len(row)} columns; the inventory has {len(columns)}.")
            listed = dict(zip(columns, row, strict=True))
            if listed.get("islatest") != "false" and listed.get("isdeletemarker") != "true":
                # Keys are written as in the query of a URL.
                item = {**listed, "key": unquote_plus(listed.get("key", ""))}
                yield reference(item, f"Line {line} of {name}")
