"""Promises about understanding: what is asked, by whom, about which clause or department, by which route."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from policy_qa.asks import Ask
from policy_qa.corpus import load_corpus
from policy_qa.question import LONGEST_QUESTION, Question, Understanding
from policy_qa.stated import Stated

ROOT = Path(__file__).parents[1]


@cache
def understanding() -> Understanding:
    return Understanding(load_corpus(ROOT / "corpus"))


def understood(text: str) -> Question:
    return understanding().understand(text, {})


@pytest.mark.parametrize(
    ("text", "invalid"),
    [
        ("", "empty"),
        (" \t\n", "empty"),
        ("\x00\x07", "empty"),
        ("！！！", "no_words"),
        ("😀😀", "no_words"),
        ("小" * (LONGEST_QUESTION + 1), "too_long"),
        ("半件发明专利奖多少", "impossible"),
        ("国内发明专利-2件给多少", "impossible"),
        ("小" * LONGEST_QUESTION, None),
        ("小巨人\x00奖多少", None),
        ("小巨人奖多少", None),
    ],
)
def test_what_cannot_be_answered_is_told_why(text: str, invalid: str | None) -> None:
    assert understood(text).invalid == invalid


def test_of_an_unanswerable_question_nothing_is_read() -> None:
    question = understood("第13条小巨人，付了100万" + "！" * LONGEST_QUESTION)

    assert (question.references, question.measures, question.stated) == ((), (), Stated())


@pytest.mark.parametrize(
    ("text", "route"),
    [
        ("小巨人奖多少", "amount"),
        ("我们是专精特新企业，能拿多少补贴", "eligibility"),
        ("我们公司不是专精特新企业，能拿多少补贴", "eligibility"),
        ("我们是国家级小巨人，能拿多少补贴", "amount"),
        ("听说小巨人奖80万", "amount"),
        ("小巨人有哪些补贴", "amount"),
        ("付了100万买高校技术", "amount"),
        ("第13条推广费补多少", "amount"),
        ("我们能享受什么政策", "eligibility"),
        ("第13条原文", "clause"),
        ("三（一）2写了什么", "clause"),
        ("市科技局管哪些", "department"),
        ("经信局", "department"),
        ("市民政局管什么", "department"),
        ("小巨人找谁", "department"),
        ("小巨人申报截止到什么时候", "general"),
        ("小巨人要什么材料", "general"),
        ("要培育多少户小巨人", "general"),
        ("这份文件有效期到什么时候", "general"),
        ("专利", "general"),
    ],
)
def test_a_question_takes_the_route_of_what_it_asks(text: str, route: str) -> None:
    assert understood(text).route == route


@pytest.mark.parametrize(
    ("text", "departments", "unknown"),
    [
        ("市科技局管哪些", ("市科技局",), ()),
        ("科技局管哪些", ("市科技局",), ()),
        ("市教体局负责什么", ("市教育局",), ()),
        ("市教育局负责什么", ("市教育局",), ()),
        ("市民政局管什么", (), ("市民政局",)),
        ("小巨人奖多少", (), ()),
    ],
)
def test_a_department_is_known_in_the_spellings_people_use(
    text: str, departments: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    question = understood(text)

    assert (question.departments, question.unknown_departments) == (departments, unknown)


def test_of_two_departments_both_are_known() -> None:
    assert set(understood("市科技局和市财政局管哪些").departments) == {"市科技局", "市财政局"}


@pytest.mark.parametrize(
    ("text", "own"),
    [
        ("我们是小巨人，奖多少", True),
        ("咱厂升规了奖多少", True),
        ("国内发明专利3件给多少", True),
        ("do we get the little giant award", True),
        ("小巨人奖多少", False),
        ("the little giant award", False),
    ],
)
def test_who_speaks_of_themselves_or_of_a_figure_of_their_own_asks_for_their_own(
    text: str, own: bool
) -> None:
    assert understood(text).own is own


def test_facts_given_beside_the_question_make_it_the_users_own() -> None:
    question = understanding().understand("高校技术补多少", {"technology_paid": Decimal(5)})

    assert (question.own, question.stated.facts) == (True, {})


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        ("孩子上学学区怎么划", True),
        ("今天天气怎么样", True),
        ("小巨人奖多少", False),
        ("孩子是小巨人企业的", False),
    ],
)
def test_private_life_is_private_unless_a_support_is_named(text: str, personal: bool) -> None:
    assert understood(text).personal is personal


@pytest.mark.parametrize(
    ("text", "target"), [("买高校技术想拿50万补助，得付多少", 500000), ("工业精品拿满20万要几个", 200000)]
)
def test_a_question_that_runs_backwards_aims_at_a_sum(text: str, target: int) -> None:
    question = understood(text)

    assert Ask.REVERSE in question.asks
    assert question.stated == Stated(target=Decimal(target))


def test_a_noun_that_stands_in_no_policy_is_a_stranger() -> None:
    assert understood("屋顶光伏补贴多少").strangers == ("屋顶", "光伏")
    assert understood("小巨人奖多少").strangers == ()


@pytest.mark.parametrize(
    "text", ["小巨人奖多少", "买高校技术付了100万，补多少", "省级智能工厂奖多少", "第13条原文", ""]
)
def test_the_same_question_is_understood_the_same_twice(text: str) -> None:
    assert understood(text) == understood(text)
