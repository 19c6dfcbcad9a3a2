"""Each metric moves when the answer is wrong, and only then; figures are read apart from the product."""

from __future__ import annotations

import ast
import copy
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import policy_qa.evaluation as evaluation
from policy_qa.errors import CorpusError, StoreError, UsageError
from policy_qa.evaluation import (
    BARS,
    KINDS,
    TITLES,
    Perturbation,
    Question,
    figures,
    load_questions,
    load_split,
    perturbation_questions,
    run,
    run_suites,
    score,
    score_perturbations,
    unsupported_figures,
)
from policy_qa.scores import Metric, Miss, Report, passed, render, to_json, wilson

EVAL = Path(__file__).resolve().parents[1] / "eval"
CLAUSE = "对新认定的市级工业精品，每个给予一次性奖补 10万元，单个企业奖补总额不超过 20万元。"
QUOTE = "每个给予一次性奖补 10万元，单个企业奖补总额不超过 20万元"
NOTICE = "以上依据征求意见稿，以正式文件为准。"
QUESTION = Question(
    id="dev-001",
    question="我们有3个新认定的市级工业精品，能拿多少",
    style="colloquial",
    kind="amount",
    status=("answered",),
    clauses=("三（一）4",),
    total=Decimal(200000),
    bound="exact",
    reverse=Decimal(2),
    departments=("市经信局", "市财政局"),
    note="",
)
REFUSED = replace(
    QUESTION,
    id="dev-002",
    question="瞪羚企业认定奖多少",
    kind="near_miss",
    status=("not_found",),
    clauses=(),
    total=None,
    bound=None,
    reverse=None,
    departments=(),
)

Object = dict[str, Any]


def right_answer() -> Object:
    """The answer that passes every check of ``QUESTION``."""
    start = CLAUSE.index(QUOTE)
    sentences: list[Object] = [
        {
            "text": "新认定的市级工业精品，每个奖补10万元，总额不超过20万元。",
            "citations": [0],
            "proof": "quote",
        },
        {
            "text": "按您的情况可得20万元：3个 × 10万元 = 30万元，超过上限。",
            "citations": [0],
            "proof": "calculation",
        },
        {"text": "请联系市经信局、市财政局。", "citations": [0], "proof": "quote"},
        {"text": NOTICE, "citations": [], "proof": "template"},
    ]
    return {
        "question": QUESTION.question,
        "as_of": "2026-03-05",
        "status": "answered",
        "answer": "\n".join(
            sentence["text"].removesuffix("。") + ("〔三（一）4〕。" if sentence["citations"] else "。")
            for sentence in sentences
        ),
        "sentences": sentences,
        "citations": [
            {
                "policy": "p",
                "clause": "三（一）4",
                "quote": QUOTE,
                "start": start,
                "end": start + len(QUOTE),
                "departments": ["市经信局", "市财政局"],
            }
        ],
        "calculation": {
            "total": "200000",
            "bound": "exact",
            "items": [
                {
                    "clause": "三（一）4",
                    "quote": QUOTE,
                    "amount": "200000",
                    "formula": "3个 × 10万元 = 30万元，超过上限，按上限20万元",
                }
            ],
        },
        "reverse": {"fact": "municipal_industrial_products", "value": "2", "unit": "个"},
        "retrieved": [
            {"policy": "p", "clause": label}
            for label in ("三（一）4", "三（一）2", "三（一）3", "三（四）12", "三（五）13")
        ],
    }


def refusal() -> Object:
    return {
        "question": REFUSED.question,
        "as_of": "2026-03-05",
        "status": "not_found",
        "answer": "本文件没有关于瞪羚企业的条款。",
        "sentences": [{"text": "本文件没有关于瞪羚企业的条款。", "citations": [], "proof": "template"}],
        "citations": [],
        "calculation": None,
        "reverse": None,
        "retrieved": [],
    }


def clause_text(policy: str, label: str) -> str | None:
    return CLAUSE if (policy, label) == ("p", "三（一）4") else None


def report_on(answer: Object, second: Object | None = None) -> Report:
    return score([QUESTION, REFUSED], [answer, second or refusal()], clause_text)


def changed(path: tuple[str | int, ...], value: object) -> Object:
    """The right answer with the one value at ``path`` replaced."""
    answer = right_answer()
    *parents, last = path
    place: Any = answer
    for step in parents:
        place = place[step]
    place[last] = value
    return answer


