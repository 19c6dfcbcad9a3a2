"""Promises about drafted rules: verbatim, complete, and honest about what is not certain."""

from __future__ import annotations

import datetime

import pytest

from policy_qa.cases import CaseFile, run_cases
from policy_qa.clauses import split
from policy_qa.domain import Policy
from policy_qa.drafting import draft_rules, worked_cases
from policy_qa.drafts import Draft
from policy_qa.publishing.reviewing import refusal
from policy_qa.rules import Measure, NotAward, Rules
from policy_qa.segmenter import Segmenter
from policy_qa.strict_yaml import checked, write_yaml

SEGMENTER = Segmenter(())
DAY = datetime.date(2026, 1, 1)


def policy(*items: str) -> Policy:
    printed = "\n".join(f"{number}.{item}" for number, item in enumerate(items, start=1))
    text = f"关于支持企业的措施\n\n为支持企业，提出如下措施。\n\n一、支持内容\n\n{printed}\n"
    found = split("test-city", text)
    assert found.certificate.failures == ()
    return Policy(
        "test-city",
        "关于支持企业的措施",
        "正式",
        None,
        DAY,
        None,
        None,
        (),
        "",
        found.clauses,
        found.certificate,
    )


def drafts(*items: str) -> tuple[Draft, ...]:
    return draft_rules(policy(*items), SEGMENTER)


def benefit(item: str) -> object:
    (draft,) = drafts(item)
    return draft.measure and draft.measure["benefit"]


def test_a_printed_sum_is_drafted_whole() -> None:
    text = "支持技术中心。对新认定的市级企业技术中心，给予一次性奖励20万元。"
    assert drafts(text) == (
        Draft(
            id="draft-1",
            clause="一1",
            quote="新认定的市级企业技术中心，给予一次性奖励20万元",
            kind="fixed",
            measure={
                "id": "test-city-1",
                "title": "企业技术中心奖补",
                "clause": "一1",
                "quote": "新认定的市级企业技术中心，给予一次性奖励20万元",
                "names": [["技术", "中心"]],
                "level": "市级",
                "once": "一次性",
                "conditions": [{"fact": "test_city_1_met", "text": "新认定的市级企业技术中心"}],
                "benefit": {"kind": "fixed", "amount": "20万元"},
            },
            facts={
                "test_city_1_met": {"type": "bool", "ask": "是不是符合“新认定的市级企业技术中心”？"},
            },
            doubts=("条件和名称是照“给谁”拟的，请对照整条看是否齐全。",),
        ),
    )


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ("对获评的企业给予最高50万元奖励。", {"kind": "bound", "cap": "50万元"}),
        (
            "对购买设备的企业，按设备投资额的10%给予补助，最高100万元。",
            {
                "kind": "rate",
                "fact": "test_city_1_base",
                "rate": "10%",
                "base": "设备投资额",
                "cap": "100万元",
            },
        ),
        (
            "对获得发明专利授权的企业，每件给予资助1万元。",
            {"kind": "per_unit", "fact": "test_city_1_base", "amount": "1万元", "per": "件"},
        ),
    ],
)
def test_each_computable_kind_is_drafted_as_its_benefit(item: str, expected: object) -> None:
    assert benefit(item) == expected


@pytest.mark.parametrize(
    "item",
    [
        "对引进的博士，每人每月发放生活补贴2000元。",
        "对保险机构给予不超过50%的保费补贴。",
        "对重点项目给予10万元至50万元的奖励。",
        "对获得省级立项的项目，按1:1给予配套。",
    ],
)
def test_what_no_rule_can_express_stays_a_quote_with_its_reason(item: str) -> None:
    for draft in drafts(item):
        assert (draft.measure, draft.not_award, draft.facts) == (None, None, {})
        assert draft.doubts
        assert draft.doubts[0].endswith("先只引用原文；能写成规则时请用 --edit 写出来再接受。")


