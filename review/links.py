"""Addresses of pictures that hold for some minutes, for one visitor."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from urllib.parse import urlencode

# An address stays the same for as long, so that a browser may keep the picture; it holds for as long again.
_SECONDS = 300


@dataclass(frozen=True)
class SignedLinks:
    """Signs what comes after the question mark of a picture's address.

    Attributes
    ----------
    key : bytes
        The secret.
    """

    key: bytes

    def query(self, decision_id: str, visitor: str) -> str:
        """Sign the address of a picture for a visitor; it holds for five to ten minutes."""
        until = (int(time.time()) // _SECONDS + 2) * _SECONDS
        return urlencode({"id": decision_id, "until": until, "signature": self._sign(decision_id, visitor, until)})

    def admits(self, decision_id: str, visitor: str, until: int, signature: str) -> bool:
        """Tell whether an address was signed for this visitor, and holds."""
        wanted = self._sign(decision_id, visitor, until)
        return hmac.compare_digest(signature.encode(), wanted.encode()) and time.time() < until

    def _sign(self, decision_id: str, visitor: str, until: int) -> str:
        text = "\n".join(("picture", visitor, str(until), decision_id))
        return hmac.new(self.key, text.encode(), hashlib.sha256).hexdigest()