def failing(report: Report) -> set[str]:
    lower = {"unsupported_figures", "false_refusals"}
    return {
        metric.name
        for metric in report.metrics
        if metric.count and metric.value != (0.0 if metric.name in lower else 1.0)
    }


def one_sentence(text: str, quote: str = "", question: str = "", **fields: object) -> Object:
    """An answer of one sentence that cites one quote."""
    answer: Object = {
        "question": question,
        "as_of": "2026-03-05",
        "answer": text,
        "sentences": [{"text": text, "citations": [0] if quote else [], "proof": "quote"}],
        "citations": [{"policy": "p", "clause": "三（一）4", "quote": quote}] if quote else [],
    }
    return answer | fields


def unsupported(answer: Mapping[str, object]) -> list[str]:
    return [figure for _, bad in unsupported_figures(answer) for figure in bad]


def read(text: str) -> list[tuple[Decimal | None, str]]:
    return [(figure.value, figure.unit) for figure in figures(text)]


# ── metrics ─────────────────────────────────────────────────────────────────────────────────────


def test_a_right_answer_fails_no_check_and_every_metric_asked_is_perfect() -> None:
    report = report_on(right_answer())

    assert failing(report) == set()
    assert report.misses == ()
    assert {metric.name for metric in report.metrics if metric.count == 0} == {"beyond_refused"}


@pytest.mark.parametrize(
    ("path", "value", "metrics"),
    [
        (("status",), "not_specified", {"status"}),
        (("status",), "error", {"status"}),
        (("status",), "not_found", {"status", "false_refusals", "clean_refusals"}),
        (("retrieved", 0, "clause"), "三（一）1", {"hit@1", "hit@3", "mrr"}),
        (("retrieved",), [{"clause": "三（一）1"}, {"clause": "三（一）4"}], {"hit@1", "mrr"}),
        (("calculation", "total"), "150000", {"total", "amounts"}),
        (("calculation", "total"), None, {"total", "amounts"}),
        (("calculation", "total"), 200000.0, {"total", "amounts"}),
        (("calculation", "total"), "2E+5", {"total", "amounts"}),
        (("calculation", "total"), "200000.00", {"total", "amounts"}),
        (("calculation", "bound"), "max", {"bound", "amounts"}),
        (("reverse", "value"), "3", {"reverse"}),
        (("reverse",), None, {"reverse"}),
        (("citations", 0, "quote"), QUOTE.replace("20", "25"), {"verbatim_quotes", "unsupported_figures"}),
        (("citations", 0, "quote"), CLAUSE[1 : len(QUOTE) + 1], {"verbatim_quotes", "unsupported_figures"}),
        (("citations", 0, "clause"), "三（一）3", {"verbatim_quotes"}),
        (("citations", 0, "start"), 0, {"verbatim_quotes"}),
        (("sentences", 2, "citations"), [], {"cited_sentences"}),
        (("sentences", 2, "citations"), [7], {"cited_sentences"}),
        (("sentences", 0, "text"), "每个奖补15万元。", {"unsupported_figures"}),
    ],
)
def test_a_wrong_value_moves_exactly_the_metrics_that_watch_it(
    path: tuple[str | int, ...], value: object, metrics: set[str]
) -> None:
    assert failing(report_on(changed(path, value))) == metrics


def test_a_missing_calculation_is_no_unknown_total() -> None:
    unknown = replace(QUESTION, total=None, bound="unknown", reverse=None)
    answer = right_answer() | {"calculation": {"total": None, "bound": "unknown", "items": []}}

    assert score([unknown], [answer]).metric("amounts").hits == 1
    without = score([unknown], [answer | {"calculation": None}])
    assert [without.metric(name).hits for name in ("total", "bound", "amounts")] == [0, 0, 0]


@pytest.mark.parametrize("check", [clause_text, None])
def test_an_empty_quote_proves_nothing(check: evaluation.ClauseText | None) -> None:
    answer = right_answer()
    answer["citations"][0] |= {"quote": "", "start": 0, "end": 0}

    assert score([QUESTION], [answer], check).metric("verbatim_quotes").hits == 0


def test_a_department_must_be_named_in_the_answer_itself() -> None:
    answer = right_answer()
    answer["answer"] = answer["answer"].replace("、市财政局", "")

    report = report_on(answer)

    assert failing(report) == {"departments"}
    assert report.misses == (
        Miss("dev-001", QUESTION.question, "departments", "市经信局、市财政局", "缺市财政局"),
    )


