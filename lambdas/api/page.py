"""A page to try the API: Swagger UI, served from here and from nowhere else."""

from __future__ import annotations

from pathlib import Path

from lambdas.api.http import Reply, Request, refuse
from lambdas.api.services import Services

# The stack puts Swagger UI's files beside the function's code.
FOLDER = Path(__file__).parents[2] / "page"
_TYPES = {"swagger-ui.js": "text/javascript; charset=utf-8", "swagger-ui.css": "text/css; charset=utf-8"}
_START = "start.js"
# Swagger UI's icons are data addresses; nothing else leaves the API's own origin.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HTML = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Signpost API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_SCRIPT = """SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null});
"""


def page(request: Request, _: Services) -> Reply:
    """Answer the page."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
    }
    return Reply(200, _HTML, request.id, headers)


def page_file(request: Request, _: Services) -> Reply:
    """Answer a file of the page."""
    name = request.parameters["file"]
    headers = {"Cache-Control": "public, max-age=3600"}
    if name == _START:
        return Reply(200, _SCRIPT, request.id, {**headers, "Content-Type": _TYPES["swagger-ui.js"]})
    if name not in _TYPES:
        return refuse("not_found", "The page has no such file.", request.id)
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Reply(200, text, request.id, {**headers, "Content-Type": _TYPES[name]})
