"""A page to try the API: Swagger UI, served from here and from nowhere else."""

from __future__ import annotations

from pathlib import Path

from lambdas.api.http import Reply, Request, refuse
from lambdas.api.services import Services

# The stack puts Swagger UI's files beside the function's code.
FOLDER = Path(__file__).parents[2] / "page"
_TYPES = {"swagger-ui.js": "text/javascript; charset=utf-8", "swagger-ui.css": "text/css; charset=utf-8"}
_SCRIPT_TYPE, _STYLE_TYPE = _TYPES.values()
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
<link rel="stylesheet" href="docs/page.css">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
# Swagger UI has no dark colours of its own: all are turned around, and hues are kept. Examples are dark already.
_STYLE = """body { margin: 0; }
@media (prefers-color-scheme: dark) {
  html, body { background: #16181c; }
  .swagger-ui { filter: invert(.9) hue-rotate(180deg); }
  .swagger-ui .microlight { filter: invert(1) hue-rotate(180deg); }
}
"""
# A browser can't sign with AWS credentials: there is nothing to enter, and nothing can be sent.
_UNSIGNED = ".swagger-ui .auth-wrapper, .swagger-ui .authorization__btn { display: none; }\n"
_SCRIPT = """SwaggerUIBundle({url: "openapi.json", dom_id: "#page", deepLinking: true, validatorUrl: null%s});
"""


def page(request: Request, _: Services) -> Reply:
    """Answer the page."""
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": _POLICY,
        "Referrer-Policy": "no-referrer",
    }
    return Reply(200, _HTML, request.id, headers)


def page_file(request: Request, services: Services) -> Reply:
    """Answer a file of the page."""
    name = request.parameters["file"]
    headers = {"Cache-Control": "public, max-age=3600"}
    has_tokens = services.configuration.authorisation != "iam"
    if name == "start.js":
        script = _SCRIPT % ("" if has_tokens else ", supportedSubmitMethods: []")
        return Reply(200, script, request.id, {**headers, "Content-Type": _SCRIPT_TYPE})
    if name == "page.css":
        style = _STYLE if has_tokens else _STYLE + _UNSIGNED
        return Reply(200, style, request.id, {**headers, "Content-Type": _STYLE_TYPE})
    if name not in _TYPES:
        return refuse("not_found", "The page has no such file.", request.id)
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Reply(200, text, request.id, {**headers, "Content-Type": _TYPES[name]})