@pytest.mark.parametrize("ending", ["", "祝您顺利。", "以上依据正式文件。"])
def test_an_answer_with_citations_must_end_with_the_draft_notice(ending: str) -> None:
    answer = right_answer()
    answer["answer"] = "依据征求意见稿。\n" + answer["answer"].removesuffix(NOTICE) + ending

    assert failing(report_on(answer)) == {"draft_notice"}


def test_a_near_miss_that_is_answered_counts_as_not_refused() -> None:
    answered = refusal() | {"status": "answered"}

    report = report_on(right_answer(), answered)

    assert failing(report) == {"status", "near_misses_refused"}
    assert report.metric("near_misses_refused") == Metric("near_misses_refused", 0.0, 0, 1, *wilson(0, 1))


def test_what_lies_beyond_is_counted_apart_from_near_misses() -> None:
    beyond = replace(REFUSED, kind="beyond", status=("out_of_scope",))

    report = score([beyond], [refusal()])

    assert report.metric("beyond_refused").hits == 0
    assert math.isnan(report.metric("near_misses_refused").value)


@pytest.mark.parametrize("leak", ["citations", "calculation"])
def test_a_refusal_that_still_cites_or_grants_is_not_clean(leak: str) -> None:
    assert failing(report_on(right_answer(), refusal() | {leak: right_answer()[leak]})) >= {"clean_refusals"}


def test_a_refusal_is_false_only_where_no_refusal_is_acceptable() -> None:
    either = replace(QUESTION, status=("answered", "not_found"))

    report = score([either], [right_answer() | {"status": "not_found"}])

    assert report.metric("false_refusals").count == 0
    assert report.metric("status").hits == 1


def test_the_mean_reciprocal_rank_is_that_of_the_first_right_clause() -> None:
    second = changed(("retrieved",), [{"clause": "序言"}, {"clause": "三（一）4"}, {"clause": "三（一）4"}])
    nowhere = changed(("retrieved",), [{"clause": "序言"}])

    metric = score([QUESTION] * 3, [right_answer(), second, nowhere]).metric("mrr")

    assert metric == Metric("mrr", 0.5, 2, 3, *wilson(1.5, 3))


def test_a_metric_without_cases_is_undefined_and_never_zero() -> None:
    report = score([REFUSED], [refusal()])
    metric = report.metric("hit@1")

    assert (metric.hits, metric.count) == (0, 0)
    assert all(math.isnan(value) for value in (metric.value, metric.low, metric.high))
    assert math.isnan(report.metric("mrr").value)


def test_an_undefined_metric_reaches_no_bar() -> None:
    test = replace(REFUSED, id="test-001")

    assert not any(bar.met(math.nan) or bar.kept(math.nan) for bar in BARS)
    assert not passed(score([test], [refusal()]))


def test_the_bars_are_those_of_the_issue() -> None:
    assert {bar.metric: (bar.relation, bar.limit) for bar in BARS} == {
        "hit@1": ("≥", 0.95),
        "hit@3": ("≥", 0.98),
        "amounts": ("≥", 1.0),
        "unsupported_figures": ("≤", 0.0),
        "near_misses_refused": ("≥", 0.93),
        "false_refusals": ("≤", 0.03),
    }


def test_no_floor_asks_more_than_its_bar() -> None:
    assert all(bar.kept(bar.limit) for bar in BARS)


def test_one_unsupported_figure_fails_its_bar() -> None:
    questions = [replace(QUESTION, id="test-001"), replace(REFUSED, id="test-002")]
    false = changed(("sentences", 0, "text"), "每个奖补15万元。")

    assert passed(score(questions, [right_answer(), refusal()]))
    assert not passed(score(questions, [false, refusal()]))


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    [(9, 10, 0.5958, 0.9821), (0, 20, 0.0, 0.1611), (20, 20, 0.8389, 1.0), (50, 100, 0.4038, 0.5962)],
)
def test_the_interval_is_wilsons(hits: int, count: int, low: float, high: float) -> None:
    assert wilson(hits, count) == pytest.approx((low, high), abs=5e-5)


def test_style_and_kind_count_the_questions_without_any_miss() -> None:
    report = report_on(changed(("calculation", "bound"), "max"))

    counts = {
        metric.name: (metric.hits, metric.count)
        for breakdown in report.breakdowns
        for metric in breakdown.metrics
    }
    assert {name: pair for name, pair in counts.items() if pair != (0, 0)} == {
        "colloquial": (1, 2),
        "amount": (0, 1),
        "near_miss": (1, 1),
    }


