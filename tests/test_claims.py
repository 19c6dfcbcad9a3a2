"""Promises about what a pasted text claims: its sentences verbatim, and which of them claim anything."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from policy_qa.checking.claims import Claim, ClaimReader
from policy_qa.checking.sentences import sentence_spans
from policy_qa.corpus import load_corpus

ROOT = Path(__file__).parents[1]


@cache
def reader() -> ClaimReader:
    return ClaimReader(load_corpus(ROOT / "corpus"))


def read(text: str) -> Claim:
    return reader().read(text, 0)


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("小巨人奖50万。挂牌奖10万！", ["小巨人奖50万。", "挂牌奖10万！"]),
        ("1. 小巨人奖50万\n2. 挂牌奖10万", ["小巨人奖50万", "挂牌奖10万"]),
        ("· 小巨人奖50万；\n· 挂牌奖10万", ["小巨人奖50万；", "挂牌奖10万"]),
        ("客服：小巨人奖50万。\n市民：好的，谢谢。", ["小巨人奖50万。", "好的，谢谢。"]),
        ("他说“小巨人奖50万。”", ["他说“小巨人奖50万。”"]),
        ("奖10万。（市经信局、市财政局负责）挂牌奖。", ["奖10万。（市经信局、市财政局负责）", "挂牌奖。"]),
        ("奖补 1.5 万元。", ["奖补 1.5 万元。"]),
        ("\n  \n", []),
        ("……", []),
    ],
)  # fmt: skip
def test_a_text_falls_into_its_sentences_and_each_stays_verbatim(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_line_broken_by_the_margin_is_no_end_of_a_sentence() -> None:
    wrapped = "对国家认定的专精特新“小巨人”和制造业单项冠军企业，\n每户分别给予一次性奖补 50 万元。"
    assert sentences(wrapped) == [wrapped]


@pytest.mark.parametrize(
    "text",
    [
        "您好，感谢来电。",
        "小巨人奖多少？",
        "请问挂牌有奖励吗",
        "奖补标准",
        "今天天气不错。",
        "请以正式文件为准。",
        "欢迎来电咨询。",
    ],
)
def test_greetings_questions_headings_and_formulas_claim_nothing(text: str) -> None:
    assert not read(text).asserts


@pytest.mark.parametrize(
    "text",
    [
        "小巨人奖50万。",
        "瞪羚企业奖20万。",
        "智能工厂由市经信局负责。",
        "职称评审要看论文",
        "小巨人申报截止6月30日",
    ],
)
def test_a_figure_a_duty_or_a_statement_of_a_support_is_a_claim(text: str) -> None:
    assert read(text).asserts


@pytest.mark.parametrize(
    ("text", "value", "bound"),
    [
        ("小巨人顶多奖五十万块", "500000", "max"),
        ("贴息50万封顶", "500000", "max"),
        ("贴息保底50万", "500000", "min"),
        ("奖补十千元", "10000", "exact"),
        ("奖补500,000角", "50000", "exact"),
        ("奖补500000", "500000", "exact"),
    ],
)
def test_sums_and_bounds_are_read_as_people_say_them(text: str, value: str, bound: str) -> None:
    (figure,) = read(text).figures
    assert (figure.unit, figure.value, figure.bound) == ("元", Decimal(value), bound)


def test_the_number_of_a_clause_is_no_figure() -> None:
    assert [figure.text for figure in read("第12条说智能工厂奖50万").figures] == ["50万"]


def test_a_measure_that_only_the_name_of_a_department_names_is_not_claimed() -> None:
    claim = read("对标达标提升行动由市电力公司负责")
    assert [naming.measure.id for naming in claim.namings] == ["standard-benchmarking"]
    assert list(claim.departments) == ["市电力公司"]
