"""Charts, and what can be taken away: PNG and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from review.charts import CHARTS, SIZE
from review.drawing import Chart, to_png
from review.filters import Filter
from review.parts import Parts, parts_of, render
from review.records import choices, count, every

router = APIRouter()
Chosen = Annotated[Filter, Query()]
_COLUMNS = (
    *("decision_id", "time", "classifier", "outcome", "route", "label", "confidence", "threshold", "model"),
    *("truth", "conflict", "opinion"),
)
_UPLOAD = ("bucket", "key", "version_id")
# What a spreadsheet would take for a formula (OWASP, CSV injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@router.get("/charts")
def show_charts(request: Request, chosen: Chosen) -> Response:
    """Show every chart of the chosen records."""
    with parts_of(request).index.open() as database:
        return render(
            request,
            "charts.html",
            chosen=chosen,
            charts=[_draw(parts_of(request), name, chosen) for name in CHARTS],
            size=SIZE,
            total=count(database, chosen),
            choices=choices(database),
        )


@router.get("/charts/{name}.png")
def export_png(request: Request, name: str, chosen: Chosen) -> Response:
    """Give a chart as a PNG."""
    if name not in CHARTS:
        raise HTTPException(404, f"there is no chart of this name; there are {', '.join(CHARTS)}")
    return Response(
        to_png(_draw(parts_of(request), name, chosen)), media_type="image/png", headers=_attached(f"{name}.png")
    )


@router.get("/export.csv")
def export_csv(request: Request, chosen: Chosen) -> Response:
    """Give the chosen records as CSV, row by row."""
    rows = _rows(parts_of(request), chosen)
    return StreamingResponse(rows, media_type="text/csv; charset=utf-8", headers=_attached("records.csv"))


def _draw(parts: Parts, name: str, chosen: Filter) -> Chart:
    with parts.index.open() as database:
        return CHARTS[name](database, chosen, parts.desk.settings)


def _rows(parts: Parts, chosen: Filter) -> Iterator[str]:
    yield _line((*_COLUMNS, *_UPLOAD, "file_name"))
    with parts.index.open() as database:
        for record in every(database, chosen):
            upload = [getattr(record.upload, name, None) for name in _UPLOAD]
            yield _line([*(record.row[name] for name in _COLUMNS), *upload, record.file_name])


def _line(values: list[object] | tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([_harmless(value) for value in values])
    return buffer.getvalue()


def _harmless(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def _attached(name: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{name}"'}