def test_an_answer_object_without_fields_is_a_miss_and_no_crash() -> None:
    report = score([QUESTION], [{}])

    asked = {"hit@1", "hit@3", "mrr", "status", "total", "bound", "amounts", "reverse", "departments"}
    assert failing(report) == asked


def test_answers_and_questions_must_pair() -> None:
    with pytest.raises(UsageError, match="2 道题有 1 个答案"):
        score([QUESTION, REFUSED], [right_answer()])
    with pytest.raises(UsageError, match="没有评测题"):
        score([], [])
    with pytest.raises(UsageError, match="不属于同一组"):
        score([QUESTION, replace(REFUSED, id="test-001")], [right_answer(), refusal()])


# ── unsupported figures ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("每个奖补15万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补15万。", "每个给予一次性奖补 10万元"),
        ("每个奖补0万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补１５万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补1\u200b5万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补10元。", "每个给予一次性奖补 10万元"),
        ("每个奖补10%。", "每个给予一次性奖补 10万元"),
        ("每个奖补10多万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补100,000元、200,000元。", "每个给予一次性奖补 10万元"),
        ("最高奖补五十万。", "最高不超过 20万元"),
        ("最高奖补五十万元。", "最高不超过 20万元"),
        ("最高奖补伍拾万元。", "最高不超过 20万元"),
        ("最高奖补两万五。", "最高不超过 2万元"),
        ("最高奖补二三十万元。", "最高不超过 20万元"),
        ("最高奖补二三十万元。", "最高不超过 30万元"),
        ("共5项支持。", "最高不超过 20万元"),
        ("三、奖补三1至17万元。", "奖补 1万元、三 1"),
        ("给予10 %的补助。", "给予20%的补助"),
        ("给予百分之十的补助。", "给予20%的补助"),
        ("给予三成补助。", "给予20%的补助"),
        ("给予一半的补助。", "给予20%的补助"),
        ("给予10‰的补助。", "给予10%的补助"),
        ("最多资助3个国家。", "最多资助 2 个国家"),
        ("最多资助三个国家。", "最多资助 2 个国家"),
        ("到2023年。", "到 2022年"),
        ("争创1-3户。", "争创 1-2户"),
        ("每户奖补50万元〔15万元〕。", "每户给予 50 万元"),
    ],
)
def test_a_figure_its_quote_does_not_hold_is_unsupported(sentence: str, quote: str) -> None:
    assert len(unsupported(one_sentence(sentence, quote))) == 1


@pytest.mark.parametrize(
    ("sentence", "quote"),
    [
        ("每个奖补10万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补１０ 万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补十万元。", "每个给予一次性奖补 10万元"),
        ("每个奖补100,000元。", "每个给予一次性奖补 10万元"),
        ("每个奖补100000元，即10万。", "每个给予一次性奖补 10万元"),
        ("给予百分之十（一成）的补助。", "给予 10％的补助"),
        ("最多资助两个国家。", "最多资助 2\n个国家"),
        ("到2022年争创1-2户。", "到 2022年，争创国家专精特新“小巨人”企业 1-2户"),
        ("分别奖补50万元、30万元、10万元〔三（一）4〕。", "分别给予一次性奖补 50万元、30万元、10万元"),
        ("提供信贷融资15亿元。", "力争每年为 90家省级专精特新企业提供信贷融资 15亿元"),
        ("详见第13条和三（五）13，共1处。", "对展位费、运输费等给予补助"),
        ("依据皖政办〔2020〕4号，截至2026年3月5日（2026-03-05）。", "结合我市实际"),
        ("给予一次性奖补，“一企一策”，一定优惠。", "对租金给予一定优惠"),
        ("原文：「13.助力企业开拓市场。」", "13.助力企业开拓市场。"),
        ("没有这一条，现有的是：序言、一（一）至一（二）、三 1至17。", "结合我市实际"),
    ],
)
def test_a_figure_its_quote_holds_passes_in_any_spelling(sentence: str, quote: str) -> None:
    assert unsupported(one_sentence(sentence, quote)) == []


def test_another_sentences_quote_proves_nothing() -> None:
    answer = right_answer()
    answer["citations"].append({"policy": "p", "clause": "三（一）2", "quote": "给予一次性奖补 50万元"})
    answer["sentences"][0]["text"] = "每个奖补50万元。"

    assert "50万元" in unsupported(answer)


