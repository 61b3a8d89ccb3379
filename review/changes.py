"""The changes: correct, accept, undo."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Form, HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from review.judgements import standing
from review.pages import find
from review.parts import parts_of, render
from review.records import PAGE, one

router = APIRouter()
_MOST_AT_ONCE = 20 * PAGE
Id = Annotated[str, Form(max_length=1024)]


@router.post("/correct")
def correct(request: Request, id: Id, label: Annotated[str, Form(max_length=200)]) -> Response:
    """Keep what a picture shows."""
    parts, record = parts_of(request), find(request, id)
    if label not in parts.desk.labels(record):
        raise HTTPException(422, "this label can't be given to this picture")
    parts.desk.correct(parts.visitors(request), {id: label})
    return _changed(request, [id], f"{label}: kept.")


@router.post("/accept")
def accept(request: Request, id: Annotated[list[str], Form(max_length=_MOST_AT_ONCE)] = []) -> Response:  # noqa: B006
    """Agree with the model on several pictures at once."""
    parts = parts_of(request)
    records = [find(request, name) for name in id]
    said = {record.decision_id: record.label for record in records if record.label}
    parts.desk.correct(parts.visitors(request), said)
    return _changed(request, list(said), f"Accepted {len(said)}." if said else "Nothing was checked.")


@router.post("/undo")
def undo(request: Request) -> Response:
    """Take one's last act back."""
    parts = parts_of(request)
    act = [correction.said.decision_id for correction in parts.desk.undo(parts.visitors(request))]
    return _changed(request, act, f"Undone: {len(act)}." if act else "There is nothing to undo.")


def _changed(request: Request, decisions: list[str], message: str) -> Response:
    """Send the cards that look different now; without a script, go back to one of them."""
    if "hx-request" not in request.headers:
        path = f"/record?id={quote(decisions[0], safe='')}" if len(decisions) == 1 else "/"
        return RedirectResponse(request.scope["root_path"] + path, 303)
    with parts_of(request).index.open() as database:
        records = [record for name in decisions if (record := one(database, name))]
        said = standing(database, decisions)
    return render(request, "changed.html", records=records, said=said, message=message)
