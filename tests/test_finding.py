"""Promises about what is so: the first status that fits, its measures, its sums, and what to ask next."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from policy_qa.asks import Ask
from policy_qa.clauses import split
from policy_qa.corpus import Corpus, Holding, load_corpus
from policy_qa.domain import FactValue, Reverse
from policy_qa.finding import Finding, cap_of, determine, item_of, sentence_spans
from policy_qa.question import Understanding
from policy_qa.retrieval import NO_EVIDENCE, Retriever
from policy_qa.text import fold

ROOT = Path(__file__).parents[1]
DAY = datetime.date(2026, 1, 1)


@cache
def parts() -> tuple[Corpus, Understanding, Retriever]:
    corpus = load_corpus(ROOT / "corpus")
    return corpus, Understanding(corpus), Retriever(corpus, None, None)


def found(text: str, given: Mapping[str, FactValue] | None = None) -> Finding:
    corpus, understanding, retriever = parts()
    question = understanding.understand(text, given or {})
    evidence = NO_EVIDENCE if question.invalid else retriever.retrieve(question)
    return determine(question, evidence, given or {}, corpus, DAY)


def measures(finding: Finding) -> list[str]:
    return [measure.id for measure in finding.measures]


# ── the order of statuses ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "invalid_input"),
        ("半件发明专利奖多少", "invalid_input"),
        ("今天天气怎么样", "out_of_scope"),
        ("孩子上学学区怎么划", "out_of_scope"),
        ("屋顶光伏补贴多少", "not_found"),
        ("省级智能工厂奖多少", "not_found"),
        ("第99条写什么", "not_found"),
        ("市民政局管什么", "not_found"),
        ("买高校技术签了500万合同，我们能补多少", "needs_facts"),
        ("我们能享受什么政策", "needs_facts"),
        ("租厂房租金优惠多少", "not_specified"),
        ("小巨人申报截止到什么时候", "not_specified"),
        ("这份文件有效期到什么时候", "not_specified"),
        ("小巨人奖多少", "answered"),
        ("流动资金贷款贴息封顶多少", "answered"),
        ("小巨人奖80万对吗", "answered"),
        ("第13条原文", "answered"),
        ("市科技局管哪些", "answered"),
    ],
)
def test_the_first_status_that_fits_is_the_status(text: str, status: str) -> None:
    assert found(text).status == status


def test_what_is_invalid_is_so_before_it_is_anything_else() -> None:
    assert found("屋顶光伏和半件发明专利奖多少") == Finding(
        "invalid_input", parts()[0].holdings[0], said="半件"
    )


def test_what_is_not_found_has_no_measure_no_sum_and_says_what_was_asked() -> None:
    assert found("屋顶光伏补贴多少") == Finding("not_found", parts()[0].holdings[0], said="屋顶光伏")


def test_a_level_that_no_clause_holds_is_said_in_the_users_words() -> None:
    assert found("省级智能工厂奖多少") == Finding("not_found", parts()[0].holdings[0], said="省级智能工厂")


def test_what_is_out_of_scope_is_nothing_more() -> None:
    assert found("孩子上学学区怎么划") == Finding("out_of_scope", parts()[0].holdings[0])


def test_a_holder_that_no_clause_names_is_not_found() -> None:
    assert found("我们是瞪羚企业，能享受什么").status == "not_found"


# ── several parts ───────────────────────────────────────────────────────────────────────────────


def test_the_best_off_part_decides_and_the_other_is_named() -> None:
    finding = found("小巨人和瞪羚企业一共奖多少")

    assert (finding.status, measures(finding), finding.missing_parts) == (
        "answered",
        ["little-giant"],
        ("瞪羚",),
    )
    assert finding.calculation is not None
    assert finding.calculation.notes == ("“瞪羚”没有对应的条款，没有计入",)


@pytest.mark.parametrize(
    ("text", "total", "bound"),
    [
        ("小巨人奖多少", "500000", "exact"),
        ("同时拿小巨人和单项冠军，一共多少", "1000000", "exact"),
        ("工业精品奖多少", "100000", "exact"),
        ("工业精品封顶多少", "200000", "max"),
        ("买高校技术付了88万，补多少", "88000", "exact"),
        ("买高校技术付了1.5亿，补多少", "1000000", "exact"),
        ("买高校技术签了500万合同，补多少", "1000000", "max"),
        ("流动资金贷款贴息封顶多少", "500000", "max"),
        ("专精特新板挂牌，省里加市里一共多少", "100000", "min"),
        ("租厂房租金优惠多少", None, "unknown"),
    ],
)
def test_a_total_is_as_sure_as_its_parts(text: str, total: str | None, bound: str) -> None:
    calculation = found(text).calculation

    assert calculation is not None
    assert (calculation.total, calculation.bound) == (None if total is None else Decimal(total), bound)


def test_holding_two_titles_is_noted_as_not_ruled_on() -> None:
    calculation = found("同时拿小巨人和单项冠军，一共多少").calculation

    assert calculation is not None
    assert calculation.notes == ("条文没有写明“小巨人”和单项冠军两项能否同时享受",)


# ── what to ask, what fails, what was claimed ───────────────────────────────────────────────────


def test_a_base_that_is_not_stated_is_asked_for_first() -> None:
    assert [need.fact for need in found("买高校技术签了500万合同，我们能补多少").needs] == [
        "technology_paid",
        "technology_conditions_met",
    ]


def test_nothing_is_asked_where_all_is_known() -> None:
    assert found("我们是小巨人，奖多少").needs == ()


def test_a_condition_that_fails_is_named_with_its_measure() -> None:
    finding = found("我们不是小巨人，能拿多少")

    assert [(measure.id, condition.fact) for measure, condition in finding.failing] == [
        ("little-giant", "national_little_giant")
    ]


def test_facts_given_by_file_win_over_the_words() -> None:
    said = found("买高校技术付了88万，补多少").calculation
    given = found("买高校技术付了88万，补多少", {"technology_paid": Decimal(2000000)}).calculation

    assert said is not None
    assert given is not None
    assert (said.total, given.total) == (Decimal(88000), Decimal(200000))


@pytest.mark.parametrize(
    ("text", "right", "wrong"),
    [
        ("小巨人奖80万对吗", [], ["80万"]),
        ("小巨人奖50万对吗", ["50万"], []),
        ("小巨人奖多少", [], []),
    ],
)
def test_a_claim_is_right_only_where_the_clause_prints_it(
    text: str, right: list[str], wrong: list[str]
) -> None:
    finding = found(text)

    assert [figure.text for figure in finding.claims_right] == right
    assert [figure.text for figure in finding.claims_wrong] == wrong


@pytest.mark.parametrize(
    ("text", "unprinted"),
    [
        ("小巨人申报截止到什么时候", (Ask.DEADLINE,)),
        ("小巨人要什么材料", (Ask.MATERIALS,)),
        ("租厂房租金优惠多少", (Ask.AMOUNT,)),
        ("小巨人奖多少", ()),
    ],
)
def test_what_the_text_does_not_print_is_said_to_be_unprinted(text: str, unprinted: tuple[Ask, ...]) -> None:
    assert found(text).unprinted == unprinted


@pytest.mark.parametrize(
    ("text", "reverse"),
    [
        ("买高校技术要拿满封顶得付多少", Reverse("technology_paid", Decimal("10000000.00"), "元")),
        ("买高校技术想拿50万补助，得付多少", Reverse("technology_paid", Decimal("5000000.00"), "元")),
        ("工业精品拿满20万要几个", Reverse("municipal_industrial_products", Decimal(2), "个")),
        ("小巨人奖多少", None),
    ],
)
def test_a_question_that_runs_backwards_is_answered_backwards(text: str, reverse: Reverse | None) -> None:
    assert found(text).reverse == reverse


def test_an_aim_above_the_cap_is_not_reached_by_any_sum() -> None:
    finding = found("想拿200万补助，买高校技术得付多少")

    assert finding.reverse is None
    assert finding.reversed_measure is not None
    assert (finding.reversed_measure.id, cap_of(finding.reversed_measure)) == (
        "technology-purchase",
        Decimal(1000000),
    )


# ── clauses and departments ─────────────────────────────────────────────────────────────────────


def test_a_reference_shows_its_clause_and_one_that_leads_nowhere_is_said() -> None:
    finding = found("第13条原文，第99条原文")

    assert ([c.label for c in finding.clauses], finding.missing_parts) == (["三（五）13"], ("第99条",))


def test_of_joined_references_the_one_that_leads_nowhere_is_said_too() -> None:
    assert found("第13条和第99条原文").missing_parts == ("第99条",)


def test_a_department_is_found_in_each_of_its_segments_under_both_its_names() -> None:
    one, other = found("市教体局负责什么"), found("市教育局负责什么")

    assert one.duties == other.duties
    assert {name for _, _, segment in one.duties for name in segment.departments} >= {"市教育局", "市教体局"}


def test_an_unknown_department_is_named() -> None:
    assert found("市民政局管什么") == Finding("not_found", parts()[0].holdings[0], said="市民政局")


def test_a_title_held_narrows_what_can_be_had_to_what_it_brings() -> None:
    finding = found("我们是小巨人，能享受什么政策")

    assert measures(finding) == ["little-giant"]
    assert finding.calculation is not None
    assert finding.calculation.total == 500000


# ── small things ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("甲。乙；丙", ["甲。", "乙；", "丙"]),
        ("甲。  乙。", ["甲。", "乙。"]),
        ("甲", ["甲"]),
        ("", []),
    ],
)
def test_a_clause_is_cut_into_sentences_without_the_space_between(text: str, sentences: list[str]) -> None:
    assert [text[start:end] for start, end in sentence_spans(text)] == sentences


def test_the_sentences_of_every_clause_hold_all_its_text() -> None:
    for clause in parts()[0].policies[0].clauses:
        kept = "".join(clause.text[start:end] for start, end in sentence_spans(clause.text))

        assert fold(kept) == fold(clause.text)


def test_a_cap_is_the_printed_one_and_an_item_is_its_measures() -> None:
    finding = found("小巨人和对标诊断一共多少")
    caps = {measure.id: cap_of(measure) for measure in finding.measures}

    assert caps == {"little-giant": None, "benchmarking-diagnosis": Decimal(200000)}
    assert finding.calculation is not None
    for measure in finding.measures:
        item = item_of(finding.calculation, measure)
        assert item is not None
        assert item.measure == measure.id


# ── before rules are reviewed ───────────────────────────────────────────────────────────────────

_UNREVIEWED = """关于青年人才安居的办法

