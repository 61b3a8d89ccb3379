"""The pages to look at: the list, one record, what can't be read; and their pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response

from review.filters import MAX_LENGTH, Filter
from review.judgements import standing
from review.parts import parts_of, render
from review.records import PAGE, Record, choices, count, faults, one, page
from signpost.errors import PictureError

router = APIRouter()
Id = Annotated[str, Query(max_length=1024)]
_FAULTS_SHOWN = 200


@router.get("/")
def show_list(
    request: Request,
    chosen: Annotated[Filter, Query()],
    after: Annotated[str | None, Query(max_length=MAX_LENGTH)] = None,
) -> Response:
    """Show a page of cards."""
    with parts_of(request).index.open() as database:
        try:
            records = page(database, chosen, after)
        except ValueError as error:
            raise HTTPException(422, str(error)) from error
        return render(
            request,
            "list.html",
            chosen=chosen,
            records=records,
            said=standing(database, [record.decision_id for record in records if record.truth or record.conflict]),
            more=records[-1].cursor(chosen.order) if len(records) == PAGE else None,
            total=count(database, chosen),
            faults=faults(database, 0)[0],
            choices=choices(database),
        )


@router.get("/record")
def show_record(request: Request, id: Id) -> Response:
    """Show one record: what a deep link leads to."""
    record = find(request, id)
    with parts_of(request).index.open() as database:
        return render(request, "record.html", record=record, said=standing(database, [id]))


@router.get("/picture")
def show_picture(request: Request, id: Id, until: int = 0, signature: str = "") -> Response:
    """Show a record's picture, encoded anew."""
    return _image(request, id, until, signature, "image/png", parts_of(request).pictures.show)


@router.get("/original")
def show_original(request: Request, id: Id, until: int = 0, signature: str = "") -> Response:
    """Show a record's image as it was uploaded, encoded anew."""
    return _image(request, id, until, signature, "image/jpeg", parts_of(request).pictures.show_original)


@router.get("/unreadable")
def show_unreadable(request: Request) -> Response:
    """Show what can't be read."""
    with parts_of(request).index.open() as database:
        total, found = faults(database, _FAULTS_SHOWN)
    return render(request, "unreadable.html", total=total, faults=found)


@router.get("/status")
def show_status(request: Request) -> Response:
    """Show how far the index is; once it is whole, the list is loaded anew."""
    answer = render(request, "status.html")
    if not parts_of(request).upkeep.is_reading:
        answer.headers["HX-Trigger"] = "indexed"
    return answer


def find(request: Request, decision_id: str) -> Record:
    """Find a record, or answer 404."""
    with parts_of(request).index.open() as database:
        record = one(database, decision_id)
    if record is None:
        raise HTTPException(404, "there is no record of this id")
    return record


def _image(
    request: Request, id: str, until: int, signature: str, media_type: str, show: Callable[[Record], bytes]
) -> Response:
    parts = parts_of(request)
    if parts.links and not parts.links.admits(id, parts.visitors(request).name, until, signature):
        return Response("This address holds no longer; load the page again.", 403, media_type="text/plain")
    record = find(request, id)
    try:
        content = show(record)
    except PictureError as error:
        return Response(str(error), 422, media_type="text/plain")
    return Response(content, media_type=media_type, headers={"cache-control": "private, max-age=300"})
