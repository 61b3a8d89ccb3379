"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from review.index import Index
from review.links import SignedLinks
from review.people import Visitors
from review.reviewing import Desk
from review.showing import Pictures
from review.sync import Sources, sync
from review.upkeep import Upkeep


@dataclass(frozen=True)
class Parts:
    """What the routes work with.

    Attributes
    ----------
    index : Index
    desk : Desk
    pictures : Pictures
    visitors : callable
        Tells who asks.
    upkeep : Upkeep
        Keeps the index up to date.
    links : SignedLinks or None
        Signs the addresses of pictures; None needs no signature.
    """

    index: Index
    desk: Desk
    pictures: Pictures
    visitors: Visitors
    upkeep: Upkeep
    links: SignedLinks | None = None


def make_parts(index: Index, sources: Sources, visitors: Visitors) -> Parts:
    """Put together what the routes work with.

    Parameters
    ----------
    index : Index
    sources : Sources
        What the index is made from; corrections are kept beside the captured records.
    visitors : callable
        Tells who asks.

    Returns
    -------
    Parts
        Its upkeep has not begun.
    """
    settings = sources.settings
    return Parts(
        index=index,
        desk=Desk(index, sources.captured, settings),
        pictures=Pictures(sources.captured, sources.originals, settings.limits.as_limits()),
        visitors=visitors,
        upkeep=Upkeep(lambda progress, whole: sync(index, sources, progress, whole=whole)),
    )


def parts_of(request: Request) -> Parts:
    """Give the parts of the application that a request is for."""
    return request.app.state.parts


def render(request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
    """Fill a template."""
    parts = parts_of(request)
    visitor = parts.visitors(request)

    def picture_query(decision_id: str) -> str:
        return parts.links.query(decision_id, visitor.name) if parts.links else urlencode({"id": decision_id})

    given = {
        "visitor": visitor,
        "upkeep": parts.upkeep,
        "desk": parts.desk,
        "pictures": parts.pictures,
        "root": request.scope["root_path"],
        "signs_out": hasattr(request.app.state, "door"),
        "picture_query": picture_query,
        **values,
    }
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, template, given, status_code=status)