def test_the_calculation_proves_only_sentences_that_name_it_as_their_proof() -> None:
    answer = right_answer()
    assert unsupported(answer) == []

    answer["sentences"][1]["proof"] = "quote"
    assert unsupported(answer) == ["3个", "30万元"]


def test_a_computed_sum_passes_in_any_unit_and_another_does_not() -> None:
    calculation = {"total": "345678.9", "bound": "exact", "items": []}

    def said(text: str) -> list[str]:
        sentence = {"text": text, "citations": [], "proof": "calculation"}
        return unsupported({"answer": text, "sentences": [sentence], "calculation": calculation})

    assert said("合计34.56789万元，即345,678.9元。") == []
    assert said("合计34.56798万元。") == ["34.56798万元"]


def test_a_reverse_value_is_a_recorded_calculation() -> None:
    text = "至少要付166.666667万元。"
    answer: Object = {"answer": text, "sentences": [{"text": text, "citations": [], "proof": "calculation"}]}

    assert unsupported(answer | {"reverse": {"value": "1666666.67", "unit": "元"}}) == []
    assert unsupported(answer | {"reverse": {"value": "1666666.68", "unit": "元"}}) == ["166.666667万元"]


@pytest.mark.parametrize(
    ("question", "sentence", "left"),
    [
        ("听说每个奖15万", "您说的15万元与条文不符，条文是10万元。", []),
        ("听说每个奖15万", "您问能拿15万元，条文是10万元。", []),
        ("听说每个奖15万", "有人说是15万元，条文是10万元。", ["15万元"]),
        ("听说每个奖15万", "您说的16万元与条文不符，条文是10万元。", ["16万元"]),
        ("听说每个奖15万", "您可以拿15万元。", ["15万元"]),
        ("we paid 3.2 million yuan", "您说实际支付了320万元。", []),
        ("we hold three granted patents", "您说有3件专利。", []),
        ("we hold 3 granted patents", "您说有3件专利，补助3元、3%。", ["3元", "3%"]),
        ("花了300w", "您说花了300万元。", []),
        ("90家企业一年放15个亿贷款", "您说的90家、15亿元是目标。", []),
        ("有一件专利", "您说有1件专利。", []),
    ],
)
def test_a_users_figure_passes_only_as_the_users_own_and_never_as_an_award(
    question: str, sentence: str, left: list[str]
) -> None:
    assert unsupported(one_sentence(sentence, "每个给予一次性奖补 10万元", question)) == left


def test_a_figure_shown_outside_every_sentence_has_nothing_to_stand_on() -> None:
    answer = right_answer()
    answer["answer"] += "\n温馨提示：最高可得20万元。"

    assert unsupported(answer) == ["20万元"]


def test_every_unsupported_sentence_is_counted_of_all_sentences() -> None:
    answer = changed(("sentences", 0, "text"), "每个奖补15万元。")
    answer["answer"] = "".join(sentence["text"] for sentence in answer["sentences"])

    metric = score([QUESTION], [answer]).metric("unsupported_figures")

    assert metric == Metric("unsupported_figures", 0.25, 1, 4, *wilson(1, 4))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12，100户", [("12", ""), ("100", "户")]),
        ("3,456,789元", [("3456789", "元")]),
        ("2020 100户", [("2020", ""), ("100", "户")]),
        ("1.5亿", [("150000000", "元")]),
        ("一点五亿元", [("150000000", "元")]),
        ("一千二百五十万元", [("12500000", "元")]),
        ("五百万零三千元", [("5003000", "元")]),
        ("两万五", [("25000", "元")]),
        ("两万零五", [("20005", "元")]),
        ("二〇二二年", [("2022", "年")]),
        ("百分之三点五", [("3.5", "%")]),
        ("2‰", [("0.2", "%")]),
        ("2.5万户", [("25000", "户")]),
        ("1. 奖10万元\n2. 奖5万元", [("100000", "元"), ("50000", "元")]),
        ("①10万元", [("100000", "元")]),
        ("三（一）20万元", [("200000", "元")]),
        ("编号为第1条至第17条，没有第三十八条", []),
        ("单位：万元；万一不符；万名税干进万企；三条路径；三（一）2", []),
    ],
)
def test_figures_are_read_whole_with_their_unit(text: str, expected: list[tuple[str, str]]) -> None:
    assert read(text) == [(Decimal(value), unit) for value, unit in expected]


CHINESE = "零一二三四五六七八九"


def spelled(number: int) -> str:
    """A whole number below 10000 as it is read aloud."""
    text, gap = "", False
    for scale, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit = number // scale % 10
        if digit:
            text += ("零" if gap and text else "") + CHINESE[digit] + name
        gap = digit == 0
    return text


