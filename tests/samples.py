"""The sample events in ``events/``."""

import json
from typing import Any

from tests.conftest import ROOT


def sample_event(name: str, **changes: Any) -> dict[str, Any]:
    """Read a sample event and change some of its keys."""
    return json.loads((ROOT / "events" / name).read_text()) | changes
