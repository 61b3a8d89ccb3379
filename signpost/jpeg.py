"""What a JPEG's markers tell before it is decoded."""

from __future__ import annotations

import re

# In coded data a 0xFF byte is followed by 0; 0xD0 to 0xD7 restart a scan without ending it (ITU-T T.81, B.1.1).
_MARKER = re.compile(rb"\xff([^\x00\xff\xd0-\xd7])")
_START_OF_IMAGE, _END_OF_IMAGE, _START_OF_SCAN = 0xD8, 0xD9, 0xDA


def has_more_scans(data: bytes, most: int) -> bool:
    """Tell whether the first picture of a JPEG file has more scans than allowed.

    Thumbnails, metadata and whatever follows the picture (a video in a motion photo) don't count.

    Parameters
    ----------
    data : bytes
        The file.
    most : int
        Scans that are allowed.

    Returns
    -------
    bool
    """
    scans = position = 0
    while scans <= most and (marker := _MARKER.search(data, position)):
        position = marker.end()
        kind = marker[1][0]
        if kind == _END_OF_IMAGE:
            return False
        scans += kind == _START_OF_SCAN
        if kind != _START_OF_IMAGE:
            position += int.from_bytes(data[position : position + 2])
    return scans > most
