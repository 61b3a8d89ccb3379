"""The review page's application, without a port."""

import datetime as dt
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from starlette.testclient import TestClient

from review.app import make_app
from review.index import Index
from review.parts import make_parts
from review.people import Visitor
from review.sync import Sources, sync
from signpost.aws.files import Folder
from signpost.capture.corrections import Correction
from signpost.capture.json_lines import Lines
from signpost.capture.originals import Originals
from signpost.settings.file import load_settings
from tests.conftest import ROOT

SETTINGS = load_settings(ROOT / "signpost.toml")
HTMX = {"hx-request": "true"}


class ReviewPage(TestClient):
    """The page on a folder of captured records, as one visitor sees it; each has an index of their own."""

    def __init__(
        self,
        folder: Path,
        name: str = "anna",
        *,
        may_correct: bool = True,
        decisions: Path | None = None,
        originals: Originals | None = None,
        read: bool = True,
    ) -> None:
        self.files = Folder(folder)
        self.index = Index(folder.parent / f"index-{name}.sqlite")
        archive = Folder(decisions) if decisions else None
        sources = Sources(self.files, "", archive, originals, SETTINGS)
        self.sync = partial(sync, self.index, sources, lambda _done, _total: None)
        parts = make_parts(self.index, sources, lambda _: Visitor(name, may_correct))
        self.parts, self.upkeep = parts, parts.upkeep
        if read:
            self.upkeep.once()
            assert self.upkeep.fault is None
        super().__init__(make_app(parts), headers=HTMX, follow_redirects=False)

    def said(self) -> dict[str, dict[str, str]]:
        """What the files say: by decision and person, the label."""
        found = Lines(self.files).corrections("corrections/").standing
        return {name: {who: one.label for who, one in people.items()} for name, people in found.items()}

    def ids(self, query: str = "") -> list[str]:
        """The decisions of a page of the list, in order."""
        text = self.get(f"/?{query}").text
        return [unquote(part.partition('"')[0]) for part in text.split('<a href="/record?id=')[1:]]

    def correct(self, name: str, label: str) -> int:
        return self.post("/correct", data={"id": name, "label": label}).status_code


def correction(name: str, label: str, by: str = "bob") -> Correction:
    return Correction.make(name, label, by, dt.datetime(2026, 1, 3, tzinfo=dt.UTC))
