"""The files that the pages load: our own beside this module, and HTMX out of the package that carries it (ADR 14)."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

if TYPE_CHECKING:
    import os

    from starlette.responses import Response
    from starlette.types import Scope

STATIC = Path(__file__).resolve().parent / "static"
HTMX = Path(str(files("django_htmx"))) / "static" / "django_htmx" / "htmx-2.min.js"
_HTMX_NAME = "htmx.min.js"
_FOR_A_YEAR = "public, max-age=31536000, immutable"
_OK, _NOT_MODIFIED = 200, 304


@cache
def static_version() -> str:
    """What the addresses of the files end with: it changes when any of them does."""
    digest = hashlib.sha256()
    for path in (*sorted(STATIC.iterdir()), HTMX):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


class Files(StaticFiles):
    """The files as they are served. Asked for with the present version, a file may be kept: its content never changes."""

    def __init__(self) -> None:
        super().__init__(directory=STATIC)

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        """Where a file lies: HTMX alone lies elsewhere."""
        return (str(HTMX), HTMX.stat()) if path == _HTMX_NAME else super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """A file as it is sent."""
        response = await super().get_response(path, scope)
        if response.status_code in {_OK, _NOT_MODIFIED} and scope["query_string"] == f"v={static_version()}".encode():
            response.headers["Cache-Control"] = _FOR_A_YEAR
        return response
