"""Follow what is published: a new corpus is opened aside, verified, and only then answered from."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from policy_qa.assistant import Assistant
from policy_qa.errors import PolicyQaError, StoreError
from policy_qa.web.desk import Desk
from policy_qa.web.published import Published

INTERVAL_SECONDS = 1.0
_FIRST_PAUSE = 5.0
_LONGEST_PAUSE = 300.0
_LAST_SECONDS = 1.0

Report = Callable[[dict[str, object]], None]
"""Gets what to log of a publication."""


def first(published: Published, reopen: Callable[[], Assistant], report: Report) -> Assistant:
    """The assistant to begin with; the processes of one home open theirs one after the other.

    To start is to publish: what stands in the folder now is what this process answers from. A home that
    cannot be written is reported, and this process serves all the same.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(published.alone())
        except StoreError as error:
            report({"state": "unlocked", "why": str(error)})
        seen = published.latest
        assistant = reopen()
        try:
            published.settle(seen, assistant.corpus.sha256)
        except StoreError as error:
            report({"state": "unannounced", "why": str(error)})
    return assistant


def renew(desk: Desk, reopen: Callable[[], Assistant]) -> None:
    """Answer from the corpus of the disk; what is served now goes on where the new one cannot be verified.

    Raises PolicyQaError, the reason.
    """
    fresh = reopen()
    if fresh.standing_notices and not desk.assistant.standing_notices:
        raise StoreError(f"没有发布，因为新的检索索引没有建好，现在仍用原来的：{fresh.standing_notices[0]}")
    Desk(fresh, desk.today).warm_up()
    desk.take_over(fresh)


class Follower:
    """Keeps one desk in step with what is published.

    A failure is reported, the old corpus goes on being served, and the same publication is tried again after
    a pause that doubles; a new one is tried at once. ``clock`` gives seconds and never runs backwards.
    """

    def __init__(
        self,
        desk: Desk,
        published: Published,
        reopen: Callable[[], Assistant],
        report: Report,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._published = published
        self._reopen = reopen
        self._report = report
        self._clock = clock
        self._failed: tuple[str, float, float] = ("", 0.0, 0.0)  # publication, pause, when to try again
        self._release = _Release(desk, clock)

    def look(self) -> bool:
        """Look once at what is published; whether a new corpus is answered from."""
        self._release.former()
        if not self._behind():
            return False
        try:
            with self._published.alone():
                if not self._behind():  # the admin page of this process published it meanwhile
                    return False
                seen = self._published.latest
                begun = self._clock()
                renew(self._desk, self._reopen)
                self._published.settle(seen, self._desk.corpus.sha256)
        except Exception as error:  # whatever it was, the old corpus goes on being served
            why = str(error) if isinstance(error, PolicyQaError) else type(error).__name__
            self._report({"state": "failed", "why": why, "again_in": self._pause()})
            return False
        taken = round(self._clock() - begun, 3)
        self._report({"state": "serving", "corpus": self._desk.corpus.sha256, "seconds": taken})
        return True

    @contextmanager
    def looking(self, interval: float = INTERVAL_SECONDS) -> Iterator[None]:
        """Look every ``interval`` seconds, in a thread of its own."""
        over = threading.Event()

        def run() -> None:
            while not over.wait(interval):
                self.look()

        thread = threading.Thread(target=run, name="publication", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(_LAST_SECONDS)  # it may be opening a corpus: that is given up

    def _behind(self) -> bool:
        latest = self._published.latest
        if latest is None or latest.id == self._published.serving:
            return False
        failed, _, again = self._failed
        return latest.id != failed or self._clock() >= again

    def _pause(self) -> float:
        latest = self._published.latest
        name = latest.id if latest else ""
        failed, before, _ = self._failed
        pause = min(2 * before, _LONGEST_PAUSE) if name == failed else _FIRST_PAUSE
        self._failed = (name, pause, self._clock() + pause)
        return pause


class _Release:
    """Gives back the memory and the index files of an assistant that no request uses any more.

    An assistant stands in a cycle of references, so that only a collection frees it, and on its own that may
    come hours later: private copies of the vector store would pile up.
    """

    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self._now = weakref.ref(desk.assistant)
        self._former: list[weakref.ref[Assistant]] = []
        self._pause = 0.0
        self._due = 0.0

    def former(self) -> None:
        """Collect those that are no longer answered from, more and more rarely while a request holds one."""
        if (now := self._desk.assistant) is not self._now():
            self._former.append(self._now)
            self._now = weakref.ref(now)
            self._pause = self._due = 0.0
        self._former = [one for one in self._former if one() is not None]
        if self._former and self._clock() >= self._due:
            gc.collect()
            self._pause = min(max(1.0, 2 * self._pause), _LONGEST_PAUSE)
            self._due = self._clock() + self._pause
