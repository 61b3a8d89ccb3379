"""The picture of a record, safe to show."""

from __future__ import annotations

import json
from dataclasses import dataclass

from review.records import Record
from signpost.aws.files import Files
from signpost.capture.json_lines import read_line
from signpost.capture.originals import Originals
from signpost.capture.records import CapturedRecord
from signpost.capture.summary import one_picture
from signpost.errors import PictureError
from signpost.images.limits import Limits
from signpost.images.thumbnails import thumbnail
from signpost.routing.contracts import ImageRef

LONGEST = 384  # pixels; twice what a card shows, for sharp screens


@dataclass(frozen=True)
class Pictures:
    """Gives a record's picture, decoded and encoded anew.

    Attributes
    ----------
    captured : Files
        Captured records.
    originals : callable or None
        Fetches a picture that was not captured, by where the decision says it is.
    limits : Limits
        What a picture may cost.
    """

    captured: Files
    originals: Originals | None
    limits: Limits

    def show(self, record: Record) -> bytes:
        """Give a PNG.

        Raises
        ------
        PictureError
            If it can't be shown; the message says why.
        """
        return thumbnail(self._content(record), LONGEST, self.limits)

    def _content(self, record: Record) -> bytes:
        if record.file is not None:
            try:
                found = read_line(self.captured, record.file, record.start, record.length, CapturedRecord)
            except FileNotFoundError as error:
                raise PictureError("image_not_found", "The record is not there any more.") from error
            if isinstance(found, str):
                raise PictureError("changed", "The file of the record has changed since it was read.")
            try:
                return one_picture(found)
            except ValueError as error:
                raise PictureError("no_picture", str(error)) from error
        image = ImageRef.model_validate(json.loads(record.image)) if record.image else None
        if self.originals is None or image is None or not (image.bucket and image.key):
            raise PictureError("no_picture", "The picture was not captured.")
        return self.originals(image)
