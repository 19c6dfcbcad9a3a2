"""One serving process: opens the corpus, warms up, accepts on a socket it was given, stops gracefully."""

from __future__ import annotations

import datetime
import functools
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
import uvicorn

from policy_qa.assistant import Assistant, open_assistant
from policy_qa.domain import Embedder
from policy_qa.feedback import FeedbackStore
from policy_qa.publishing import Publisher
from policy_qa.settings import Settings
from policy_qa.web.admin import Office
from policy_qa.web.app import Limits, create_app
from policy_qa.web.crew import orphaned
from policy_qa.web.desk import Desk
from policy_qa.web.follow import Follower, first
from policy_qa.web.gate import Gate
from policy_qa.web.published import Published
from policy_qa.web.tally import SharedTelemetry
from policy_qa.web.telemetry import Telemetry

_GRACE_SECONDS = 10
"""How long questions under way may take when the process is told to stop."""


@dataclass(frozen=True, slots=True)
class Among:
    """What a worker knows of the crew it belongs to."""

    size: int
    parent: int
    telemetry: SharedTelemetry


def serve_here(
    settings: Settings,
    load_embedder: Callable[[str], Embedder],
    listener: socket.socket,
    gate: Gate | None,
    telemetry: Telemetry,
    records: structlog.typing.FilteringBoundLogger,
    accepting: Callable[[], None],
    *,
    among: Among | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; ``accepting`` is called once it accepts.

    ``progress`` follows the index being built. Raises PolicyQaError where the corpus cannot be opened.
    """
    load_embedder = functools.cache(load_embedder)  # a publication opens a new assistant over the same model

    def reopen() -> Assistant:
        return open_assistant(settings, load_embedder)

    def report(fields: dict[str, object]) -> None:
        records.info("publication", **fields)

    with FeedbackStore(settings.home) as feedback:
        if not feedback.usable():  # answers do not wait for a home that can be written
            records.info("server", message=feedback.trouble)
        published = Published(settings.home)
        assistant = first(
            published, lambda: open_assistant(settings, load_embedder, progress=progress), report
        )
        desk = Desk(assistant, datetime.date.today)
        del assistant  # the desk alone decides how long it is held
        desk.warm_up()
        office = None if gate is None else _office(gate, settings, desk, reopen, published)
        cores = os.cpu_count() or 1
        limits = Limits(threads=-(-cores // (among.size if among else 1)), hosts=settings.hosts)
        app = create_app(desk, feedback, telemetry, limits=limits, key=settings.api_key, office=office)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
        with (
            Follower(desk, published, reopen, report).looking(),
            _forwarded(logging.getLogger("uvicorn.error"), records),
            _stopped_by_signals(),
        ):
            _Server(config, desk, accepting, among).run([listener])


def _office(
    gate: Gate, settings: Settings, desk: Desk, reopen: Callable[[], Assistant], published: Published
) -> Office:
    return Office(
        gate,
        Publisher(settings.corpus, settings.added, settings.kept),
        desk,
        reopen=reopen,
        now=lambda: datetime.datetime.now().astimezone(),
        published=published,
    )


class _Server(uvicorn.Server):
    """Says so once it accepts; among others it shares its metrics and ends with its parent."""

    def __init__(
        self, config: uvicorn.Config, desk: Desk, accepting: Callable[[], None], among: Among | None
    ) -> None:
        super().__init__(config)
        self._desk = desk
        self._accepting = accepting
        self._among = among

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._accepting()

    async def on_tick(self, counter: int) -> bool:
        if self._among and counter % _TICKS_A_SECOND == 0:
            self._among.telemetry.share(ready=self._desk.ready)
            if orphaned(self._among.parent):
                return True
        return await super().on_tick(counter)


_TICKS_A_SECOND = 10
"""How often uvicorn looks around."""


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
