"""Promises about what a question states: true, false or nothing, and never what no one can have."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.domain import FactValue
from policy_qa.question import Understanding
from policy_qa.stated import Stated

ROOT = Path(__file__).parents[1]


@cache
def understanding() -> Understanding:
    return Understanding(load_corpus(ROOT / "corpus"))


def stated(text: str) -> Stated:
    return understanding().understand(text, {}).stated


LOAN = "working_capital_loan"
PROVINCIAL = "provincial_recognised"
MEMBER = "zjtx_enterprise"
CONDITIONS = "technology_conditions_met"


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        # true
        ("我们是小巨人，奖多少", {"national_little_giant": True}),
        (
            "我们是重点工业企业，做了对标诊断，给多少",
            {"key_industrial_enterprise": True, "benchmarking_done": True},
        ),
        ("我们是省专精特新企业，流动资金贷了2000万，能贴多少", {PROVINCIAL: True, LOAN: True, MEMBER: True}),
        ("专精特新板挂牌了，奖多少", {"equity_board_listed": True}),
        ("我们是专精特新企业，能拿多少补贴", {"zjtx_enterprise": True}),
        # false
        ("我们公司不是专精特新企业，能拿多少补贴", {"zjtx_enterprise": False}),
        ("我们是不是专精特新企业", {}),
        ("专精特新企业能拿多少补贴", {}),
        ("我们不是小巨人，能拿多少", {"national_little_giant": False}),
        (
            "数字化车间没评上，智能工厂评上了，奖多少",
            {"municipal_digital_workshop": False, "municipal_smart_factory": True},
        ),
        (
            "对标诊断还没做，重点工业企业，给多少",
            {"key_industrial_enterprise": True, "benchmarking_done": False},
        ),
        ("我们没有流动资金贷款，是省级专精特新，能贴多少", {PROVINCIAL: True, LOAN: False}),
        (
            "我们不是重点工业企业，做了对标诊断，给多少",
            {"key_industrial_enterprise": False, "benchmarking_done": True},
        ),
        # denied in words of its own
        ("我们省里没认定，流动资金贷款能贴多少", {PROVINCIAL: False, LOAN: True}),
        # another level
        ("我们只是市级专精特新，流动资金贷款能贴多少", {PROVINCIAL: False, LOAN: True, MEMBER: True}),
        # unknown
        ("流动资金贷款贴息多少", {LOAN: True}),
        ("做对标诊断花了6万，能报多少", {"benchmarking_done": True}),
        ("买高校技术能补多少", {}),
        ("屋顶光伏补多少", {}),
    ],
)
def test_a_condition_is_true_false_or_not_stated(text: str, facts: dict[str, FactValue]) -> None:
    assert stated(text).facts == facts


def test_a_listing_that_failed_is_no_listing() -> None:
    assert stated("专精特新板没挂上，奖多少").facts == {"equity_board_listed": False}


@pytest.mark.parametrize(
    ("text", "met"),
    [
        ("买高校技术付100万，登记完成，补多少", True),
        ("买高校技术付100万，没登记，补多少", False),
        ("买高校技术付100万，不在淮南转化，补多少", False),
        ("买高校技术付100万，补多少", None),
    ],
)
def test_the_conditions_of_a_purchase_are_stated_by_the_words_for_them(text: str, met: bool | None) -> None:
    assert stated(text).facts.get(CONDITIONS) is met


def test_of_two_cases_the_sum_of_the_denied_one_is_left_out() -> None:
    found = stated("买高校技术，甲合同付了100万，在淮转化登记完成；乙合同付了50万，没登记，补多少")

    assert found.facts == {CONDITIONS: True, "technology_paid": 1000000}
    assert [figure.text for figure in found.inputs] == ["100万"]


@pytest.mark.parametrize(
    "text", ["我们有没有小巨人", "小巨人是不是我们", "我们没问题，是小巨人", "不是说小巨人有奖吗"]
)
def test_words_that_look_like_denial_deny_nothing(text: str) -> None:
    assert stated(text).facts.get("national_little_giant") is not False


@pytest.mark.parametrize(
    ("text", "impossible"),
    [
        ("国内发明专利-2件给多少", "-2件"),
        ("国内发明专利1.5件给多少", "1.5件"),
        ("工业精品半个给多少", "半个"),
        ("半件发明专利奖多少", "半件"),
        ("买高校技术付了-5万，补多少", "-5万"),
        ("国内发明专利2000000件给多少", "2000000件"),
    ],
)
def test_a_value_that_no_one_can_have_is_named_and_nothing_else_is_stated(text: str, impossible: str) -> None:
    assert stated(text) == Stated(impossible=impossible)


@pytest.mark.parametrize("text", ["半个月能办完吗", "小巨人半年能办完吗"])
def test_half_of_a_month_is_no_half_of_a_piece(text: str) -> None:
    assert stated(text).impossible is None


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("听说小巨人奖80万，是吗", ["80万"]),
        ("小巨人最高奖80万对吗", ["80万"]),
        ("工业精品每个奖15万对吧", ["15万"]),
        ("小巨人奖多少", []),
        ("我们营收3000万，小巨人奖多少", []),
    ],
)
def test_a_sum_beside_a_word_of_awarding_is_a_claim(text: str, claims: list[str]) -> None:
    assert [figure.text for figure in stated(text).claims] == claims


def test_a_sum_that_is_neither_fact_nor_claim_becomes_nothing() -> None:
    found = stated("我们营收3000万，小巨人奖多少")

    assert found == Stated({"national_little_giant": True})
