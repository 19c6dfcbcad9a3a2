"""Who may enter the admin page: the token once, then a signed session; guesses cost more and more time."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from policy_qa.errors import PolicyQaError

SESSION_SECONDS = 8 * 3600
SHORTEST_TOKEN = 16
_FREE_GUESSES = 3
_LONGEST_WAIT = 15 * 60
_REMEMBERED = 1000
"""Addresses whose wrong guesses are kept in memory; the longest quiet one makes room."""


@dataclass(frozen=True, slots=True)
class Session:
    """An administrator who is logged in; ``csrf`` must come back with every form."""

    name: str
    until: float
    csrf: str


class Gate:
    """Checks the token, signs and reads sessions; ``clock`` gives seconds and never runs backwards.

    The signing key lives as long as the process, so that a restart ends every session. Processes forked from
    the one that made it read each other's sessions; each counts guesses for itself.
    """

    def __init__(self, token: str, clock: Callable[[], float]) -> None:
        if len(token) < SHORTEST_TOKEN:
            raise PolicyQaError(
                f"管理口令太短，容易被猜中，请把 POLICY_QA_ADMIN_TOKEN 换成至少 {SHORTEST_TOKEN} 个字符的。"
            )
        self._token = hashlib.sha256(token.encode()).digest()
        self._key = secrets.token_bytes(32)
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def wait(self, address: str) -> int:
        """Seconds until ``address`` may try again; 0 where it may now."""
        count, last = self._wrong.get(address, (0, 0.0))
        if count < _FREE_GUESSES:
            return 0
        pause = min(2.0 ** (count - _FREE_GUESSES + 1), _LONGEST_WAIT)
        return max(0, int(last + pause - self._clock()) + 1) if last + pause > self._clock() else 0

    def enter(self, address: str, token: str, name: str) -> str | None:
        """The cookie of a new session; None for a wrong token, or while ``address`` has to wait."""
        if self.wait(address):
            return None
        given = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        if not hmac.compare_digest(given, self._token):
            count, _ = self._wrong.pop(address, (0, 0.0))
            self._wrong[address] = (count + 1, self._clock())
            while len(self._wrong) > _REMEMBERED:
                self._wrong.popitem(last=False)
            return None
        self._wrong.pop(address, None)
        content = {"name": name, "until": self._clock() + SESSION_SECONDS, "nonce": secrets.token_hex(16)}
        body = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
        return f"{body}.{self._sign('session', body)}"

    def session(self, cookie: str) -> Session | None:
        """The session a cookie is signed for; None where it is forged, changed or over."""
        body, _, signature = cookie.partition(".")
        if not _equal(signature, self._sign("session", body)):
            return None
        content = json.loads(base64.urlsafe_b64decode(body))
        if content["until"] < self._clock():
            return None
        return Session(content["name"], content["until"], self._sign("csrf", body))

    def allows(self, session: Session, csrf: str) -> bool:
        """Whether a form was made for this session."""
        return _equal(csrf, session.csrf)

    def _sign(self, purpose: str, body: str) -> str:
        return hmac.new(self._key, f"{purpose}:{body}".encode(), hashlib.sha256).hexdigest()


def _equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
