"""JSON as the contract spells it: plain money, verbatim quotes, nothing a reader of UTF-8 cannot hold."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal

import pytest

from policy_qa.corpus import load_corpus
from policy_qa.domain import (
    Answer,
    Calculation,
    Citation,
    Clause,
    Hit,
    Item,
    Need,
    Reverse,
    Sentence,
)
from policy_qa.settings import load_settings
from policy_qa.wire import answer_json, clause_json, dumps, error_json, hits_json, nearest_sentence, to_json

DAY = datetime.date(2026, 1, 31)
CLAUSE = Clause(
    policy="draft",
    label="三（一）2",
    path=("三、重点任务", "（一）提升综合实力", "2.支持做大"),
    title="支持做大",
    text="2.支持做大。对新增企业奖补 10 万元；对省认定企业给予贷款贴息。（市财政局负责）",
    segments=(),
    number=2,
    line=7,
)


def test_an_answer_becomes_the_object_of_the_contract() -> None:
    item = Item(
        measure="little-giant",
        title="小巨人奖补",
        clause="三（一）2",
        quote="一次性奖补 50 万元",
        amount=Decimal("5E+5"),
        bound="exact",
        formula="一次性50万元",
        capped=False,
        payee="enterprise",
        assumptions=("只算一次",),
    )
    answer = Answer(
        question="小巨人奖多少",
        as_of=DAY,
        corpus="c" * 64,
        id="0123",
        status="answered",
        route="amount",
        answer="50万元",
        sentences=(Sentence("50万元", (0,), "quote"),),
        citations=(Citation("draft", "三（一）2", "支持做大", "奖补", 3, 5, ("市财政局",)),),
        calculation=Calculation(Decimal("500000.00"), "exact", (item,), ("没有写明",)),
        reverse=Reverse("technology_paid", Decimal("345678.90"), "元"),
        needs=(Need("cctv_promotion_fee", "推广费是多少？", "yuan", "元"),),
        retrieved=(Hit("draft", "三（一）2", 0.5, "用词第1"),),
        rejected=(),
        notices=("征求意见稿",),
    )
    assert answer_json(answer) == {
        "question": "小巨人奖多少",
        "as_of": "2026-01-31",
        "corpus": "c" * 64,
        "id": "0123",
        "status": "answered",
        "route": "amount",
        "answer": "50万元",
        "sentences": [{"text": "50万元", "citations": [0], "proof": "quote"}],
        "citations": [
            {
                "policy": "draft",
                "clause": "三（一）2",
                "title": "支持做大",
                "quote": "奖补",
                "start": 3,
                "end": 5,
                "departments": ["市财政局"],
            }
        ],
        "calculation": {
            "total": "500000",
            "bound": "exact",
            "items": [
                {
                    "measure": "little-giant",
                    "title": "小巨人奖补",
                    "clause": "三（一）2",
                    "quote": "一次性奖补 50 万元",
                    "amount": "500000",
                    "bound": "exact",
                    "formula": "一次性50万元",
                    "capped": False,
                    "payee": "enterprise",
                    "assumptions": ["只算一次"],
                }
            ],
            "notes": ["没有写明"],
        },
        "reverse": {"fact": "technology_paid", "value": "345678.9", "unit": "元"},
        "needs": [{"fact": "cctv_promotion_fee", "ask": "推广费是多少？", "type": "yuan", "unit": "元"}],
        "retrieved": [{"policy": "draft", "clause": "三（一）2", "score": 0.5, "why": "用词第1"}],
        "rejected": [],
        "notices": ["征求意见稿"],
        "rewritten": None,
    }


@pytest.mark.parametrize(
    ("money", "plain"),
    [
        ("0", "0"),
        ("0.00", "0"),
        ("1E+2", "100"),
        ("345678.90", "345678.9"),
        ("0.01", "0.01"),
        ("1E-2", "0.01"),
    ],
)
def test_money_is_plain_digits_without_exponent_or_padding(money: str, plain: str) -> None:
    assert to_json(Decimal(money)) == plain


def test_none_booleans_numbers_and_keys_stay_what_json_knows() -> None:
    value = {1: None, "flags": (True, 2, 0.5), "days": [DAY]}
    assert to_json(value) == {"1": None, "flags": [True, 2, 0.5], "days": ["2026-01-31"]}


@pytest.mark.parametrize("text", ["小巨人", "\ud800", "a\udcffb", "\x00\x1b\n", "😀", '"\\', "\u2028"])
def test_whatever_a_question_holds_is_one_line_of_utf_8_and_comes_back_the_same(text: str) -> None:
    line = dumps({"question": text})
    assert line.encode("utf-8").count(b"\n") == 0
    assert json.loads(line) == {"question": text}


def test_chinese_stays_readable() -> None:
    assert dumps({"答": "专精特新"}) == '{"答": "专精特新"}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_does_not_know_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps({"score": number})


def test_a_failed_question_keeps_its_place_with_its_reason() -> None:
    assert error_json("问", "磁盘已满，请清理后再试。", DAY) == {
        "question": "问",
        "as_of": "2026-01-31",
        "status": "error",
        "error": "磁盘已满，请清理后再试。",
    }


def test_a_clause_is_shown_with_its_segments_and_measures() -> None:
    holding = load_corpus(load_settings({}).corpus).holdings[0]
    clause = holding.policy.clause("三（六）17")
    assert clause is not None
    assert clause_json([clause], holding.policy.id, holding.rules) == {
        "policy": "huainan-zjtx-2020-draft",
        "clauses": [
            {
                "label": "三（六）17",
                "path": ["三、重点任务", "（六）强化组织协调", "17.强化舆论宣传"],
                "title": "强化舆论宣传",
                "text": clause.text,
                "segments": [
                    {"start": s.start, "end": s.end, "departments": list(s.departments)}
                    for s in clause.segments
                ],
                "measures": [measure.id for measure in holding.rules.of_clause("三（六）17")],
            }
        ],
    }


def test_hits_carry_their_quotes_in_order() -> None:
    hits = [Hit("draft", "三（一）2", 0.25, "用词第1"), Hit("draft", "三（一）3", 0.125, "语义第2")]
    assert hits_json(hits, ["甲", "乙"]) == {
        "hits": [
            {"policy": "draft", "clause": "三（一）2", "score": 0.25, "why": "用词第1", "quote": "甲"},
            {"policy": "draft", "clause": "三（一）3", "score": 0.125, "why": "语义第2", "quote": "乙"},
        ]
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["贴息"], "对省认定企业给予贷款贴息。"),
        (["１０万元"], "对新增企业奖补 10 万元；"),
        (["奖补", "贷款贴息"], "对省认定企业给予贷款贴息。"),
        (["市财政局"], "（市财政局负责）"),
        (["做大"], "2.支持做大。"),
        ([], "对新增企业奖补 10 万元；"),
        ([""], "对新增企业奖补 10 万元；"),
        (["瞪羚"], "对新增企业奖补 10 万元；"),
    ],
)
def test_a_hit_shows_the_sentence_that_holds_most_of_the_words(words: list[str], sentence: str) -> None:
    assert nearest_sentence(CLAUSE, words) == sentence
    assert sentence in CLAUSE.text
