"""What the operator sees: one JSON line a request and Prometheus metrics, never the text of a question."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what became of it; ``route`` is the template, so that no text of a user is in it."""

    request_id: str
    method: str
    route: str
    status: int
    seconds: float


class Telemetry:
    """The log and the metrics of one application; nothing global, so that two can live in one process."""

    def __init__(self, log: structlog.typing.FilteringBoundLogger, *, log_text: bool = False) -> None:
        self.log_text = log_text
        self._log = log
        self.registry = CollectorRegistry(auto_describe=True)
        ProcessCollector(registry=self.registry)
        self._requests = Counter(
            "policy_qa_requests", "HTTP requests", ("method", "route", "status"), registry=self.registry
        )
        self._latency = Histogram(
            "policy_qa_request_seconds",
            "Seconds from the request to the last byte of its response",
            ("route",),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._answers = Counter("policy_qa_answers", "Answers by status", ("status",), registry=self.registry)
        self._verdicts = Counter(
            "policy_qa_check_verdicts", "Checked sentences by verdict", ("verdict",), registry=self.registry
        )
        self._feedback = Counter("policy_qa_feedback", "Feedback kept", ("useful",), registry=self.registry)
        self._ready = Gauge(
            "policy_qa_index_ready", "1 while the verified index serves", registry=self.registry
        )

    def exchange(self, one: Exchange, said: Mapping[str, str]) -> None:
        """Count and log a finished request; ``said``, the users words, is logged only if switched on."""
        method = one.method if one.method in _METHODS else "other"
        self._requests.labels(method, one.route, str(one.status)).inc()
        self._latency.labels(one.route).observe(one.seconds)
        self._write(
            "request",
            method=method,
            route=one.route,
            status=one.status,
            ms=round(one.seconds * 1000, 1),
            request_id=one.request_id,
            **(said if self.log_text else {}),
        )

    def failure(self, error: BaseException, request_id: str) -> None:
        """Log an exception nobody expected: where it came from, not its message, which may quote a user."""
        frames = [
            f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        message = {"message": str(error)} if self.log_text else {}
        self._write("failure", error=type(error).__name__, frames=frames, request_id=request_id, **message)

    def answered(self, status: str) -> None:
        self._answers.labels(status).inc()

    def checked(self, verdict: str) -> None:
        self._verdicts.labels(verdict).inc()

    def feedback(self, *, useful: bool) -> None:
        self._feedback.labels("yes" if useful else "no").inc()

    def exposition(self, *, ready: bool) -> bytes:
        """The metrics in Prometheus' text format."""
        self._ready.set(ready)
        return generate_latest(self.registry)

    def _write(self, event: str, **fields: Any) -> None:
        """A log that cannot be written costs the line, never the answer."""
        with suppress(OSError, ValueError):
            self._log.info(event, **fields)


def json_log(stream: TextIO) -> structlog.typing.FilteringBoundLogger:
    """A logger that writes one JSON object a line to ``stream``, in UTC, Chinese as it is."""
    log: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.WriteLogger(stream),  # one write a line: several processes share the stream
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="time"),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(0),
        cache_logger_on_first_use=True,
    )
    return log
