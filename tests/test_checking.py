"""Promises about the check desk: what is true passes, what was altered is caught, marks are verbatim."""

from __future__ import annotations

import datetime
from functools import cache
from pathlib import Path

import pytest

from policy_qa.checking import LONGEST_TEXT, Checker, Difference, Judgement, Report, Verdict, render
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.errors import UsageError
from policy_qa.text import find_quote, fold
from policy_qa.wire import to_json

ROOT = Path(__file__).parents[1]
DAY = datetime.date(2026, 11, 24)
ID = "huainan-zjtx-2020-draft"


@cache
def corpus() -> Corpus:
    return load_corpus(ROOT / "corpus")


@cache
def checker() -> Checker:
    return Checker(corpus())


def check(text: str) -> Report:
    return checker().check(text, DAY)


def only(text: str) -> Judgement:
    (judgement,) = check(text).sentences
    return judgement


def kinds(text: str) -> set[str]:
    return {difference.kind for difference in only(text).differences}


# ── the official text ───────────────────────────────────────────────────────────────────────────


def test_every_sentence_of_the_policy_itself_is_supported_or_claims_nothing() -> None:
    clauses = [clause for policy in corpus().policies for clause in policy.clauses]
    judged = [judgement for clause in clauses for judgement in check(clause.text).sentences]
    assert [(j.verdict, j.text) for j in judged if j.verdict not in ("supported", "no_claim")] == []
    assert sum(judgement.verdict == "supported" for judgement in judged) > 80


def test_the_quote_stands_in_its_clause_and_the_marks_stand_in_sentence_and_quote() -> None:
    text = "小巨人最高奖80亿。第3条说新认定的省级智能工厂奖30万，由市科技局负责。买高校技术补10%。"
    differences = 0
    for judgement in check(text).sentences:
        assert text[judgement.start : judgement.end] == judgement.text
        assert judgement.clause is not None
        assert judgement.quote is not None
        assert find_quote(corpus().clause(ID, judgement.clause).text, judgement.quote) is not None
        for mark in judgement.differences:
            assert judgement.text[mark.said_start : mark.said_end] == mark.said
            assert judgement.quote[mark.policy_start : mark.policy_end] == mark.policy
            differences += 1
    assert differences >= 5


