"""The application as a running process: binds first, loads and warms up, then accepts, stops gracefully."""

from __future__ import annotations

import datetime
import errno
import functools
import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

import structlog
import uvicorn

from policy_qa.assistant import open_assistant
from policy_qa.domain import Embedder
from policy_qa.errors import PolicyQaError
from policy_qa.feedback import FeedbackStore
from policy_qa.publishing import Publisher
from policy_qa.settings import Settings
from policy_qa.web.admin import Office
from policy_qa.web.app import Limits, create_app
from policy_qa.web.desk import Desk
from policy_qa.web.gate import Gate
from policy_qa.web.telemetry import Telemetry, json_log

_GRACE_SECONDS = 10


def serve(
    settings: Settings,
    load_embedder: Callable[[str], Embedder],
    host: str,
    port: int,
    *,
    say: Callable[[str], None],
    log: TextIO,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``say`` gets the one sentence with the address once it accepts.

    ``log`` gets a JSON object a line. A port that is taken is refused before a model is loaded; whoever
    connects while it loads waits and is answered. Raises PolicyQaError where it cannot listen.
    """
    gate = None if settings.admin_token is None else Gate(settings.admin_token, time.monotonic)
    load_embedder = functools.cache(load_embedder)  # a publication opens a new assistant over the same model
    with _listening(host, port) as listener, FeedbackStore.open(settings.home) as feedback:
        assistant = open_assistant(settings, load_embedder, progress=progress)
        desk = Desk(assistant, datetime.date.today)
        desk.warm_up()
        records = json_log(log)
        limits = Limits(threads=os.cpu_count() or 1, hosts=settings.hosts)
        telemetry = Telemetry(records, log_text=settings.log_text)
        office = None if gate is None else _office(gate, settings, desk, load_embedder)
        app = create_app(desk, feedback, telemetry, limits=limits, key=settings.api_key, office=office)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"
        with _forwarded(logging.getLogger("uvicorn.error"), records), _stopped_by_signals():
            _Server(
                config, lambda: say(f"政策问答已经启动，请在浏览器里打开 {address} ，按 Ctrl+C 停止。")
            ).run([listener])


def _office(gate: Gate, settings: Settings, desk: Desk, load_embedder: Callable[[str], Embedder]) -> Office:
    return Office(
        gate,
        Publisher(settings.corpus, settings.added),
        desk,
        reopen=lambda: open_assistant(settings, load_embedder),
        now=lambda: datetime.datetime.now().astimezone(),
    )


class _Server(uvicorn.Server):
    """Says so once it accepts."""

    def __init__(self, config: uvicorn.Config, accepting: Callable[[], None]) -> None:
        super().__init__(config)
        self._accepting = accepting

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._accepting()


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(_BACKLOG)
        except (OSError, OverflowError) as error:
            raise PolicyQaError(_why_not(error, host, port)) from error
        yield listener


_BACKLOG = 2048


def _why_not(error: OSError | OverflowError, host: str, port: int) -> str:
    match getattr(error, "errno", None):
        case errno.EADDRINUSE:
            return f"端口 {port} 已经被别的程序占用，请关掉那个程序，或者用 --port 换一个端口。"
        case errno.EACCES:
            return f"没有权限使用端口 {port}，请用 --port 换一个 1024 以上的端口。"
        case _:
            return f"不能在“{host}”的端口 {port} 上启动，因为它不是这台机器的地址，请检查 --host 和 --port。"


def _shown(host: str) -> str:
    """The host as people can open it: 0.0.0.0 is no address to go to."""
    if host in {"0.0.0.0", "::"}:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Uvicorn raises the signal that stopped it again; here to stop is no failure."""
    held = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)


@contextmanager
def _forwarded(source: logging.Logger, log: structlog.typing.FilteringBoundLogger) -> Iterator[None]:
    """What uvicorn warns of, in the same log and the same form."""
    handler = _Forward(logging.WARNING)
    handler.log = log
    source.addHandler(handler)
    try:
        yield
    finally:
        source.removeHandler(handler)


class _Forward(logging.Handler):
    log: structlog.typing.FilteringBoundLogger

    def emit(self, record: logging.LogRecord) -> None:
        self.log.info("server", message=record.getMessage())