@given(st.integers(10, 9999))
def test_numbers_in_words_and_in_digits_are_the_same_figure(number: int) -> None:
    expected = [(Decimal(number * 10000), "元")]

    assert read(f"奖补{spelled(number)}万元") == expected
    assert read(f"奖补{number}万元") == expected


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_one_sum_never_bears_another(said: int, quoted: int) -> None:
    answer = one_sentence(f"奖补{said}元。", f"给予{quoted}元")

    assert (unsupported(answer) == []) == (said == quoted)


def test_the_reader_shares_no_code_with_what_it_watches() -> None:
    tree = ast.parse(Path(evaluation.__file__).read_text(encoding="utf-8"))
    imported = {
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("policy_qa")
    } | {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}

    assert {name for name in imported if name and name.startswith("policy_qa")} == {
        "policy_qa.domain",
        "policy_qa.errors",
        "policy_qa.scores",
        "policy_qa.strict_yaml",
    }


# ── loading and asking ──────────────────────────────────────────────────────────────────────────

LINE: Object = {
    "id": "dev-001",
    "question": "小巨人奖多少",
    "style": "colloquial",
    "kind": "rule",
    "status": ["answered"],
    "clauses": ["三（一）2"],
    "total": "500000",
    "bound": "exact",
    "reverse": None,
    "departments": [],
    "note": "",
}


def written(folder: Path, *lines: object) -> Path:
    path = folder / "questions.dev.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line, ensure_ascii=False) for line in lines]
    path.write_text("\n".join(texts) + "\n", encoding="utf-8")
    return path


def test_a_question_is_read_with_its_amounts_as_decimals(tmp_path: Path) -> None:
    expected = Question(
        id="dev-001",
        question="小巨人奖多少",
        style="colloquial",
        kind="rule",
        status=("answered",),
        clauses=("三（一）2",),
        total=Decimal(500000),
        bound="exact",
        reverse=None,
        departments=(),
        note="",
    )

    assert load_questions(written(tmp_path, LINE)) == (expected,)
    assert load_split(tmp_path, "dev") == (expected,)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "不是一个 JSON 对象"),
        ("[1]", "不是一个 JSON 对象"),
        ('{"id": "dev-001", "id": "dev-002"}', "有键写了两次"),
        (LINE | {"hint": ""}, "键“hint”没有定义"),
        ({key: value for key, value in LINE.items() if key != "note"}, "键“note”缺失"),
        (LINE | {"style": "slang"}, "“style”只能是"),
        (LINE | {"kind": "other"}, "“kind”只能是"),
        (LINE | {"bound": "about"}, "“bound”只能是"),
        (LINE | {"status": []}, "“status”不是状态的列表"),
        (LINE | {"status": ["fine"]}, "“status”不是状态的列表"),
        (LINE | {"clauses": "三（一）2"}, "“clauses”不是文字的列表"),
        (LINE | {"total": 500000}, "“total”不是写成文字的数"),
        (LINE | {"total": "5e5"}, "“total”不是写成文字的数"),
        (LINE | {"bound": None}, "有“total”而没有“bound”"),
        (LINE | {"question": 1}, "“question”不是文字"),
        (LINE | {"id": "x-1"}, "不以 dev、hard、test 开头"),
        (LINE, "编号“dev-001”用了两次"),
    ],
)
def test_a_malformed_question_is_refused_with_its_line_and_reason(
    tmp_path: Path, line: object, reason: str
) -> None:
    with pytest.raises(CorpusError) as caught:
        load_questions(written(tmp_path, LINE, line))

    assert str(caught.value).startswith("评测题“questions.dev.jsonl”第 2 行不对：")
    assert reason in str(caught.value)


def test_a_missing_file_and_an_unknown_split_are_said(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="读不了评测题“questions"):
        load_split(tmp_path, "dev")
    with pytest.raises(UsageError, match="没有“train”这一组评测题"):
        load_split(tmp_path, "train")


def test_the_shipped_questions_load_and_keep_the_shares_the_issue_asks_for() -> None:
    for split in ("dev", "test"):
        questions = load_split(EVAL, split)
        count = len(questions)
        near = sum(question.kind == "near_miss" for question in questions)
        beyond = sum(question.kind == "beyond" for question in questions)
        assert count >= 150
        assert (near + beyond) / count >= 0.2
        assert near >= beyond
        assert sum(question.bound is not None for question in questions) / count >= 0.25


