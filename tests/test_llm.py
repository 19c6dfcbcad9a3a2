"""Promises about the model's deadline: late, cut, flooding or broken, an answer never waits for it longer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import pytest
from langchain_core.language_models import BaseChatModel, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk

from policy_qa.breaker import Breaker
from policy_qa.errors import ModelError, UsageError
from policy_qa.llm import LONGEST_REPLY, ChatModel, open_model
from policy_qa.settings import ModelSettings, load_settings


@dataclass
class Clock:
    """Seconds that pass only when told."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def saying(*texts: str | Callable[[], str]) -> BaseChatModel:
    """A chat model that says these in turn; a function is called when its turn comes."""

    def message(text: str | Callable[[], str]) -> AIMessage:
        return AIMessage(text if isinstance(text, str) else text())

    return GenericFakeChatModel(messages=map(message, texts))  # which goes on after one that raised


def broken() -> str:
    raise OSError("connection refused at http://secret:key@example")


def missing(*_: object, **__: object) -> BaseChatModel:
    raise ImportError("langchain_mistralai")


@dataclass
class Hanging:
    """Says nothing until it is let go."""

    let_go: threading.Event = field(default_factory=threading.Event)

    def __call__(self) -> str:
        self.let_go.wait(10)
        return "太晚了"


# ── the breaker ─────────────────────────────────────────────────────────────────────────────────


def test_a_breaker_opens_after_failures_in_a_row_and_tries_once_after_a_rest() -> None:
    clock = Clock()
    breaker = Breaker(2, 60.0, clock)
    breaker.failed()
    assert breaker.admits()
    breaker.failed()
    assert not breaker.admits()
    clock.now = 59.9
    assert not breaker.admits()
    clock.now = 60.0
    assert [breaker.admits(), breaker.admits()] == [True, False]


def test_a_breaker_closes_when_the_one_attempt_succeeds_and_rests_again_when_it_fails() -> None:
    clock = Clock()
    breaker = Breaker(1, 60.0, clock)
    breaker.failed()
    clock.now = 61.0
    assert breaker.admits()
    breaker.failed()
    clock.now = 120.0
    assert not breaker.admits()
    clock.now = 121.0
    assert breaker.admits()
    breaker.succeeded()
    assert [breaker.admits(), breaker.admits()] == [True, True]


def test_a_success_between_failures_begins_the_count_again() -> None:
    breaker = Breaker(2, 60.0, Clock())
    for _ in range(5):
        breaker.failed()
        breaker.succeeded()
    assert breaker.admits()


def test_an_attempt_that_never_reports_does_not_keep_a_breaker_open_for_good() -> None:
    clock = Clock()
    breaker = Breaker(1, 60.0, clock)
    breaker.failed()
    clock.now = 60.0
    assert breaker.admits()
    clock.now = 120.0
    assert breaker.admits()


# ── the deadline ────────────────────────────────────────────────────────────────────────────────


def test_a_reply_comes_back_as_text() -> None:
    model = ChatModel(saying("第一句", "第二句"), seconds=5)
    assert [model.turn()("做什么", "材料"), model.turn()("做什么", "材料")] == ["第一句", "第二句"]


def test_half_a_surrogate_pair_is_no_failure_of_the_model() -> None:
    seen: list[object] = []

    class Listening(GenericFakeChatModel):
        def stream(self, messages: object, *_: object, **__: object) -> Iterator[object]:  # type: ignore[override]
            seen.append(messages)
            yield from ()

    assert ChatModel(Listening(messages=iter(())), seconds=5).turn()("做什么", "奖\ud800多少") == ""
    assert seen == [[("system", "做什么"), ("human", "奖?多少")]]


def test_a_model_that_hangs_is_left_at_the_deadline() -> None:
    hanging = Hanging()
    began = time.monotonic()
    with pytest.raises(ModelError, match="没有在时限内回复"):
        ChatModel(saying(hanging), seconds=0.2).turn()("做什么", "材料")
    assert time.monotonic() - began < 2
    hanging.let_go.set()


def test_the_replies_of_one_turn_share_its_deadline() -> None:
    clock = Clock()
    reply = ChatModel(saying("及时", "多余"), 8.0, clock).turn()
    assert reply("做什么", "材料") == "及时"
    clock.now = 8.0
    with pytest.raises(ModelError, match="没有在时限内回复"):
        reply("做什么", "材料")


def test_a_flood_is_not_read_to_its_end() -> None:
    with pytest.raises(ModelError, match="回复太长"):
        ChatModel(saying("满 " * LONGEST_REPLY), seconds=5).turn()("做什么", "材料")


