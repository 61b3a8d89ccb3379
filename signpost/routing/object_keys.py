"""Pictures that come through the API: their key ends with the id of their decision.

The id is known before the picture is there, so that a caller can follow it; and however often such a key is written, it
is decided once.
"""

from __future__ import annotations

import re

from signpost.routing.prefixes import FROM_API, INCOMING, UPLOADS

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY = re.compile(rf"(?:{UPLOADS}|{INCOMING}(?P<classifier>[^/]+)/){FROM_API}(?P<id>{UUID})")


def posted_key(decision_id: str) -> str:
    """Return the key of a picture that was posted: no upload routes it, for its request does.

    Parameters
    ----------
    decision_id : str
        A UUID.

    Returns
    -------
    str
        ``uploads/api/<decision_id>``.
    """
    return f"{UPLOADS}{FROM_API}{decision_id}"


def expected_key(classifier: str, decision_id: str) -> str:
    """Return the key of a picture that will be uploaded, and so routed by the upload.

    Parameters
    ----------
    classifier : str
        Who shall be asked.
    decision_id : str
        A UUID.

    Returns
    -------
    str
        ``incoming/<classifier>/api/<decision_id>``.
    """
    return f"{INCOMING}{classifier}/{FROM_API}{decision_id}"


def given_id(key: str, classifier: str | None) -> str | None:
    """Return the id that a key was given, None for any other key.

    Parameters
    ----------
    key : str
        Of an object in the app's own incoming bucket.
    classifier : str or None
        Who is asked. A key that names another one stands for that one's decision.

    Returns
    -------
    str or None
    """
    found = _KEY.fullmatch(key)
    return found["id"] if found and found["classifier"] in (None, classifier) else None
