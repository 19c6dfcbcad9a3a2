"""Promises about what a proven sentence may become: its pieces stay, and the words between say nothing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy_qa.corpus import load_corpus
from policy_qa.domain import Proof, Sentence
from policy_qa.money import figures
from policy_qa.proof import reworded
from policy_qa.rewording import MOST_PLAIN, PIECES, PLAIN_WORDS, SOURCE_WORDS, Sketch, UnfitError, sketch
from policy_qa.texts import FRAMES

ROOT = Path(__file__).parents[1]
WORDS = sorted(PLAIN_WORDS | SOURCE_WORDS)
GIANT = "国家专精特新“小巨人”企业奖补：一次性50万元。〔三（一）2〕"
TOTAL = "以上合计至少110万元，条文没有写明数额的部分没有计入。〔三（一）2〕〔三（四）12〕"
WRONG = "您说的“五十万”与条文不符，请以条文为准。〔三（一）2〕"
REVERSE = (
    "技术补助要达到您问的100万元，实际支付额需要达到1000万元"
    "（100万元 ÷ 10%，不足一分的进为一分）。〔三（一）3〕"
)
SERVICE = "人才政策：不是资金支持，条文没有写明数额。〔三（五）13〕"
ASSUMED = "说明：条文没有规定能否同时享受。〔三（一）2〕"


def apart(text: str, proof: Proof = "calculation") -> Sketch:
    found = sketch(text, proof)
    assert found is not None
    return found


def test_a_sentence_falls_apart_into_its_pieces_and_the_marks_of_its_clauses() -> None:
    assert apart(TOTAL) == Sketch(
        "{total}，{left_out}。",
        {"total": "以上合计至少110万元", "left_out": "条文没有写明数额的部分没有计入"},
        PLAIN_WORDS | SOURCE_WORDS,
        TOTAL,
        "〔三（一）2〕〔三（四）12〕",
    )


@pytest.mark.parametrize(
    ("text", "wording", "said"),
    [
        (
            GIANT,
            "关于{title}，计算结果是{result}。",
            "关于国家专精特新“小巨人”企业奖补，计算结果是一次性50万元。〔三（一）2〕",
        ),
        (
            TOTAL,
            " 请注意，{left_out}，算下来{total}。 ",
            "请注意，条文没有写明数额的部分没有计入，算下来以上合计至少110万元。〔三（一）2〕〔三（四）12〕",
        ),
        (SERVICE, "{title}：{result}", SERVICE),
    ],
)
def test_pieces_come_in_any_order_between_plain_words(text: str, wording: str, said: str) -> None:
    assert apart(text).say(wording) == said


def test_a_sentence_in_another_wording_keeps_its_citations_and_its_proof() -> None:
    sentence = Sentence(GIANT, (3,), "calculation")
    assert reworded(sentence, "{title}，{result}") == Sentence(
        "国家专精特新“小巨人”企业奖补，一次性50万元。〔三（一）2〕", (3,), "calculation"
    )


@pytest.mark.parametrize(
    ("text", "proof"),
    [
        ("条文原文：「对当年新增规上工业企业给予一次性奖补10万元」〔三（一）2〕", "quote"),
        ("注意：《某意见》目前是征求意见稿，不是正式印发的文件，请以正式文件为准。", "template"),
        ("没有找到与您问的“瞪羚”对应的条款，不能据此说有没有支持、能拿多少。", "template"),
        ("一句谁也没有写过的话。", "quote"),
        ("甲：乙：一次性50万元。〔三（一）2〕", "calculation"),  # two ways to part title and formula
    ],
)
def test_quotes_notices_refusals_and_what_can_be_read_in_two_ways_are_left_alone(
    text: str, proof: Proof
) -> None:
    with pytest.raises(UnfitError, match="这句话不能改写"):
        reworded(Sentence(text, (), proof), "{title}：{result}")


REFUSED = {
    "an invented figure": "{title}，{result}，另奖999万元",
    "a figure in Chinese numerals": "{title}，{result}，即五十万",
    "full-width digits": "{title}，{result}，即５０",
    "a digit in a circle": "{title}，{result}，即㊿",
    "formal numerals": "{title}，{result}，即伍拾",
    "half of it in words": "{title}是{result}的半数",
    "its own contents instead of the piece": "国家专精特新“小巨人”企业奖补：一次性50万元",
    "one piece left out": "{result}",
    "one piece twice": "{title}，{title}，{result}",
    "a piece of another sentence": "{title}，{result}，{total}",
    "a piece that reaches into Python": "{title.__class__}，{result}",
    "a piece with a format": "{title!r}，{result:>99}",
    "a bound before": "{title}最多{result}",
    "a bound behind": "{title}：{result}以上",
    "a bound pieced together": "{title}：{result}为以内",
    "about": "{title}大约{result}",
    "a negation": "{title}并不是{result}",
    "a doubt": "{title}：{result}？",
    "another party": "担保机构的{title}，{result}",
    "all parties": "所有企业的{title}都是{result}",
    "another level": "省级{title}，{result}",
    "a condition dropped": "不论是否认定，{title}是{result}",
    "a condition": "只要盈利，{title}就是{result}",
    "a period": "{title}每年{result}",
    "a promise": "您一定能拿到{title}，{result}",
    "a modality": "政府应当给您{title}，{result}",
    "a department": "请找市税务局，{title}，{result}",
    "a clause label": "{title}，{result}〔三（一）9〕",
    "a token": "{title}，{result}[C1]",
    "an address": "{title}，{result}，详见https://example.com",
    "markup": "**{title}**，{result}",
    "a tag": "<b>{title}</b>，{result}",
    "a demand for data": "{title}，{result}，请提供身份证号",
    "a second sentence": "{title}。{result}。",
    "a line break": "{title}\n{result}",
    "a character that turns the line around": "{title}\u202e{result}",
    "a character nobody sees": "{title}\u200b，{result}",
    "a bell": "{title}\a，{result}",
    "pieces that run together": "{title}{result}",
    "an open brace": "{title}，{result}，{",
    "English": "{title} is {result}",
    "nothing": "",
}  # fmt: skip


@pytest.mark.parametrize("wording", REFUSED.values(), ids=REFUSED.keys())
def test_no_wording_brings_in_anything_of_its_own(wording: str) -> None:
    with pytest.raises(UnfitError):
        apart(GIANT).say(wording)


@pytest.mark.parametrize(
    ("text", "proof", "wording"),
    [
        (SERVICE, "calculation", "{title}是{result}"),  # 是不是资金支持: a question
        ("这笔支持的对象是担保机构，不是企业自己。〔三（二）5〕", "quote", "{payee}，其{other}"),
        (ASSUMED, "quote", "根据条文，{note}"),  # an assumption is ours, not the text's
        (WRONG, "quote", "{said}与条文相符，{advice}"),
        (WRONG, "quote", "{said}，{advice}"),
        (TOTAL, "calculation", "{total}"),
        (REVERSE, "calculation", "{title}，{goal}，{need}"),
    ],
)
def test_a_verdict_a_bound_and_a_negation_are_never_lost_or_turned(
    text: str, proof: Proof, wording: str
) -> None:
    with pytest.raises(UnfitError):
        apart(text, proof).say(wording)


def test_talk_is_bounded() -> None:
    assert apart(GIANT).say("，" * (MOST_PLAIN - 1) + "{title}，{result}")
    with pytest.raises(UnfitError, match="套话太长"):
        apart(GIANT).say("，" * MOST_PLAIN + "{title}，{result}")


def test_a_word_that_should_not_be_in_the_list_still_cannot_turn_a_sum_into_a_bound() -> None:
    one = apart(GIANT)
    with pytest.raises(UnfitError, match="数字或界限变了"):
        replace(one, words=one.words | {"以上"}).say("{title}：{result}以上")


# ── the words ───────────────────────────────────────────────────────────────────────────────────

DANGEROUS = re.compile(
    r"[\d不没未无非莫勿别否最至超限满每各]|[一二三四五六七八九十百千万亿元两半倍几多少]|以上|以下|以内|左右|大约|约|只|才|再|仅|都|全|所有|任何"
    r"|必|须|应|可以|能|得|保证|一定|将|会|如果|若|企业|公司|机构|单位|个人|局|委|省|市|县|国家|年|月|日|奖|补|贴|万|家|户|申请|提供|？|！"
)
HARMLESS = frozenset({"帮您算了一下", "帮您查了一下"})


@pytest.mark.parametrize("word", WORDS)
def test_a_plain_word_holds_no_figure_bound_party_duty_negation_or_promise(word: str) -> None:
    assert figures(word) == ()
    assert word in HARMLESS or DANGEROUS.search(word) is None


def test_no_two_plain_words_make_a_dangerous_one_together() -> None:
    longer = re.compile(
        r"以上|以下|以内|左右|大约|所有|任何|可以|保证|一定|如果|企业|公司|机构|单位|个人|国家|必须|应当"
    )
    made = [one + other for one, other in product(WORDS, WORDS) if longer.search(one + other)]
    assert made == []


def test_no_plain_word_names_a_support_or_a_department() -> None:
    corpus = load_corpus(ROOT / "corpus")
    names = {word for _, measure in corpus.measures for names in measure.names for word in names}
    departments = {name for holding in corpus.holdings for name in holding.departments()}
    assert (names | departments | set(corpus.lexicon.topical)).isdisjoint(WORDS)


@pytest.mark.parametrize("name", PIECES)
def test_the_pieces_of_a_frame_stand_in_it_and_hold_all_its_slots(name: str) -> None:
    text = FRAMES[name].text
    assert [shape for shape in PIECES[name].values() if text.count(shape) != 1] == []
    slots = set(re.findall(r"\{(\w+)\}", "".join(PIECES[name].values())))
    assert slots == set(re.findall(r"\{(\w+)\}", text)) - {"label", "labels"}


SENTENCES = st.sampled_from([GIANT, TOTAL, REVERSE, SERVICE])
PARTS = st.sampled_from([*WORDS, "，", "：", "；", "以", "上", "多", "不"])


@given(SENTENCES, st.lists(PARTS, max_size=4))
def test_whatever_is_let_through_has_the_figures_of_the_sentence_and_no_more_negations(
    text: str, parts: list[str]
) -> None:
    one = apart(text)
    wording = "".join(
        [*parts[: len(parts) // 2], *(f"{{{name}}}，" for name in one.pieces), *parts[len(parts) // 2 :]]
    )
    try:
        said = one.say(wording)
    except UnfitError:
        return
    keys = [Counter((f.value, f.upper, f.unit, f.bound) for f in figures(t)) for t in (said, text)]
    assert keys[0] == keys[1]
    assert Counter(re.findall(r"[不没未无非]", said)) == Counter(re.findall(r"[不没未无非]", text))
    assert all(piece in said for piece in one.pieces.values())
    assert said.endswith(one.marks)