def test_a_trickle_is_left_too_once_its_time_is_over() -> None:
    left = threading.Event()

    class Trickling(GenericFakeChatModel):
        def stream(self, *_: object, **__: object) -> Iterator[AIMessageChunk]:
            try:
                while True:
                    time.sleep(0.01)
                    yield AIMessageChunk(content="9")
            finally:
                left.set()

    with pytest.raises(ModelError, match="没有在时限内回复"):
        ChatModel(Trickling(messages=iter(())), seconds=0.1).turn()("做什么", "材料")
    assert left.wait(5)


def test_a_reply_between_failures_begins_the_count_again() -> None:
    model = ChatModel(saying(broken, "好", broken, "好", broken, "好"), 5, breaker=Breaker(2, 60.0, Clock()))
    heard = []
    for _ in range(6):
        with suppress(ModelError):
            heard.append(model.turn()("做什么", "材料"))
    assert heard == ["好"] * 3


def test_an_error_is_named_by_its_kind_and_shows_no_address_and_no_key() -> None:
    with pytest.raises(ModelError) as error:
        ChatModel(saying(broken), seconds=5).turn()("做什么", "材料")
    assert str(error.value) == "语言模型没有给出回复（OSError），请检查模型服务。"


def test_after_failures_in_a_row_the_model_is_not_even_asked() -> None:
    clock = Clock()
    model = ChatModel(saying("好了"), 8.0, clock, breaker := Breaker(1, 60.0, clock))
    breaker.failed()
    for _ in range(9):  # more than wait at once: who is not admitted takes no place
        with pytest.raises(ModelError, match="暂时不用它"):
            model.turn()("做什么", "材料")
    clock.now = 60.0
    assert model.turn()("做什么", "材料") == "好了"


def test_hanging_replies_take_up_a_few_threads_and_no_more() -> None:
    hangings = [Hanging() for _ in range(4)]
    breaker = Breaker(99, 60.0, time.monotonic)
    model = ChatModel(_Each(hangings), 0.1, breaker=breaker)
    for _ in hangings:
        with pytest.raises(ModelError, match="没有在时限内回复"):
            model.turn()("做什么", "材料")
    with pytest.raises(ModelError, match="正忙"):
        model.turn()("做什么", "材料")
    for hanging in hangings:
        hanging.let_go.set()


class _Each(GenericFakeChatModel):
    """A chat model whose calls hang side by side, each on its own."""

    def __init__(self, hangings: list[Hanging]) -> None:
        super().__init__(messages=iter(()))
        self._waiting = iter(hangings)

    _waiting: Iterator[Hanging]

    def stream(self, *_: object, **__: object) -> Iterator[object]:  # type: ignore[override]
        next(self._waiting)()
        yield from ()


# ── the settings ────────────────────────────────────────────────────────────────────────────────


def test_no_setting_means_no_model() -> None:
    assert load_settings({}).model is None
    assert load_settings({"POLICY_QA_MODEL": " ", "POLICY_QA_MODEL_URL": "http://x"}).model is None
    assert open_model(None) is None


def test_the_settings_name_a_model_and_hide_its_key() -> None:
    read = load_settings(
        {
            "POLICY_QA_MODEL": "qwen3",
            "POLICY_QA_MODEL_URL": "http://127.0.0.1:8080/v1",
            "POLICY_QA_MODEL_KEY": "sk-1",
            "POLICY_QA_MODEL_SECONDS": "3",
        }
    ).model
    assert read == ModelSettings("qwen3", "http://127.0.0.1:8080/v1", "sk-1", "3")
    assert "sk-1" not in repr(read)


@pytest.mark.parametrize("seconds", ["0", "-1", "121", "abc", "nan", "inf", "8秒"])
def test_a_deadline_nobody_would_wait_for_is_refused_by_name(seconds: str) -> None:
    with pytest.raises(UsageError, match="POLICY_QA_MODEL_SECONDS"):
        open_model(ModelSettings("openai:x", "http://127.0.0.1:1", seconds=seconds))


def test_a_vendor_whose_package_is_missing_is_said_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("langchain.chat_models.init_chat_model", missing)
    with pytest.raises(UsageError, match=r"pip install 'policy-qa\[model\]'"):
        open_model(ModelSettings("mistralai:large"))


def test_a_name_that_means_no_model_is_refused() -> None:
    with pytest.raises(UsageError, match="“no-such-vendor:x”打不开"):
        open_model(ModelSettings("no-such-vendor:x"))


def test_a_model_is_opened_without_a_word_to_its_server(network: list[str]) -> None:
    assert open_model(ModelSettings("qwen3", "http://127.0.0.1:9/v1")) is not None
    assert network == []
