"""The HTTP server of the live page. Loopback unless configured otherwise; it has no way to change anything."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class PageUnavailable(Exception):
    """The page cannot listen where it was told to."""


class PageServer:
    """Serves ``/`` (the page), ``/api/state`` (what it shows) and ``/healthz``.

    That is 200 while the line works, also where it waits for room and ``degraded`` says why: a restart would not help.
    """

    def __init__(
        self,
        document: Callable[[], bytes],
        healthy: Callable[[], bool],
        *,
        degraded: Callable[[], str] = lambda: "",
        host: str,
        port: int,
    ) -> None:
        self._document = document
        self._healthy = healthy
        self._degraded = degraded
        self._host = host
        self._port = port
        self._assets: dict[str, tuple[bytes, str]] = {}
        application = web.Application()
        application.router.add_get("/", self._page)
        application.router.add_get("/assets/{name}", self._asset)
        application.router.add_get("/api/state", self._state)
        application.router.add_get("/healthz", self._health)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises
        ------
        PageUnavailable
            If the port is taken or may not be used.
        """
        self._assets = await asyncio.to_thread(_read_assets)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError as exc:
            await self._runner.cleanup()
            message = f"listen on {self._host} port {self._port} for the page: {exc.strerror}"
            raise PageUnavailable(f"{message}; choose another [page] listen, port 0 takes a free one") from exc
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        await self._runner.cleanup()

    @property
    def address(self) -> str:
        """Where the page is."""
        host, port = self._runner.addresses[0][:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    async def _page(self, request: web.Request) -> web.Response:
        del request
        body, type_ = self._assets["index.html"]
        return web.Response(body=body, content_type=type_, charset="utf-8", headers=_HEADERS)

    async def _asset(self, request: web.Request) -> web.Response:
        found = self._assets.get(request.match_info["name"])
        if found is None:
            raise web.HTTPNotFound
        return web.Response(body=found[0], content_type=found[1], charset="utf-8", headers=_HEADERS)

    async def _state(self, request: web.Request) -> web.Response:
        del request
        document = await asyncio.to_thread(self._document)
        return web.Response(body=document, content_type="application/json", headers=_HEADERS)

    async def _health(self, request: web.Request) -> web.Response:
        del request
        if not self._healthy():
            return web.Response(text="the line makes no progress\n", status=503)
        why = self._degraded()
        return web.Response(text=f"degraded: {why}\n" if why else "ok\n")


def _read_assets() -> dict[str, tuple[bytes, str]]:
    """Return the page's files by name, with their types."""
    return {
        path.name: (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_ASSETS.iterdir())
        if path.suffix in _TYPES
    }