def test_the_question_is_asked_as_written_and_a_known_failure_becomes_an_error_answer() -> None:
    told: list[tuple[int, int]] = []

    def ask(question: str) -> Mapping[str, object]:
        if question == REFUSED.question:
            raise StoreError("索引坏了，请重建。")
        return right_answer()

    answers = run(ask, [QUESTION, REFUSED], lambda done, count: told.append((done, count)))

    assert answers == [
        right_answer(),
        {"question": REFUSED.question, "status": "error", "answer": "索引坏了，请重建。"},
    ]
    assert told == [(1, 2), (2, 2)]
    assert failing(score([QUESTION, REFUSED], answers)) == {"status", "near_misses_refused"}


def test_an_unknown_failure_ends_the_run() -> None:
    def ask(question: str) -> Mapping[str, object]:
        raise ZeroDivisionError(question)

    with pytest.raises(ZeroDivisionError):
        run(ask, [QUESTION])


# ── perturbations ───────────────────────────────────────────────────────────────────────────────

PERTURBATIONS = """\
frames: ["{thing}奖多少", "听说{thing}有补贴", "请问{thing}怎么报"]
things: [瞪羚企业, 屋顶光伏]
held: [{thing: 小巨人, clause: 三（一）2}]
"""


def perturbations(folder: Path, text: str = PERTURBATIONS) -> Path:
    path = folder / "perturbations.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_thing_and_control_meets_two_frames_always_the_same(tmp_path: Path) -> None:
    path = perturbations(tmp_path)

    assert perturbation_questions(path) == perturbation_questions(path)
    assert perturbation_questions(path) == (
        Perturbation("thing-001-1", "瞪羚企业奖多少", None),
        Perturbation("thing-001-2", "听说瞪羚企业有补贴", None),
        Perturbation("thing-002-1", "听说屋顶光伏有补贴", None),
        Perturbation("thing-002-2", "请问屋顶光伏怎么报", None),
        Perturbation("held-003-1", "请问小巨人怎么报", "三（一）2"),
        Perturbation("held-003-2", "小巨人奖多少", "三（一）2"),
    )


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("things:", "topics:", "最外层须恰有 frames、things、held 三个键"),
        ("听说{thing}", "听说", "frames 须是至少两个不同的句子"),
        ("听说{thing}有补贴", "{thing}奖多少", "frames 须是至少两个不同的句子"),
        ("[瞪羚企业, 屋顶光伏]", "[1]", "things 须是文字的列表"),
        ("clause:", "label:", "held 的每一项须恰有 thing、clause 两个键"),
    ],
)
def test_a_malformed_perturbation_file_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        perturbation_questions(perturbations(tmp_path, PERTURBATIONS.replace(old, new)))


def test_the_shipped_perturbations_use_every_frame_and_repeat_no_question() -> None:
    questions = perturbation_questions(EVAL / "perturbations.yaml")

    assert len({question.question for question in questions}) == len(questions)
    assert len(questions) % 2 == 0
    assert any(question.clause for question in questions)


def test_perturbed_things_must_be_refused_and_held_controls_answered(tmp_path: Path) -> None:
    questions = perturbation_questions(perturbations(tmp_path))
    held = right_answer() | {"retrieved": [{"clause": "三（一）2"}]}

    def scores(answers: list[Object]) -> dict[str, tuple[int, int]]:
        report = score_perturbations(questions, answers)
        return {metric.name: (metric.hits, metric.count) for metric in report.metrics}

    perfect = [refusal()] * 4 + [held] * 2
    assert scores(perfect) == {
        "things_refused": (4, 4),
        "held_answered": (2, 2),
        "held_hit@1": (2, 2),
        "clean_refusals": (4, 4),
        "unsupported_figures": (0, 12),
    }
    wrong = [held, *[refusal()] * 4, {"status": "error"}]
    assert scores(wrong) == {
        "things_refused": (3, 4),
        "held_answered": (0, 2),
        "held_hit@1": (0, 2),
        "clean_refusals": (4, 4),
        "unsupported_figures": (0, 8),
    }


def evaluation_folder(folder: Path) -> Path:
    perturbations(folder)
    for split in ("test", "hard"):
        written(folder, LINE | {"id": f"{split}-001"}).rename(folder / f"questions.{split}.jsonl")
    written(folder, LINE)
    return folder


