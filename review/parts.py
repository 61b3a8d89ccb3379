"""What every route works with."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi.templating import Jinja2Templates
from starlette.requests import Request
from starlette.responses import HTMLResponse

from review.index import Index
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
    """

    index: Index
    desk: Desk
    pictures: Pictures
    visitors: Visitors
    upkeep: Upkeep


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
    given = {"visitor": parts.visitors(request), "upkeep": parts.upkeep, "desk": parts.desk, **values}
    templates: Jinja2Templates = request.app.state.templates
    return templates.TemplateResponse(request, template, given, status_code=status)
