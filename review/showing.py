"""The picture of a record, safe to show."""

from __future__ import annotations

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
from signpost.routing.contracts import Outcome

LONGEST = 384  # pixels; twice what a card shows, for sharp screens
LONGEST_ORIGINAL = 2048  # as a JPEG far below the 6 MB that Lambda answers


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

    def show_original(self, record: Record) -> bytes:
        """Return the image as it was uploaded, as a JPEG that is larger than that of `show`.

        Raises
        ------
        PictureError
            If it can't be shown; the message says why.
        """
        if not self.has_original(record):
            raise PictureError("no_picture", "No upload of this record can be shown.")
        return thumbnail(self._upload(record), LONGEST_ORIGINAL, self.limits, jpeg=True)

    def has_original(self, record: Record) -> bool:
        """Return True where a record's image was uploaded, so that more can be seen than what the model received."""
        return self.originals is not None and record.upload is not None and record.outcome != Outcome.REJECTED

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
        return self._upload(record)

    def _upload(self, record: Record) -> bytes:
        if self.originals is None or record.upload is None:
            raise PictureError("no_picture", "The image was not captured.")
        return self.originals(record.upload)