# ── what must be told apart ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        # a sum in any spelling, beside another sum
        ("小巨人一次性奖补50万元。", "supported"),
        ("小巨人一次性奖补五十万元。", "supported"),
        ("小巨人一次性奖补500,000元。", "supported"),
        ("小巨人一次性奖补60万元。", "contradicted"),
        ("小巨人一次性奖补50亿元。", "contradicted"),
        # a figure right for the neighbour
        ("新认定的市级智能工厂、数字化车间、智能化产品分别奖50万、30万、10万。", "supported"),
        ("新认定的市级数字化车间、智能工厂、智能化产品分别奖30万、50万、10万。", "supported"),
        ("新认定的市级智能工厂、数字化车间、智能化产品分别奖30万、50万、10万。", "contradicted"),
        ("新认定的市级智能工厂奖30万。", "contradicted"),
        ("在国家级媒体打广告的专精特新企业最高补10万。", "supported"),
        ("在省级媒体打广告的专精特新企业最高补10万。", "contradicted"),
        # bounds
        ("在国家级媒体打广告的专精特新企业补10万。", "contradicted"),
        ("在国家级媒体打广告的专精特新企业至少补10万。", "contradicted"),
        ("小巨人最高奖50万。", "contradicted"),
        # for each what
        ("省认定的专精特新企业流动资金贷款贴息，每户最高50万。", "supported"),
        ("省认定的专精特新企业流动资金贷款贴息，每年最高50万。", "contradicted"),
        ("省认定的专精特新企业流动资金贷款贴息，全部企业合计最高50万。", "contradicted"),
        ("已授权的国外发明专利每件2万，每项最多2个国家。", "supported"),
        ("已授权的国外发明专利每件2万，每项最多3个国家。", "contradicted"),
        # rates
        ("入选央视精品安徽的，推广费再补三成，最高50万。", "supported"),
        ("入选央视精品安徽的，推广费再补13%，最高50万。", "contradicted"),
        # on top, instead
        ("专精特新板挂牌，在省股权交易中心，省奖励基础上再奖10万。", "supported"),
        ("省股权交易中心专精特新板挂牌奖10万，和省里的奖励不重复享受。", "contradicted"),
        # duty and choice, negation
        ("政府采购中采购人应对小微企业产品的价格给予扣除。", "supported"),
        ("鼓励金融机构适当提高抵质押率。", "supported"),
        ("金融机构必须适当提高抵质押率。", "contradicted"),
        ("职称评审可不受论文等资格限制。", "supported"),
        ("职称评审要看论文。", "contradicted"),
        ("企业登云费用不予补助。", "contradicted"),
        # conditions
        ("买高校技术补10%，最高100万。", "needs_condition"),
        ("买高校技术补10%，最高100万，不用登记也行。", "contradicted"),
        ("入选央视精品安徽的，推广费再补三成。", "needs_condition"),
        ("市级工业精品新认定一个奖10万。", "needs_condition"),
        ("发明专利授权了每件1万。", "needs_condition"),
        # levels, payees, clause numbers, departments, dates
        ("新认定的省级智能工厂奖50万。", "contradicted"),
        ("对符合条件的企业给予保费补贴。", "contradicted"),
        ("第12条写的是小巨人奖50万。", "contradicted"),
        ("第2条写的是小巨人奖50万。", "supported"),
        ("智能工厂由市科技局负责。", "contradicted"),
        ("智能工厂由市经信局负责。", "supported"),
        ("到2023年，认定市专精特新企业100户。", "contradicted"),
        # the conditions are a measure's own, words of talking are no things
        ("国家认定的专精特新“小巨人”企业，每户一次性奖补50万元。", "supported"),
        ("国家三品示范企业一次性奖补五十万。", "supported"),
        ("单项冠军跟小巨人一个标准，都是一次性50万元。", "supported"),
        ("信贷这块的目标：90户省级专精特新企业，每年15亿元融资。", "supported"),
        ("little giant企业一次性奖50万元。", "supported"),
        ("买高校技术在全国技术合同网登记了，实付超过1000万的，补10%，封顶100万。", "supported"),
        ("数字化车间跟智能工厂不一样，车间是30万，工厂是50万，都要新认定的市级。", "supported"),
        ("保费补贴不给企业，给担保机构。", "supported"),
        ("小巨人就是50万一次性。", "supported"),
        ("小巨人就是50亿一次性。", "contradicted"),
        # another party, another name, another level, the end of what is promoted
        ("采购人应对大型国企产品的价格按规定给予扣除。", "contradicted"),
        ("市级“小巨人”企业每户奖50万。", "contradicted"),
        ("智能化产品，省级新认定，一次性奖十万块。", "contradicted"),
        ("央视“美好安徽”集中宣传入选的，推广费再补30%，最高50万。", "contradicted"),
        ("小巨人和绿色制造示范都是一次性50万元。", "contradicted"),
        ("暂缓落实国家小微企业融资担保业务降费奖补政策。", "contradicted"),
        ("登云费用有补助已取消。", "contradicted"),
        # what the policy does not say
        ("瞪羚企业奖20万。", "not_found"),
        ("屋顶光伏每度电补贴1角。", "not_found"),
        ("小巨人申报截止6月30日。", "not_found"),
        ("企业登云补助30%，最高10万。", "not_found"),
        ("申报小巨人奖补要提供审计报告。", "not_found"),
    ],
)  # fmt: skip
def test_a_claim_gets_the_verdict_it_deserves(text: str, verdict: Verdict) -> None:
    assert only(text).verdict == verdict


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("小巨人一次性奖补60万元。", {"amount"}),
        ("小巨人一次性奖补50亿元。", {"unit"}),
        ("小巨人最高奖50万。", {"bound"}),
        ("入选央视精品安徽的，推广费再补13%，最高50万。", {"rate"}),
        ("到2023年，认定市专精特新企业100户。", {"date"}),
        ("新认定的省级智能工厂奖50万。", {"party"}),
        ("第12条写的是小巨人奖50万。", {"clause"}),
        ("企业登云费用不予补助。", {"negation"}),
        ("金融机构必须适当提高抵质押率。", {"modality"}),
        ("买高校技术补10%，最高100万。", {"condition"}),
    ],
)
def test_a_difference_says_of_what_kind_it_is(text: str, expected: set[str]) -> None:
    assert kinds(text) == expected


