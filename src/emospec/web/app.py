"""The ASGI app: the API, its description, the page, and what guards them."""

from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.responses import FileResponse
from starlette.types import ASGIApp

from emospec import __version__
from emospec.web import answers
from emospec.web.api import router, v1
from emospec.web.guard import Guard
from emospec.web.meters import Counted
from emospec.web.problems import KINDS, answer_problems
from emospec.web.service import Service
from emospec.web.studio import PAGE, Studio, is_built, not_built

DOCS = Path(__file__).parent / "docs"
DOCS_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'"
)
DOCS_FILES = {"/docs": "index.html", "/docs/docs.js": "docs.js", "/docs/docs.css": "docs.css"}
ABOUT = (
    "Emotions in recorded and live speech. Nothing that is sent here is kept. How a voice sounds is not what a person "
    "feels."
)


def create_app(service: Service, *, page: Path = PAGE) -> ASGIApp:
    """Return the app for a service, whose workers are not its business.

    Parameters
    ----------
    page : Path
        Folder of the studio's built page.
    """
    app = FastAPI(title="emospec", version=__version__, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.service = service
    app.include_router(v1)
    app.include_router(router)
    for path, name in DOCS_FILES.items():
        app.add_route(path, _file(DOCS / name), include_in_schema=False)
    _serve_page(app, page)
    answer_problems(app)
    _describe(app, service)
    return Counted(Guard(app, service.served.hosts), service.meters)


def _file(path: Path) -> Any:
    async def send_file(_: Any) -> FileResponse:
        return FileResponse(path, headers={"content-security-policy": DOCS_POLICY, "cache-control": "no-cache"})

    return send_file


def _serve_page(app: FastAPI, page: Path) -> None:
    """Let the page have all addresses that nothing else has; a mount at `/` would hide that a method is wrong."""
    studio, nothing = Studio(page) if is_built(page) else not_built, app.router.default

    async def rest(scope: Any, receive: Any, send: Any) -> None:
        is_page = scope["type"] == "http" and (is_built(page) or scope["path"] == "/")
        await (studio if is_page else nothing)(scope, receive, send)

    app.router.default = rest


def _describe(app: FastAPI, service: Service) -> None:
    """Write the API's description: problems as they are, the bounds of this model, and the key if there is one."""
    api = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    schema = answers.Problem.model_json_schema()
    api["components"]["schemas"]["Problem"] = schema
    api["x-problems"] = [{"id": name, "status": kind.status, "title": kind.title} for name, kind in KINDS.items()]
    for parameter in api["paths"]["/v1/timeline"]["post"]["parameters"]:
        parameter["schema"] = service.windows.schemas.get(parameter["name"], parameter["schema"])
    if service.served.api_key is not None:
        _require_key(api)
    app.openapi = lambda: api  # type: ignore[method-assign]


def _require_key(api: dict[str, Any]) -> None:
    api["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    problem = api["paths"]["/v1/predict"]["post"]["responses"]["403"] | {"description": KINDS["no-key"].title}
    for path, methods in api["paths"].items():
        if path.startswith("/v1/") or path == "/metrics":
            for operation in methods.values():
                operation["security"] = [{"key": []}]
                operation["responses"]["401"] = problem