def test_money_that_is_no_award_is_proposed_as_such_with_its_reason() -> None:
    (draft,) = drafts("设立总规模10亿元的产业基金。")
    assert draft.measure is None
    assert draft.not_award == NotAward(clause="一1", text=draft.quote, reason="基金或资金规模")


def test_ids_count_through_the_policy_and_begin_with_its_id() -> None:
    found = drafts("对甲类企业给予奖励10万元。", "对乙类企业给予奖励20万元。")
    assert [(draft.id, draft.measure and draft.measure["id"]) for draft in found] == [
        ("draft-1", "test-city-1"),
        ("draft-2", "test-city-2"),
    ]
    assert [list(draft.facts) for draft in found] == [["test_city_1_met"], ["test_city_2_met"]]


def test_a_draft_whose_recipient_stands_elsewhere_says_so() -> None:
    (draft,) = drafts("加大支持。给予奖励10万元。")
    assert draft.measure is not None
    assert any("请对照整条改正" in doubt for doubt in draft.doubts)


def test_support_for_people_is_not_drafted_for_the_enterprise() -> None:
    (draft,) = drafts("对引进的高层次人才，给予一次性补贴10万元。")
    assert draft.measure is not None
    assert draft.measure["payee"] == "个人"


def test_a_policy_without_money_has_no_drafts() -> None:
    assert drafts("优化服务，提高效率。") == ()


@pytest.mark.parametrize(
    "item",
    [
        "对新认定的市级企业技术中心，给予一次性奖励20万元。",
        "对获评的企业给予最高50万元奖励。",
        "对购买设备的企业，按设备投资额的10%给予补助，最高100万元。",
        "对购买设备的企业，按设备投资额的30%给予补助，最高100万元。",
        "对购买设备的企业，按设备投资额的10%给予补助。",
        "对获得发明专利授权的企业，每件给予资助1万元，最高5万元。",
        "对获得发明专利授权的企业，每件给予资助2万元，最高5万元。",
    ],
)
def test_the_worked_cases_of_a_draft_show_every_side_that_lint_wants(
    item: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (draft,) = drafts(item)
    assert refusal(draft, policy(item)) is None
    raw = {"policy": "test-city", "facts": draft.facts, "measures": [draft.measure]}
    rules = checked(raw, Rules, "rules.yaml")
    cases = worked_cases(rules.measures[0])
    path = tmp_path_factory.mktemp("cases") / "cases.yaml"
    path.write_text(write_yaml({"policy": "test-city", "cases": cases}, ""), "utf-8")
    results = run_cases(rules, "test-city", path)
    assert (results.run, results.passed, results.problems) == (len(cases), len(cases), ())


def test_a_limit_of_what_counts_is_shown_below_at_and_above() -> None:
    measure = Measure.model_validate(
        {
            "id": "abroad",
            "title": "国外发明专利资助",
            "clause": "一1",
            "quote": "国外发明专利每件资助2万元（每项最多资助2个国家）",
            "names": [["国外", "专利"]],
            "benefit": {
                "kind": "per_unit",
                "fact": "abroad",
                "amount": "2万元",
                "per": "国家",
                "limit": "2个国家",
            },
        }
    )
    assert [case["name"] for case in worked_cases(measure)] == [
        "abroad：没说数目，数额不定",
        "abroad：数目为 0，0元",
        "abroad：有一个数目，4万元",
        "abroad：少于个数限制，2万元",
        "abroad：正好到个数限制，4万元",
        "abroad：超过个数限制，4万元",
    ]
    content = {"policy": "x", "cases": worked_cases(measure)}
    assert len(checked(content, CaseFile, "cases.yaml").cases) == 6


def test_help_without_a_figure_needs_no_worked_cases() -> None:
    measure = Measure.model_validate(
        {
            "id": "service",
            "title": "服务",
            "clause": "一1",
            "quote": "优化服务",
            "names": [["服务"]],
            "benefit": {"kind": "service"},
        }
    )
    assert worked_cases(measure) == []
