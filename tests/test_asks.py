"""Promises about what a question wants to know: it is read from its words of asking, and from no others."""

from __future__ import annotations

import pytest

from policy_qa.asks import MONEY_ASKS, STRICT_ASKS, Ask, read_asks
from policy_qa.lexicon import normal

ASKED: dict[Ask, tuple[str, ...]] = {
    Ask.AMOUNT: (
        "小巨人奖多少钱",
        "升规给几万",
        "挂牌的奖励标准是什么",
        "how much is the award",
        "这两样合计给多少",
    ),
    Ask.RATE: ("推广费补百分之几", "技术合同给几成", "补助比例是多少", "what percent is paid"),
    Ask.CAP: ("贴息封顶是多少", "最高能给到多少", "撑死给多少", "what is the maximum"),
    Ask.REVERSE: (
        "要拿满封顶得付多少",
        "工业精品要几个才够拿满",
        "想拿50万补助，得付多少",
        "倒推一下推广费",
        "how much must we pay to get the maximum",
    ),
    Ask.DEADLINE: ("什么时候截止", "申报期限多长", "钱多久到账", "when is the deadline"),
    Ask.MATERIALS: ("要准备什么材料", "需要提交哪些资料", "填什么表", "which documents are needed"),
    Ask.PROCESS: ("怎么申报", "申请流程", "去哪里申请", "how do we apply"),
    Ask.CONDITIONS: ("认定条件有哪些", "申报门槛高不高", "什么要求"),
    Ask.PREVIOUS: ("去年认定的还能享受吗", "以前授权的能不能补", "2019年认定的给不给", "能补领吗"),
    Ask.VALIDITY: ("有效期到什么时候", "这是正式文件吗", "什么时候施行", "is it in force"),
    Ask.STACKING: ("能和省里的叠加吗", "可以同时享受吗", "会不会重复享受", "on top of the provincial award"),
    Ask.CONTACT: ("找哪个部门", "归谁管", "谁负责", "电话多少", "which bureau handles it"),
    Ask.DUTIES: ("市科技局管哪些", "市财政局负责什么", "市商务局的职责"),
    Ask.LIST: ("能享受什么政策", "有哪些补贴", "能拿到哪些", "what support is there"),
    Ask.TEXT: ("第13条原文", "这条怎么规定的", "讲了什么", "show me clause 13"),
    Ask.HEADCOUNT: ("要培育多少户小巨人", "计划认定几家", "how many enterprises"),
    Ask.ORIGIN: ("依据什么文件制定的", "文号是多少", "谁批准的", "why was this policy made"),
    Ask.PERIOD: ("每年都给吗", "是一次性还是逐年", "上限累计计算吗"),
    Ask.AWARD: ("小巨人有奖吗", "能不能资助", "展位费报销吗", "is there a subsidy"),
    Ask.EXISTENCE: ("有没有关于光伏的条款", "有氢能方面的政策吗", "does the policy cover it"),
    Ask.VERDICT: ("专利能资助吗", "能不能拿", "是不是真的", "is it paid"),
}

NOT_ASKED: tuple[tuple[Ask, str], ...] = (
    (Ask.AMOUNT, "要培育多少户小巨人"),
    (Ask.AMOUNT, "年营收多少营业额才算上规"),
    (Ask.AMOUNT, "谁负责"),
    (Ask.RATE, "我们付了六成"),
    (Ask.CAP, "capital is short"),
    (Ask.REVERSE, "付了100万能补多少"),
    (Ask.REVERSE, "小巨人奖多少"),
    (Ask.DEADLINE, "小巨人奖多少"),
    (Ask.MATERIALS, "我们做新材料的"),
    (Ask.MATERIALS, "原材料涨价"),
    (Ask.PROCESS, "工业精品奖多少"),
    (Ask.CONDITIONS, "工业精品奖多少"),
    (Ask.PREVIOUS, "去年的目标是什么"),
    (Ask.VALIDITY, "小巨人奖多少"),
    (Ask.STACKING, "小巨人奖多少"),
    (Ask.CONTACT, "管理费用多少"),
    (Ask.DUTIES, "谁负责"),
    (Ask.LIST, "小巨人奖多少"),
    (Ask.HEADCOUNT, "小巨人奖多少"),
    (Ask.ORIGIN, "根据合同付款"),
    (Ask.PERIOD, "今年刚升规"),
    (Ask.AWARD, "补充说明一下"),
    (Ask.AWARD, "贴吧里看到的"),
    (Ask.VERDICT, "小巨人奖多少"),
)


def test_every_ask_has_an_example() -> None:
    assert set(ASKED) == set(Ask)


@pytest.mark.parametrize(("ask", "text"), [(ask, text) for ask, texts in ASKED.items() for text in texts])
def test_a_question_asks_what_its_words_of_asking_say(ask: Ask, text: str) -> None:
    assert ask in read_asks(normal(text))


@pytest.mark.parametrize(("ask", "text"), NOT_ASKED)
def test_words_that_only_look_like_asking_ask_nothing_of_the_kind(ask: Ask, text: str) -> None:
    assert ask not in read_asks(normal(text))


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("", set()),
        ("小巨人", set()),
        ("找哪个部门", {Ask.CONTACT}),
        ("小巨人给多少", {Ask.AMOUNT}),
        ("小巨人奖多少", {Ask.AMOUNT, Ask.AWARD}),
        ("贴息封顶多少", {Ask.AMOUNT, Ask.AWARD, Ask.CAP}),
        ("小巨人奖80万，对吗", {Ask.AWARD, Ask.VERDICT}),
        ("工业精品拿满20万要几个", {Ask.REVERSE}),
    ],
)
def test_the_asks_of_a_question_are_exactly_these(text: str, asks: set[Ask]) -> None:
    assert read_asks(normal(text)) == asks


@pytest.mark.xfail(strict=True, reason="么 at the end is taken for 吗 in 什么 too")
@pytest.mark.parametrize("text", ["市财政局负责什么", "这条写了什么", "推广费是什么"])
def test_a_question_for_what_is_no_question_for_yes_or_no(text: str) -> None:
    assert Ask.VERDICT not in read_asks(normal(text))


def test_asks_of_money_name_a_thing_to_be_had_and_asks_for_a_clock_or_an_office_do_not() -> None:
    assert MONEY_ASKS < STRICT_ASKS
    assert sorted(STRICT_ASKS - MONEY_ASKS) == ["deadline", "existence", "materials", "process"]
