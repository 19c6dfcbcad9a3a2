"""Promises of the eligibility sheet: what is sure, what is possible, what to ask, what one change brings."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from policy_qa.clauses import DepartmentNames
from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.counterfactuals import Counterfactual, counterfactuals
from policy_qa.domain import Certificate, Clause, FactType, FactValue, Need, Policy, Segment
from policy_qa.eligibility import (
    Amount,
    BoundedTotal,
    Failed,
    Interval,
    Sheet,
    SheetItem,
    render,
    sheet,
    vocabulary,
)
from policy_qa.errors import CorpusError
from policy_qa.rules import Rules
from policy_qa.wire import to_json

HUAINAN_ID = "huainan-zjtx-2020-draft"
HUAINAN = load_corpus(Path(__file__).parents[1] / "corpus").only(HUAINAN_ID)
RULES = HUAINAN.holdings[0].rules
DAY = datetime.date(2026, 1, 31)
DRAFT = (
    "注意：《关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见》"
    "目前是征求意见稿，不是正式印发的文件，请以正式文件为准。"
)
ZERO = Decimal(0)
NOTHING = Amount(ZERO, ZERO, "exact")
Facts = dict[str, FactValue]


def item(measure: str, facts: Facts) -> SheetItem:
    [found] = [item for item in sheet(HUAINAN, facts, DAY).items if item.measure == measure]
    return found


def yuan(amount: str) -> Decimal:
    return Decimal(amount)


# ── one item, whole ─────────────────────────────────────────────────────────────────────────────


def test_an_item_carries_all_that_the_sheet_says_of_a_measure() -> None:
    facts: Facts = {"technology_paid": yuan("8000000"), "technology_conditions_met": True}
    assert item("technology-purchase", facts) == SheetItem(
        measure="technology-purchase",
        title="购买高校院所先进技术成果补助",
        clause="三（一）3",
        quote="对在淮企业购买高校院所先进技术成果并在淮转化、产业化，同时在全国技术合同网上登记完成的，"
        "按其技术合同成交并实际支付额（依据转账凭证），给予 10%的补助，单个企业最高可达 100万元",
        departments=("市教育局", "市科技局", "市财政局", "市经信局", "市工商联"),
        payee="enterprise",
        verdict="eligible",
        amount=Amount(yuan("800000"), yuan("800000"), "exact"),
        formula="800万元 × 10% = 80万元",
        missing=(),
        failed=(),
        counterfactuals=(
            Counterfactual(
                change="技术合同成交并实际支付额（依据转账凭证）再增加200万元（共1000万元），"
                "即可达到100万元封顶，可多得20万元",
                gain=yuan("200000"),
                clause="三（一）3",
                fact="technology_paid",
                value=yuan("10000000"),
            ),
        ),
        assumptions=("100万元上限是否每年重新计算，条文没有写明",),
        stacking=None,
        policy=HUAINAN_ID,
        is_money=True,
        goes_to=None,
    )


def test_the_json_of_the_sheet_is_the_object_of_the_contract() -> None:
    rendered: Any = to_json(sheet(HUAINAN, {"national_little_giant": True}, DAY))
    assert list(rendered) == ["as_of", "items", "total", "bounded_total", "needs", "notices"]
    assert (rendered["as_of"], rendered["notices"]) == ("2026-01-31", [DRAFT])
    assert rendered["total"] == {"low": "500000", "high": None}
    [giant] = [item for item in rendered["items"] if item["measure"] == "little-giant"]
    assert giant == {
        "measure": "little-giant",
        "title": "国家专精特新“小巨人”企业奖补",
        "clause": "三（一）2",
        "quote": "对国家认定的专精特新“小巨人”和制造业单项冠军企业，每户分别给予一次性奖补 50 万元",
        "departments": ["市经信局", "市财政局"],
        "payee": "enterprise",
        "verdict": "eligible",
        "amount": {"low": "500000", "high": "500000", "bound": "exact"},
        "formula": "一次性50万元",
        "missing": [],
        "failed": [],
        "counterfactuals": [],
        "assumptions": ["条文没有写明“小巨人”和单项冠军两项能否同时享受"],
        "stacking": None,
        "policy": HUAINAN_ID,
        "is_money": True,
        "goes_to": None,
    }


# ── verdicts and intervals ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("measure", "facts", "verdict", "amount"),
    [
        # a fixed sum
        ("smart-factory", {}, "unknown", Amount(ZERO, yuan("500000"), "max")),
        ("smart-factory", {"municipal_smart_factory": True}, "eligible",
         Amount(yuan("500000"), yuan("500000"), "exact")),
        ("smart-factory", {"municipal_smart_factory": False}, "not_eligible", NOTHING),
        # only a cap is printed
        ("national-media-ad", {"zjtx_enterprise": True, "national_media_ad": True}, "eligible",
         Amount(ZERO, yuan("100000"), "max")),
        # a share
        ("technology-purchase", {}, "unknown", Amount(ZERO, yuan("1000000"), "max")),
        ("technology-purchase", {"technology_conditions_met": True}, "unknown",
         Amount(ZERO, yuan("1000000"), "max")),
        ("technology-purchase", {"technology_paid": yuan("20000")}, "unknown",
         Amount(ZERO, yuan("2000"), "max")),
        ("technology-purchase", {"technology_paid": ZERO}, "not_eligible", NOTHING),
        ("technology-purchase", {"technology_conditions_met": False}, "not_eligible", NOTHING),
        # a sum a piece
        ("cn-invention-patent", {}, "unknown", Amount(ZERO, None, "unknown")),
        ("cn-invention-patent", {"cn_invention_patents": 3}, "eligible",
         Amount(yuan("30000"), yuan("30000"), "exact")),
        ("cn-invention-patent", {"cn_invention_patents": 0}, "not_eligible", NOTHING),
        ("municipal-industrial-product", {}, "unknown", Amount(ZERO, yuan("200000"), "max")),
        ("foreign-invention-patent", {"foreign_invention_countries": ()}, "not_eligible", NOTHING),
        # no figure, no money
        ("exhibition", {}, "unknown", Amount(ZERO, None, "unknown")),
        ("title-green-channel", {}, "unknown", NOTHING),
        # somebody else's
        ("guarantee-premium", {}, "not_eligible", NOTHING),
    ],
)  # fmt: skip
def test_the_interval_holds_what_is_sure_and_what_is_possible(
    measure: str, facts: Facts, verdict: str, amount: Amount
) -> None:
    found = item(measure, facts)
    assert (found.verdict, found.amount) == (verdict, amount)


@pytest.mark.parametrize(
    ("measure", "facts", "conditions"),
    [
        ("working-capital-interest", {"working_capital_loan": False}, ["流动资金贷款"]),
        ("benchmarking-diagnosis", {"key_industrial_enterprise": False, "benchmarking_done": False},
         ["重点工业企业", "开展对标诊断"]),
        ("cn-invention-patent", {"cn_invention_patents": 0}, ["至少1件"]),
        ("foreign-invention-patent", {"foreign_invention_countries": (0,)}, ["至少1个国家"]),
        ("technology-purchase", {"technology_conditions_met": True, "technology_paid": ZERO},
         ["技术合同成交并实际支付额（依据转账凭证）大于0"]),
        ("targeted-training", {}, ["定向培养生"]),
        ("smart-factory", {}, []),
    ],
)  # fmt: skip
def test_what_is_not_to_be_had_says_which_condition_fails_and_where_it_is_printed(
    measure: str, facts: Facts, conditions: list[str]
) -> None:
    found = item(measure, facts)
    assert found.failed == tuple(Failed(words, found.clause, found.quote) for words in conditions)


def test_support_for_somebody_else_says_whose_it_is() -> None:
    facts: Facts = {"zjtx_enterprise": True}
    others = {i.measure: (i.goes_to, i.formula) for i in sheet(HUAINAN, facts, DAY).items if i.goes_to}
    guarantee = ("担保机构", "支持的对象是担保机构，不是企业自己，不计入合计")
    assert others == {
        "targeted-training": ("定向培养生", "支持的对象是定向培养生，不是企业自己，不计入合计"),
        "guarantee-premium": guarantee,
        "guarantee-fee-reduction": guarantee,
    }


def test_the_half_another_level_pays_is_said_beside_the_support_on_top_of_it() -> None:
    found = item("equity-board-listing", {"equity_board_listed": True})
    assert (found.stacking, found.assumptions) == (
        "在省奖励的基础上再奖励",
        ("省股权交易中心挂牌的省级奖励另算：条文写的是“在省奖励的基础上”，没有写明数额，没有计入",),
    )
    shown = {item.measure for item in sheet(HUAINAN, {}, DAY).items}
    assert shown == {measure.id for measure in RULES.measures if measure.half_of is None}
    assert item("equity-board-listing", {"equity_board_listed": False}).assumptions == ()


def test_that_the_text_does_not_rule_on_two_titles_is_said_only_while_both_are_possible() -> None:
    note = ("条文没有写明“小巨人”和单项冠军两项能否同时享受",)
    assert item("little-giant", {"national_little_giant": True}).assumptions == note
    assert item("little-giant", {"national_single_champion": False}).assumptions == ()


# ── sums ────────────────────────────────────────────────────────────────────────────────────────

UNBOUNDED = (
    "innovation-platform", "innovation-carrier", "innovation-contest", "plant-rent", "urgent-talent",
    "engineer-introduction", "patent-pledge", "bond-issuance", "cloud-migration", "exhibition",
)  # fmt: skip


def test_the_total_is_open_at_the_top_beside_the_bounded_total_that_names_what_it_leaves_out() -> None:
    every_answer_no: Facts = {name: False for name, fact in RULES.facts.items() if fact.type == "bool"}
    facts: Facts = {
        **every_answer_no,
        "national_little_giant": True,
        "national_single_champion": True,
        "cn_invention_patents": 2,
        "foreign_invention_countries": (),
    }
    now = sheet(HUAINAN, facts, DAY)
    assert now.total == Interval(yuan("1020000"), None)
    assert now.bounded_total == BoundedTotal(yuan("1020000"), yuan("1220000"), UNBOUNDED)


# ── what to ask next ────────────────────────────────────────────────────────────────────────────


def asked(facts: Facts) -> list[str]:
    return [need.fact for need in sheet(HUAINAN, facts, DAY).needs]


def test_the_question_that_can_settle_most_verdicts_comes_first_and_then_the_most_money() -> None:
    assert asked({}) == [
        "zjtx_enterprise",  # two verdicts at once
        "technology_paid",  # 100万元
        "technology_conditions_met",
        "national_little_giant",  # 50万元, whatever the answer
        "national_single_champion",
        "national_three_products",
        "municipal_smart_factory",
        "national_service_platform",
        "provincial_recognised",  # 50万元, if the answer is no
        "working_capital_loan",
        "cctv_selected",
        "cctv_promotion_fee",
        "municipal_digital_workshop",
        "municipal_industrial_products",
        "key_industrial_enterprise",
        "benchmarking_done",
        "new_above_scale",
        "equity_board_listed",
        "municipal_smart_product",
        "national_media_ad",
        "provincial_media_ad",
        "cn_invention_patents",  # no sum to settle: nothing bounds it
        "foreign_invention_countries",
    ]


def test_what_can_no_longer_change_anything_is_not_asked() -> None:
    settled: Facts = {
        "zjtx_enterprise": False,
        "technology_conditions_met": False,
        "cctv_promotion_fee": ZERO,
        "working_capital_loan": False,
    }
    gone = {"national_media_ad", "provincial_media_ad", "technology_paid", "cctv_selected"}
    gone |= {"provincial_recognised", *settled}
    assert set(asked(settled)) == set(RULES.facts) - gone


def test_a_need_carries_its_question() -> None:
    assert sheet(HUAINAN, {}, DAY).needs[1] == Need(
        "technology_paid", "按转账凭证，技术合同已经实际支付了多少元（不是合同总价）？", "yuan", "元"
    )


# ── what one change would bring ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("measure", "facts", "expected"),
    [
        ("little-giant", {"national_little_giant": False},
         [("如果符合「国家认定的专精特新“小巨人”」这一条件，可得50万元", "500000")]),
        ("cctv-promotion", {"cctv_selected": False, "cctv_promotion_fee": yuan("100000.5")},
         [("如果符合「入选企业」这一条件，可得30000.15元", "30000.15")]),
        ("cctv-promotion", {"cctv_selected": True, "cctv_promotion_fee": yuan("1000000")},
         [("推广费再增加666666.67元（共1666666.67元），即可达到50万元封顶，可多得20万元", "200000")]),
        ("cctv-promotion", {"cctv_selected": True, "cctv_promotion_fee": yuan("1666666.67")}, []),
        ("cctv-promotion", {"cctv_selected": False}, []),  # how much it would bring is not known
        ("national-media-ad", {"zjtx_enterprise": True}, []),  # only a cap is printed
        ("benchmarking-diagnosis", {}, []),  # two conditions stand in the way
        ("cn-invention-patent", {"cn_invention_patents": 3}, [("再有1件，可多得1万元", "10000")]),
        ("municipal-industrial-product", {"municipal_industrial_products": 0},
         [("再有1个，可得10万元", "100000"), ("再有2个，即可达到20万元封顶，可得20万元", "200000")]),
        ("municipal-industrial-product", {"municipal_industrial_products": 1},
         [("再有1个，即可达到20万元封顶，可多得10万元", "100000")]),
        ("municipal-industrial-product", {"municipal_industrial_products": 5}, []),
        ("foreign-invention-patent", {"foreign_invention_countries": (1, 3, 1)},
         [("不足2个国家的2项各再多1个国家，可多得4万元", "40000"),
          ("再有1项、计1个国家，可多得2万元", "20000")]),
        ("foreign-invention-patent", {"foreign_invention_countries": (1,)},
         [("不足2个国家的1项再多1个国家，可多得2万元", "20000"),
          ("再有1项、计1个国家，可多得2万元", "20000")]),
        ("exhibition", {}, []),
        ("guarantee-premium", {}, []),
    ],
)  # fmt: skip
def test_one_change_says_what_it_brings(measure: str, facts: Facts, expected: list[tuple[str, str]]) -> None:
    found = counterfactuals(RULES.measure(measure), facts)
    clause = RULES.measure(measure).clause
    assert [(c.change, c.gain, c.clause) for c in found] == [
        (said, yuan(gain), clause) for said, gain in expected
    ]


# ── several policies ────────────────────────────────────────────────────────────────────────────


def policy_of(id_: str, rules: dict[str, Any], *, until: datetime.date | None = None) -> Holding:
    """A policy of one clause with the given rules."""
    quote = "对规上企业奖励3万元"
    clause = Clause(id_, "一", (), "奖励", quote, (Segment(0, len(quote), ("市经信局",)),), 1, 1)
    policy = Policy(id_, f"{id_}办法", "正式", None, None, None, until, (), "", (clause,), Certificate(9, 9))
    measure = {"clause": "一", "quote": quote, "names": [], "benefit": {"kind": "fixed", "amount": "3万元"}}
    entries = [{**measure, **entry} for entry in rules["measures"]]
    checked = Rules.model_validate({"policy": id_, "facts": rules["facts"], "measures": entries})
    return Holding(policy, checked, DepartmentNames.of(()))


def rules_of(fact_type: FactType = "bool") -> dict[str, Any]:
    condition = {"fact": "above_scale", "text": "规上企业"}
    return {
        "facts": {"above_scale": {"type": fact_type, "ask": "是不是规上企业？"}},
        "measures": [{"id": "award", "title": "规上奖励", "conditions": [condition]}],
    }


def corpus_of(*holdings: Holding) -> Corpus:
    return replace(HUAINAN, holdings=holdings)


def test_several_policies_share_a_fact_and_each_item_names_its_own() -> None:
    corpus = corpus_of(policy_of("甲", rules_of()), policy_of("乙", rules_of()))
    now = sheet(corpus, {"above_scale": True}, DAY)
    assert [(i.policy, i.measure, i.verdict) for i in now.items] == [
        ("甲", "award", "eligible"),
        ("乙", "award", "eligible"),
    ]
    assert now.total == Interval(yuan("60000"), yuan("60000"))
    assert now.notices == ("合计包括几份政策的支持，能不能同时享受条文没有写明时，请向负责部门核实。",)
    assert [need.fact for need in sheet(corpus, {}, DAY).needs] == ["above_scale"]


def test_a_fact_that_two_policies_mean_differently_is_refused() -> None:
    corpus = corpus_of(policy_of("甲", rules_of()), policy_of("乙", {**rules_of("yuan"), "measures": []}))
    with pytest.raises(CorpusError) as refused:
        vocabulary(corpus)
    assert str(refused.value) == (
        "事实“above_scale”在政策“乙”里的类型或单位与其他政策不同，请在规则里改用另一个名称。"
    )


def test_a_policy_that_was_not_in_force_on_the_day_brings_nothing_and_is_named() -> None:
    lapsed = policy_of("乙", rules_of(), until=datetime.date(2025, 12, 31))
    corpus = corpus_of(policy_of("甲", rules_of()), lapsed)
    now = sheet(corpus, {"above_scale": True}, DAY)
    assert [(i.policy, i.amount.high) for i in now.items] == [("甲", yuan("30000"))]
    assert now.notices == ("注意：按所问的日期，《乙办法》不在印明的施行期内。",)
    alone = sheet(corpus_of(lapsed), {}, DAY)
    assert alone == Sheet(DAY, (), Interval(ZERO, ZERO), BoundedTotal(ZERO, ZERO, ()), (), now.notices)


def test_a_policy_whose_rules_nobody_has_reviewed_is_said_to_be_left_out() -> None:
    unreviewed = policy_of("乙", {"facts": {}, "measures": []})
    now = sheet(corpus_of(policy_of("甲", rules_of()), unreviewed), {}, DAY)
    assert [i.policy for i in now.items] == ["甲"]
    assert now.notices == ("注意：《乙办法》的金额规则还没有经人核对，这里只引用原文，不作计算。",)


# ── for people ──────────────────────────────────────────────────────────────────────────────────


def test_the_sheet_reads_by_verdict_then_the_sums_then_what_facts_cannot_decide() -> None:
    rules = rules_of()
    rules["facts"] |= {"champion": {"type": "bool", "ask": "是不是冠军企业？"}}
    on_top = {"id": "champion", "title": "冠军奖励", "conditions": [{"fact": "champion", "text": "企业"}]}
    rules["measures"] += [
        {**on_top, "stacking": "奖励"},
        {"id": "guarantee", "title": "保费补贴", "payee": "guarantee_institution"},
        {"id": "contest", "title": "参赛奖励", "benefit": {"kind": "unspecified", "printed": "奖励"}},
        {"id": "queue", "title": "优先办理", "benefit": {"kind": "service"}},
    ]
    corpus = corpus_of(policy_of("甲", rules))
    assert (
        render(sheet(corpus, {"above_scale": True}, DAY))
        == """按 2026-01-31 和您给的情况：

【可享】1 项
〔一〕规上奖励：3万元
  算法：3万元
  条文：「对规上企业奖励3万元」
  负责部门：市经信局

【还缺信息】1 项
〔一〕冠军奖励：最少0元，最多3万元
  算法：3万元
  条文：「对规上企业奖励3万元」
  负责部门：市经信局
  还缺：是不是冠军企业？
  条文写明：「奖励」
  → 如果符合「企业」这一条件，可得3万元。〔一〕

【不可享】1 项
〔一〕保费补贴
  算法：支持的对象是担保机构，不是企业自己，不计入合计
  条文：「对规上企业奖励3万元」
  负责部门：市经信局

合计：最少3万元，最多没有写明。
其中写明上限的：最少3万元，最多6万元；另有 1 项没有写明上限，没有计入。
接下来最值得补充：是不是冠军企业？

【资金支持，条文没有写明数额和可以核对的条件，请向负责部门核实】1 项
〔一〕参赛奖励（市经信局）：条文写的是“奖励”，没有写明数额

【不是资金支持，条文没有写明可以核对的条件，请向负责部门核实】1 项
〔一〕优先办理（市经信局）
"""
    )
