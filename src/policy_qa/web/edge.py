"""What every request and response passes: id, size, security headers, the last net, the record."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from policy_qa.web.problems import Refusal, problem, problem_response
from policy_qa.web.telemetry import Exchange, Telemetry

_SECURITY = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_GONE = 499
"""In the record: the client left before there was a response."""
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Edge:
    """The outermost layer of the application.

    A body is bounded here and not by ``FastAPI(max_body_size=…)``: that one answers in plain text, also in
    place of a problem already being sent. A length that is announced is believed for the refusal only;
    bytes are counted as they come. ``larger`` bounds the bodies of single paths otherwise.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        telemetry: Telemetry,
        new_id: Callable[[], str],
        max_body: int,
        hosts: frozenset[str],
        larger: Mapping[str, int],
    ) -> None:
        self._app = app
        self._telemetry = telemetry
        self._new_id = new_id
        self._max_body = max_body
        self._hosts = hosts
        self._larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = self._request_id(headers)
        said: dict[str, str] = {}
        scope.setdefault("state", {}).update(request_id=request_id, said=said)
        status = 0
        begun = time.perf_counter()

        async def send_marked(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _mark(MutableHeaders(scope=message), request_id, api=scope["path"].startswith("/api/"))
            await send(message)

        try:
            max_body = self._larger.get(scope["path"], self._max_body)
            refused = self._refused(headers, max_body)
            if refused:
                await problem_response(problem(refused, request_id))(scope, receive, send_marked)
            else:
                await self._app(scope, _counted(receive, max_body), send_marked)
        except Exception as error:
            self._telemetry.failure(error, request_id)
            if not status:
                await problem_response(problem(500, request_id))(scope, receive, send_marked)
        finally:
            route = str(getattr(scope.get("route"), "path", scope.get("root_path") or "unmatched"))
            seconds = time.perf_counter() - begun
            exchange = Exchange(request_id, scope["method"], route, status or _GONE, seconds)
            self._telemetry.exchange(exchange, said)

    def _request_id(self, headers: Headers) -> str:
        given = headers.get("x-request-id", "")
        return given if _SANE_ID.fullmatch(given) else self._new_id()

    def _refused(self, headers: Headers, max_body: int) -> int | None:
        """The status for a request that need not be read."""
        host = headers.get("host", "").rpartition("@")[2]
        if self._hosts and re.sub(r":[0-9]*$", "", host).lower() not in self._hosts:
            return 421
        announced = headers.get("content-length", "")
        too_much = re.fullmatch(r"[0-9]{1,18}", announced) and int(announced) > max_body
        return 413 if too_much else None


def _counted(receive: Receive, max_body: int) -> Receive:
    taken = 0

    async def counted() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > max_body:
            raise Refusal(413)
        return message

    return counted


def _mark(headers: MutableHeaders, request_id: str, *, api: bool) -> None:
    headers["X-Request-ID"] = request_id
    headers.update(_SECURITY)
    # A page or script may be kept but is asked for again: an upgrade must not meet yesterday's scripts.
    headers.setdefault("Cache-Control", "no-store" if api else "no-cache")
