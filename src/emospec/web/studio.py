"""The studio's page: the files that its source in `studio/` was built to."""

import mimetypes
from pathlib import Path

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

from emospec.web.problems import Problem, response_to

PAGE = Path(__file__).parent / "page"
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",  # WebAssembly: onnxruntime-web; AudioWorklets count as scripts
        "worker-src 'self' blob:",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
FOREVER = "public, max-age=31536000, immutable"  # of files with a hash in their names
TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm", ".css": "text/css"}


class Studio(StaticFiles):
    """The page and its assets."""

    def __init__(self, folder: Path = PAGE) -> None:
        for suffix, kind in TYPES.items():
            mimetypes.add_type(kind, suffix)  # some systems know others, which browsers refuse beside nosniff
        super().__init__(directory=folder, html=True)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file with its headers."""
        response = await super().get_response(path, scope)
        response.headers["content-security-policy"] = POLICY
        response.headers["cache-control"] = FOREVER if path.startswith("assets") else "no-cache"
        return response


async def not_built(scope: Scope, receive: Receive, send: Send) -> None:
    """Tell that there is no page."""
    problem = Problem(
        "not-found", "the studio's page is not built (npm ci && npm run build in studio/); the API is at /docs"
    )
    await response_to(problem)(scope, receive, send)


def is_built(folder: Path = PAGE) -> bool:
    """Tell whether there is a page."""
    return (folder / "index.html").is_file()