def test_a_wrong_sum_stands_beside_the_printed_one() -> None:
    quote = "对国家认定的专精特新“小巨人”和制造业单项冠军企业，每户分别给予一次性奖补 50 万元"
    judgement = only("小巨人奖80万元。")
    at = quote.index("50")
    assert judgement == Judgement(
        "小巨人奖80万元。", "contradicted", ID, "三（一）2", quote,
        (Difference("80万元", "50 万元", "amount", 4, 8, at, len(quote)),), 0, 9,
    )  # fmt: skip


def test_a_condition_left_out_is_named_beside_nothing_said() -> None:
    (difference,) = only("入选央视精品安徽的，推广费再补三成。").differences
    assert (difference.said, difference.policy) == ("", "最高不超过 50万元")


def test_a_worked_example_that_comes_out_right_is_no_contradiction() -> None:
    text = "买高校技术在全国技术合同网登记了，实付320万，补10%就是32万，最高100万。"
    assert only(text).verdict == "supported"


def test_a_sentence_without_a_subject_goes_on_about_the_one_before() -> None:
    first, second = check("已授权的国外发明专利每件2万。一项最多算3个国家。").sentences
    assert (first.verdict, second.verdict) == ("needs_condition", "contradicted")


# ── the whole text ──────────────────────────────────────────────────────────────────────────────


def test_the_verdict_of_a_text_is_the_worst_of_its_sentences() -> None:
    assert check("您好。").verdict == "no_claim"
    assert check("您好。小巨人奖50万。").verdict == "supported"
    assert check("小巨人奖50万。买高校技术补10%，最高100万。").verdict == "needs_condition"
    assert check("买高校技术补10%，最高100万。瞪羚企业奖20万。").verdict == "not_found"
    assert check("瞪羚企业奖20万。小巨人奖80万。").verdict == "contradicted"


def test_the_report_is_the_object_of_the_contract_and_calls_a_draft_a_draft() -> None:
    report = to_json(check("小巨人奖80万。"))
    assert isinstance(report, dict)
    assert list(report) == ["sentences", "verdict", "notices"]
    assert {"text", "verdict", "clause", "quote", "differences"} <= set(report["sentences"][0])
    assert {"said", "policy", "kind"} <= set(report["sentences"][0]["differences"][0])
    assert "征求意见稿" in report["notices"][0]


def test_the_same_text_gets_the_same_report() -> None:
    text = "小巨人最高奖80万。职称评审要看论文。"
    assert Checker(corpus()).check(text, DAY) == check(text)


def test_white_space_and_width_change_nothing() -> None:
    assert only("小巨人 一次性 奖补 ５０ 万元。").verdict == "supported"
    assert fold(only("小巨人奖 ８０ 万元").differences[0].said) == "80万元"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "没有收到要核对的文字，请粘贴一段话再试。"),
        ("……", "没有收到要核对的文字，请粘贴一段话再试。"),
        ("奖" * (LONGEST_TEXT + 1), "要核对的文字太长，请分成不超过 20000 字的几段再试。"),
    ],
)
def test_an_empty_and_an_endless_text_are_refused_in_one_sentence(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        check(text)
    assert str(refused.value) == message


def test_the_rendered_report_names_verdict_difference_quote_and_clause() -> None:
    quote = only("小巨人奖80万元。").quote
    assert render(check("小巨人奖80万元。")).splitlines()[:4] == [
        "【矛盾】小巨人奖80万元。",
        "  金额：说的是“80万元”，条文是“50 万元”。",
        f"  条文：「{quote}」〔三（一）2〕",
        "全文结论：矛盾。",
    ]
