"""The HTTP server of the live page. Loopback unless configured otherwise; it has no way to change anything."""

import asyncio
import math
import ssl
from collections.abc import Awaitable, Callable, Hashable
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from collector.page.gate import COOKIE, COOKIE_S, Gate
from collector.page.viewers import TooManyViewers, Viewers

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LARGEST_FORM_BYTES = 4096
_FREE = ("/assets/", "/healthz", "/readyz", "/login")
"""What begins like this needs no token: it tells nothing of the plant."""
_PROBLEM = b"<!-- problem -->"
"""In its place the form says what was wrong."""

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageUnavailable(Exception):
    """The page cannot listen where it was told to."""


class PageServer:
    """Serves the page and what programs ask for.

    ``/`` the page, ``/login`` the form where there is a token, ``/api/state`` the document once, ``/api/events`` the
    document as server-sent events, ``/metrics`` for Prometheus, ``/healthz`` and ``/readyz``.

    Parameters
    ----------
    document
        Makes the document, on a thread.
    healthy
        Whether the line goes round. ``/healthz`` is 200 then, also where the line waits for room and ``degraded`` says
        why: a restart would not help.
    unready
        Why the collector does not work yet, or no longer, in words; empty while it does: ``/readyz`` is 200 then.
    troubles
        What is not as it should be while it works, each in words: ``/readyz`` lists them, and stays 200.
    look
        See `collector.page.viewers.Viewers`; None: every second counts as a change.
    metrics
        Makes the text for Prometheus and its type; None: there is none.
    token_file
        The token that is asked for; None: everybody may look.
    certificate
        The files of certificate and key that the page is served with; None: plain HTTP.
    """

    def __init__(
        self,
        document: Callable[[], bytes],
        healthy: Callable[[], bool],
        *,
        degraded: Callable[[], str] = lambda: "",
        unready: Callable[[], str] = lambda: "",
        troubles: Callable[[], list[str]] = list,
        look: Callable[[], Hashable] | None = None,
        metrics: Callable[[], Awaitable[tuple[bytes, str]]] | None = None,
        host: str,
        port: int,
        token_file: Path | None = None,
        certificate: tuple[Path, Path] | None = None,
    ) -> None:
        self._healthy = healthy
        self._degraded = degraded
        self._unready = unready
        self._troubles = troubles
        self._metrics = metrics
        self._host = host
        self._port = port
        self._token_file = token_file
        self._certificate = certificate
        self._gate = Gate(None, host=host)
        self._assets: dict[str, tuple[bytes, str]] = {}
        self.viewers = Viewers(document, object if look is None else look)
        application = web.Application(middlewares=[self._guarded], client_max_size=_LARGEST_FORM_BYTES)
        application.router.add_get("/", self._page)
        application.router.add_get("/login", self._form)
        application.router.add_post("/login", self._login)
        application.router.add_get("/assets/{name}", self._asset)
        application.router.add_get("/api/state", self._state)
        application.router.add_get("/api/events", self._events)
        application.router.add_get("/metrics", self._measured)
        application.router.add_get("/healthz", self._health)
        application.router.add_get("/readyz", self._ready)
        application.on_shutdown.append(self._let_go)
        self._runner = web.AppRunner(application, access_log=None, handle_signals=False, shutdown_timeout=1.0)

    async def __aenter__(self) -> Self:
        """Listen.

        Raises
        ------
        PageUnavailable
            If the port is taken or may not be used, or token or certificate cannot be read.
        """
        try:
            self._assets = await asyncio.to_thread(_read_assets)
            token = None if self._token_file is None else await asyncio.to_thread(_read_token, self._token_file)
            context = None if self._certificate is None else await asyncio.to_thread(_context, *self._certificate)
        except OSError as exc:
            place = f"listen on {self._host} port {self._port} for the page"
            raise PageUnavailable(f"{place}: {exc}; check token_file, certificate_file and key_file in [page]") from exc
        self._gate = Gate(token, host=self._host, is_secure=context is not None)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port, ssl_context=context).start()
        except OSError as exc:
            await self._runner.cleanup()
            message = f"listen on {self._host} port {self._port} for the page: {exc.strerror}"
            raise PageUnavailable(f"{message}; choose another [page] listen, port 0 takes a free one") from exc
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close, and let viewers go at once."""
        await self._runner.cleanup()

    @property
    def address(self) -> str:
        """Where the page is."""
        host, port = self._runner.addresses[0][:2]
        return f"http{'s' if self._gate.is_secure else ''}://{f'[{host}]' if ':' in host else host}:{port}/"

    async def _let_go(self, application: web.Application) -> None:
        del application
        await self.viewers.close()

    @web.middleware
    async def _guarded(self, request: web.Request, handler: _Handler) -> web.StreamResponse:
        """Let in who may look. Whoever tries tokens is not listened to for a while."""
        gate = self._gate
        if not gate.answers_to(request.headers.get("Host", "")):
            text = f"this page is called http://{self._host}:{self._port}/ or localhost, and answers to no other name\n"
            return web.Response(text=text, status=421)
        if gate.is_open or request.path.startswith(_FREE) or gate.is_cookie(request.cookies.get(COOKIE, "")):
            return await handler(request)
        scheme, _, told = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            address = request.remote or ""
            wait_s = gate.wait_s(address)
            if wait_s > 0:
                return _wait(wait_s)
            if gate.is_token(told.strip(), address):
                return await handler(request)
        elif request.path == "/":
            return web.Response(status=303, headers=_HEADERS | {"Location": "/login"})
        text = "say the token as 'Authorization: Bearer TOKEN', or sign in at /login\n"
        return web.Response(text=text, status=401, headers=_HEADERS | {"WWW-Authenticate": "Bearer"})

    async def _page(self, request: web.Request) -> web.Response:
        del request
        return self._file("index.html")

    async def _form(self, request: web.Request) -> web.Response:
        if self._gate.is_open or self._gate.is_cookie(request.cookies.get(COOKIE, "")):
            return web.Response(status=303, headers=_HEADERS | {"Location": "/"})
        return self._file("login.html")

    async def _login(self, request: web.Request) -> web.Response:
        """Give a browser its cookie for the token."""
        gate, address = self._gate, request.remote or ""
        if gate.is_open:
            return web.Response(status=303, headers=_HEADERS | {"Location": "/"})
        wait_s = gate.wait_s(address)
        if wait_s > 0:
            return self._file("login.html", 429, f"Too many wrong tokens. Try again in {math.ceil(wait_s)} s.", wait_s)
        told = (await request.post()).get("token", "")
        if not gate.is_token(told.strip() if isinstance(told, str) else "", address):
            return self._file("login.html", 401, "That is not the token.")
        answer = web.Response(status=303, headers=_HEADERS | {"Location": "/"})
        answer.set_cookie(
            COOKIE, gate.cookie(), max_age=COOKIE_S, httponly=True, samesite="Strict", secure=gate.is_secure, path="/"
        )
        return answer

    async def _asset(self, request: web.Request) -> web.Response:
        return self._file(request.match_info["name"])

    def _file(self, name: str, status: int = 200, problem: str = "", wait_s: float = 0.0) -> web.Response:
        found = self._assets.get(name)
        if found is None:
            raise web.HTTPNotFound
        body, type_ = found
        if problem:
            body = body.replace(_PROBLEM, f'<p id="problem" role="alert">{problem}</p>'.encode())
        more = {"Retry-After": str(math.ceil(wait_s))} if wait_s else {}
        return web.Response(body=body, status=status, content_type=type_, charset="utf-8", headers=_HEADERS | more)

    async def _state(self, request: web.Request) -> web.Response:
        del request
        return web.Response(body=await self.viewers.newest(), content_type="application/json", headers=_HEADERS)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        try:
            return await self.viewers.serve(request, _HEADERS)
        except TooManyViewers:
            text = f"{self.viewers.count} look already, and no more may; close a page that nobody reads\n"
            return web.Response(text=text, status=503, headers={"Retry-After": "30"})

    async def _measured(self, request: web.Request) -> web.Response:
        del request
        if self._metrics is None:
            raise web.HTTPNotFound
        body, type_ = await self._metrics()
        return web.Response(body=body, headers=_HEADERS | {"Content-Type": type_})

    async def _health(self, request: web.Request) -> web.Response:
        if "ready" in request.query:
            return await self._ready(request)
        if not self._healthy():
            return web.Response(text="the line makes no progress\n", status=503)
        why = self._degraded()
        return web.Response(text=f"degraded: {why}\n" if why else "ok\n")

    async def _ready(self, request: web.Request) -> web.Response:
        del request
        why = self._unready() or ("" if self._healthy() else "the line makes no progress")
        if why:
            return web.Response(text=f"not ready: {why}\n", status=503)
        troubles = [each for each in (self._degraded(), *self._troubles()) if each]
        return web.Response(text="".join(f"degraded: {each}\n" for each in troubles) or "ready\n")


def _wait(wait_s: float) -> web.Response:
    text = f"too many wrong tokens from this address; try again in {math.ceil(wait_s)} s\n"
    return web.Response(text=text, status=429, headers=_HEADERS | {"Retry-After": str(math.ceil(wait_s))})


def _read_assets() -> dict[str, tuple[bytes, str]]:
    """Return the page's files by name, with their types."""
    return {
        path.name: (path.read_bytes(), _TYPES[path.suffix])
        for path in sorted(_ASSETS.iterdir())
        if path.suffix in _TYPES
    }


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    # Without an answer, OpenSSL would ask for the password of a key at the terminal.
    made.load_cert_chain(certificate, key, password="")
    return made


def _read_token(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip()