一、租房补贴
（一）本科毕业的人才，每人每月600元。
（二）硕士毕业的人才，每人每月800元，由住房保障部门发放，居住证满一年的优先。

二、购房补贴
首次购房的人才，按房款的2%给予补贴，最高20万元。

三、管理
安居服务窗口负责受理和回访。
"""


def on_the_text_alone(question: str) -> Finding:
    """The finding over a policy that nobody has made rules of."""
    shipped = parts()[0]
    divided = split("anju", _UNREVIEWED)
    policy = replace(
        shipped.policies[0], id="anju", title="关于青年人才安居的办法", clauses=divided.clauses, region=None
    )
    rules = shipped.holdings[0].rules.model_copy(update={"policy": "anju", "measures": ()})
    corpus = replace(shipped, holdings=(Holding(policy, rules, shipped.holdings[0].department_names),))
    understood = Understanding(corpus).understand(question, {})
    return determine(understood, Retriever(corpus, None, None).retrieve(understood), {}, corpus, DAY)


@pytest.mark.parametrize(
    ("text", "status", "clauses"),
    [
        ("硕士人才租房每月补多少", "answered", ["一（二）"]),
        ("本科租房每月补多少", "answered", ["一（一）"]),
        ("购房补几成", "answered", ["二"]),
        ("有居住证的硕士优先吗", "answered", ["一（二）"]),
        ("装修补贴多少", "not_found", []),
        ("人才安居电费补贴多少", "not_found", []),
        ("养狗要居住证吗", "out_of_scope", []),
    ],
)
def test_without_rules_a_clause_answers_by_its_words_where_it_stands_or_none_does(
    text: str, status: str, clauses: list[str]
) -> None:
    finding = on_the_text_alone(text)

    assert (finding.status, sorted({clause.label for clause, _, _ in finding.passages})) == (status, clauses)


def test_what_the_matched_supports_still_depend_on_is_asked_first() -> None:
    asked = [need.fact for need in found("我们是专精特新企业，能拿多少补贴").needs]
    assert asked[:2] == ["national_media_ad", "provincial_media_ad"]
    assert len(asked) == len(set(asked))