def test_the_suites_run_together_or_alone(tmp_path: Path) -> None:
    folder = evaluation_folder(tmp_path)

    def splits(suite: str) -> list[str]:
        return [report.split for report in run_suites(folder, suite, lambda _: refusal()).reports]

    assert splits("all") == ["dev", "hard", "test", "perturbations"]
    assert [splits(suite) for suite in evaluation.SUITES] == [[suite] for suite in evaluation.SUITES]
    with pytest.raises(UsageError, match="没有“train”这一组评测"):
        run_suites(folder, "train", lambda _: refusal())


def test_only_the_test_split_decides_whether_a_run_passed(tmp_path: Path) -> None:
    folder = evaluation_folder(tmp_path)
    outcomes = {
        suite: run_suites(folder, suite, lambda _: refusal())
        for suite in ("dev", "test", "perturbations", "all")
    }

    assert {suite: outcome.passed for suite, outcome in outcomes.items()} == {
        "dev": True,
        "test": False,
        "perturbations": True,
        "all": False,
    }
    assert outcomes["all"].to_json() == {
        "passed": False,
        "suites": [to_json(report) for report in outcomes["all"].reports],
    }
    assert all(render(report) in outcomes["all"].render() for report in outcomes["all"].reports)


# ── showing ─────────────────────────────────────────────────────────────────────────────────────


def test_misses_are_named_for_development_with_what_was_got_and_expected() -> None:
    report = report_on(changed(("calculation", "bound"), "max"))

    assert report.misses == (
        Miss("dev-001", QUESTION.question, "bound", "exact", "max"),
        Miss("dev-001", QUESTION.question, "amounts", "200000 exact", "200000 max"),
    )
    assert (
        "dev-001 界限正确：应为 exact，得到 max ← 我们有3个新认定的市级工业精品，能拿多少"
        in render(report).splitlines()
    )


def test_misses_of_the_test_split_are_neither_kept_nor_shown() -> None:
    question = replace(QUESTION, id="test-001")
    report = score([question], [changed(("calculation", "bound"), "max")])
    smuggled = replace(report, misses=(Miss("test-001", question.question, "bound", "exact", "max"),))

    assert report.misses == ()
    assert question.question not in render(smuggled)
    assert to_json(smuggled)["misses"] == []


def test_bars_are_marked_on_the_test_split_only() -> None:
    wrong = changed(("retrieved", 0, "clause"), "序言")
    shown = {
        split: render(score([replace(QUESTION, id=f"{split}-001")], [wrong])) for split in ("dev", "test")
    }

    lines = {line.split()[0]: line.split()[-2:] for line in shown["test"].splitlines() if "≥" in line}
    assert lines == {
        "条款首位命中": ["95%", "未达到"],
        "条款前三命中": ["98%", "未达到"],
        "总额与界限都正确": ["100%", "达到"],
        "近似而无的支持被拒答": ["93%", "未达到"],
    }
    assert "达到" not in shown["dev"]


def test_the_table_shows_value_count_and_interval_and_says_what_was_not_asked() -> None:
    lines = [line.split() for line in render(score([QUESTION], [right_answer()])).splitlines()]

    assert ["条款首位命中", "100.0%", "1/1", "20.7%–100.0%"] in lines
    assert ["条款平均倒数名次", "1.000", "1/1", "20.7%–100.0%"] in lines
    assert ["近似而无的支持被拒答", "无此类题", "0/0"] in lines


def test_every_metric_of_every_report_has_a_title() -> None:
    reports = (report_on(right_answer()), score_perturbations([Perturbation("x", "y", None)], [refusal()]))

    assert {metric.name for report in reports for metric in report.metrics} == set(TITLES)


def test_the_json_form_is_strict_json_with_null_where_undefined() -> None:
    report = score([replace(QUESTION, id="test-001")], [right_answer()])
    shape = json.loads(json.dumps(to_json(report), allow_nan=False))

    low, high = wilson(1, 1)
    assert shape["metrics"]["hit@1"] == {
        "value": 1.0,
        "hits": 1,
        "count": 1,
        "low": low,
        "high": high,
        "bar": "≥ 0.95",
        "passed": True,
    }
    assert shape["metrics"]["beyond_refused"] == {
        "value": None,
        "hits": 0,
        "count": 0,
        "low": None,
        "high": None,
    }
    assert (shape["split"], set(shape["by_kind"])) == ("test", set(KINDS))


def test_scoring_leaves_the_answers_as_they_were() -> None:
    answer = right_answer()
    before = copy.deepcopy(answer)

    report_on(answer)

    assert answer == before
