"""The Python door: one call, no arguments, today; and nothing loaded by the import."""

from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

import policy_qa
from policy_qa.errors import StoreError, UsageError
from policy_qa.opening import Found, PolicyAssistant, open_assistant
from policy_qa.question import LONGEST_QUESTION
from policy_qa.web.desk import Desk

ID = "huainan-zjtx-2020-draft"
QUESTION = "购买高校技术实际付了120万，能补多少？"


@pytest.fixture
def opened(desk: Desk) -> PolicyAssistant:
    return PolicyAssistant(desk)


def test_to_import_the_package_loads_nothing_but_itself() -> None:
    program = """
import sys
before = set(sys.modules)
import policy_qa
print(sorted(name for name in set(sys.modules) - before if name.startswith("policy_qa")))
policy_qa.open_assistant
print(sorted({name.split(".")[0] for name in sys.modules} & set(sys.argv[1:])))
"""
    heavy = ["fastapi", "langchain_core", "mcp", "numpy", "torch", "chromadb", "jieba", "pydantic"]
    done = subprocess.run(
        [sys.executable, "-c", program, *heavy],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout == "['policy_qa']\n[]\n"


def test_the_package_offers_the_way_in_and_no_other_name() -> None:
    assert policy_qa.open_assistant is open_assistant
    with pytest.raises(AttributeError, match="module 'policy_qa' has no attribute 'open_desk'"):
        policy_qa.open_desk  # noqa: B018


def test_it_opens_what_the_environment_names_and_answers_for_today(
    monkeypatch: pytest.MonkeyPatch, embedder: object
) -> None:
    monkeypatch.setattr("policy_qa.embedding.load_embedder", lambda *_, **__: embedder)
    assistant = policy_qa.open_assistant()
    before = datetime.date.today()
    answer = assistant.ask(QUESTION)
    assert before <= answer.as_of <= datetime.date.today()
    assert answer.calculation is not None
    assert answer.calculation.total == 120000


def test_without_a_model_it_opens_all_the_same_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("向量模型坏了。")

    monkeypatch.setattr("policy_qa.embedding.load_embedder", fail)
    answer = policy_qa.open_assistant().ask(QUESTION)
    assert [notice for notice in answer.notices if "向量模型坏了" in notice]


def test_its_answers_are_the_desks(opened: PolicyAssistant, desk: Desk) -> None:
    day = datetime.date(2030, 5, 1)
    facts = {"cn_invention_patents": 3, "technology_paid": "1200000.5"}
    checked = desk.facts(facts)
    assert opened.ask(QUESTION, facts, policy=ID, as_of=day) == desk.ask(
        QUESTION, checked, policy=ID, as_of=day
    )
    assert opened.eligibility(facts, as_of=day) == desk.sheet(checked, as_of=day)
    text = "小巨人一次性奖补100万元。"
    assert opened.check(text, as_of=day) == desk.check(text, as_of=day)
    assert opened.today() == desk.today()


def test_a_search_finds_clauses_with_their_nearest_sentence(opened: PolicyAssistant, desk: Desk) -> None:
    expected = desk.search("贴息", 3)["hits"]
    assert isinstance(expected, list)
    assert opened.search("贴息", 3) == tuple(
        Found(desk.corpus.clause(ID, hit["clause"]), hit["quote"], hit["score"], hit["why"])
        for hit in expected
    )


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda a: a.ask(QUESTION, {"unknown": True}), "不认识的事实“unknown”"),
        (lambda a: a.ask(QUESTION, policy="x"), "没有编号为“x”的政策"),
        (lambda a: a.eligibility({"new_above_scale": 1}), "事实“new_above_scale”的值不能用"),
        (lambda a: a.search("贴" * (LONGEST_QUESTION + 1)), "要找的内容太长"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_sentence(
    opened: PolicyAssistant, call: object, said: str
) -> None:
    assert callable(call)
    with pytest.raises(UsageError, match=said):
        call(opened)
