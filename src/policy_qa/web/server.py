"""The application from its address on: binds first, then serves in this process or in several.

What serves is loaded late: a process that forks others must not have threads, which libraries start.
"""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from policy_qa.domain import Embedder
from policy_qa.errors import PolicyQaError
from policy_qa.settings import Settings
from policy_qa.web import crew
from policy_qa.web.gate import Gate
from policy_qa.web.tally import SharedTelemetry, Tally
from policy_qa.web.telemetry import Telemetry, json_log

_STOP_SECONDS = 15.0
"""For the questions under way and then for what a worker holds; who takes longer is killed."""


def serve(
    settings: Settings,
    load_embedder: Callable[[str], Embedder],
    host: str,
    port: int,
    *,
    workers: int = 1,
    say: Callable[[str], None],
    log: TextIO,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``say`` gets the one sentence with the address once it accepts.

    ``log`` gets a JSON object a line. A port that is taken is refused before a model is loaded; whoever
    connects while it loads waits and is answered. Several ``workers`` are processes over the same socket and
    the same home, each replaced when it dies. Raises PolicyQaError where it cannot listen or start.
    """
    # Made before any worker is forked: all sign and read sessions with the same key.
    gate = None if settings.admin_token is None else Gate(settings.admin_token, time.monotonic)
    with _listening(host, port) as listener:
        address = f"http://{_shown(host)}:{listener.getsockname()[1]}/"

        def accepting() -> None:
            say(f"政策问答已经启动，请在浏览器里打开 {address} ，按 Ctrl+C 停止。")

        records = json_log(log)
        if workers == 1:
            from policy_qa.web.process import serve_here

            alone = Telemetry(records, log_text=settings.log_text)
            serve_here(settings, load_embedder, listener, gate, alone, records, accepting, progress=progress)
            return
        parent, tally = os.getpid(), Tally(workers)

        def work(number: int, accepts: Callable[[], None]) -> None:
            from policy_qa.web.process import Among, serve_here

            own = records.bind(worker=number)
            shared = SharedTelemetry(own, tally, number, log_text=settings.log_text)
            among = Among(workers, parent, shared)
            serve_here(settings, load_embedder, listener, gate, shared, own, accepts, among=among)

        crew.keep(
            workers,
            work,
            accepting=accepting,
            stopping=listener.close,
            ended=tally.clear,
            report=lambda fields: records.info("worker", **fields),
            grace=_STOP_SECONDS,
        )


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
