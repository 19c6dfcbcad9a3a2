"""The metrics of all worker processes in one exposition, each sample under the number of its worker.

Whoever asks for the metrics meets one worker, by chance. So each writes its own into a piece of memory that
all share, once a second, and the one that is asked prints all. Counters begin anew with a worker that was
replaced, as Prometheus expects of a process that restarted.
"""

from __future__ import annotations

import mmap
import struct
import zlib
from collections.abc import Sequence

import structlog

from policy_qa.web.telemetry import Telemetry

_ROOM = 1 << 20
"""Bytes of one worker's metrics; memory is only taken for those that are written."""
_HEAD = struct.Struct("<II")  # length, CRC-32: a reader may meet a text half written


class Tally:
    """A place for the metrics of each of ``size`` workers; made before they are forked."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._shared = mmap.mmap(-1, size * _ROOM)

    def put(self, worker: int, exposition: bytes) -> None:
        """What worker 1 … ``size`` counts now; a text too long for its place is left out."""
        if len(exposition) > _ROOM - _HEAD.size:
            return
        start = (worker - 1) * _ROOM
        body = start + _HEAD.size
        self._shared[body : body + len(exposition)] = exposition
        self._shared[start:body] = _HEAD.pack(len(exposition), zlib.crc32(exposition))

    def clear(self, worker: int) -> None:
        """The worker has ended: it is no longer counted."""
        self.put(worker, b"")

    def all(self) -> list[tuple[int, bytes]]:
        """Each worker with its last metrics; one that is writing at this moment is left out."""
        found = []
        for worker in range(1, self._size + 1):
            start = (worker - 1) * _ROOM
            length, checksum = _HEAD.unpack_from(self._shared, start)
            text = self._shared[start + _HEAD.size : start + _HEAD.size + min(length, _ROOM)]
            if text and zlib.crc32(text) == checksum:
                found.append((worker, text))
        return found


class SharedTelemetry(Telemetry):
    """The telemetry of one worker among several: counts its own, shows all."""

    def __init__(
        self,
        log: structlog.typing.FilteringBoundLogger,
        tally: Tally,
        worker: int,
        *,
        log_text: bool = False,
    ) -> None:
        super().__init__(log, log_text=log_text)
        self._tally = tally
        self._worker = worker

    def share(self, *, ready: bool) -> None:
        """Let the others see what this worker has counted."""
        self._tally.put(self._worker, super().exposition(ready=ready))

    def exposition(self, *, ready: bool) -> bytes:
        """The metrics of all workers in Prometheus' text format; this one's as they stand now."""
        self.share(ready=ready)
        return joined(self._tally.all())


def joined(expositions: Sequence[tuple[int, bytes]]) -> bytes:
    """The expositions as one, each family once, each sample with the label ``worker``."""
    families: dict[str, list[str]] = {}
    for worker, exposition in expositions:
        family: list[str] = []
        for line in exposition.decode().splitlines():
            if line.startswith("# HELP "):
                family = families.setdefault(line, [])
            elif line.startswith("#"):
                if line not in family:
                    family.append(line)
            elif line:
                family.append(_labelled(line, worker))
    lines = [line for head, rest in families.items() for line in (head, *rest)]
    return "".join(f"{line}\n" for line in lines).encode()


def _labelled(sample: str, worker: int) -> str:
    name, brace, rest = sample.partition("{")
    if brace and " " not in name:
        return f'{name}{{worker="{worker}",{rest}'
    name, _, value = sample.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
