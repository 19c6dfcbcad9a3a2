"""The only module that knows a model vendor: a chat model with a deadline, and with none of its patience.

Nothing is retried. A reply that is late, cut, refused or too long is a ModelError, and after a few of them in
a row the model is left alone for a while: an answer never waits for a server that does not serve.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from policy_qa.breaker import Breaker
from policy_qa.domain import Reply
from policy_qa.errors import ModelError, UsageError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from policy_qa.settings import ModelSettings

LONGEST_REPLY = 20_000
"""Characters; the wordings of an answer take a tenth of it."""
_AT_ONCE = 4
"""Replies awaited at the same time; who comes when all are taken is answered without the model."""
_FAILURES, _REST = 3, 60.0
_LONGEST_WAIT = 120
_UNUSED_KEY = "unused"
"""What a local server that asks for no key is given, since the client demands one."""


class ChatModel:
    """A chat model of any vendor, behind a deadline of ``seconds`` and a circuit breaker.

    Threads may share it. ``clock`` gives seconds that never run backwards.
    """

    def __init__(
        self,
        chat: BaseChatModel,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
        breaker: Breaker | None = None,
    ) -> None:
        self._chat = chat
        self._seconds = seconds
        self._clock = clock
        self._breaker = breaker or Breaker(_FAILURES, _REST, clock)
        self._places = threading.BoundedSemaphore(_AT_ONCE)

    def turn(self) -> Reply:
        """Replies for one question: together they take no longer than ``seconds``."""
        until = self._clock() + self._seconds
        return lambda instructions, message: self._reply(instructions, message, until)

    def _reply(self, instructions: str, message: str, until: float) -> str:
        if self._clock() >= until:
            raise ModelError(_why(TimeoutError()))
        if not self._places.acquire(blocking=False):
            raise ModelError("语言模型正忙，请稍后再试。")
        if not self._breaker.admits():
            self._places.release()
            raise ModelError("语言模型连续没有响应，暂时不用它，请检查模型服务。")
        outcome: queue.SimpleQueue[str | Exception] = queue.SimpleQueue()
        # A thread of its own, since a client's time-outs bound each read and not the whole.
        threading.Thread(
            target=self._work, args=(instructions, message, until, outcome), name="model", daemon=True
        ).start()
        try:
            said = outcome.get(timeout=max(0.0, until - self._clock()))
        except queue.Empty:
            said = TimeoutError()
        if isinstance(said, Exception):
            self._breaker.failed()
            raise ModelError(_why(said)) from said
        self._breaker.succeeded()
        return said

    def _work(
        self, instructions: str, message: str, until: float, outcome: queue.SimpleQueue[str | Exception]
    ) -> None:
        try:
            outcome.put(self._read(instructions, message, until))
        except Exception as error:
            outcome.put(error)
        finally:
            self._places.release()

    def _read(self, instructions: str, message: str, until: float) -> str:
        """The reply as it streams in: a flood or a trickle is left as soon as it is seen to be one."""
        text = ""
        sent = message.encode("utf-8", "replace").decode()  # half a surrogate pair cannot be sent
        for chunk in self._chat.stream([("system", instructions), ("human", sent)]):
            text += chunk.text
            if len(text) > LONGEST_REPLY:
                raise ModelError("语言模型的回复太长，没有采用，请检查模型服务。")
            if self._clock() > until:
                raise TimeoutError
        return text


def _why(error: Exception) -> str:
    if isinstance(error, ModelError):
        return str(error)
    if isinstance(error, TimeoutError):
        return "语言模型没有在时限内回复，请检查模型服务。"
    return f"语言模型没有给出回复（{type(error).__name__}），请检查模型服务。"


def open_model(settings: ModelSettings | None) -> ChatModel | None:
    """The chat model the settings name; None where they name none. Nothing is sent yet.

    Raises UsageError where the vendor's package is missing or the name means no model.
    """
    if settings is None:
        return None
    seconds = _seconds(settings.seconds)
    return ChatModel(_chat(settings, seconds), seconds)


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) <= _LONGEST_WAIT:
            return seconds
    raise UsageError(
        f"POLICY_QA_MODEL_SECONDS 的值“{text}”不对，请写等语言模型最多几秒，如 8，不超过 {_LONGEST_WAIT}。"
    )


def _chat(settings: ModelSettings, seconds: float) -> BaseChatModel:
    from langchain.chat_models import init_chat_model

    options: dict[str, Any] = {"temperature": 0, "max_retries": 0, "timeout": seconds}
    if settings.url is not None:
        options |= {"base_url": settings.url, "api_key": _UNUSED_KEY}
        if ":" not in settings.name:
            options["model_provider"] = "openai"
    if settings.key is not None:
        options["api_key"] = settings.key
    try:
        chat: BaseChatModel = init_chat_model(settings.name, **options)
    except ImportError as error:
        raise UsageError(
            f"语言模型“{settings.name}”要用的组件没有装，请先安装：pip install 'policy-qa[model]'。"
        ) from error
    except Exception as error:
        raise UsageError(
            f"语言模型“{settings.name}”打不开（{type(error).__name__}），请检查 POLICY_QA_MODEL 等设置。"
        ) from error
    return chat
