"""The mutation bench: each true sentence of the development answers, altered in every way that is untrue.

A mutant stands beside all the true sentences of its answer, so that only its own alteration can refuse it.
"""

from __future__ import annotations

import datetime
import json
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import policy_qa.specialist
from policy_qa.assistant import Assistant
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Citation
from policy_qa.proof import Draft, Proven, Record, prove
from policy_qa.text import fold
from policy_qa.texts import FRAMES

ROOT = Path(__file__).parents[1]
AS_OF = datetime.date(2025, 1, 1)


@dataclass(frozen=True)
class Told:
    """An answer as the gate let it out: what rests on what, and the true sentences."""

    record: Record
    drafts: tuple[Draft, ...]


@dataclass(frozen=True)
class Truth:
    """One true sentence and the answer it stands in."""

    told: Told
    draft: Draft
    frame: str
    slots: tuple[tuple[str, str], ...]


@cache
def corpus() -> Corpus:
    return load_corpus(ROOT / "corpus")


@cache
def answers() -> tuple[Told, ...]:
    """The development questions, each answered by words alone, without an embedding model."""
    told: list[Told] = []

    def recorded(drafts: list[Draft], record: Record) -> Proven:
        proven = prove(drafts, record)
        refused = {refusal.draft for refusal in proven.refused}
        told.append(Told(record, tuple(draft for draft in drafts if draft not in refused)))
        return proven

    assistant = Assistant(corpus())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy_qa.specialist, "prove", recorded)
        for line in (ROOT / "eval" / "questions.dev.jsonl").read_text("utf-8").splitlines():
            assistant.ask(json.loads(line)["question"], {}, AS_OF)
    return tuple(told)


@cache
def truths() -> tuple[Truth, ...]:
    """The true sentences, each text with its citations at most twice: the draft notice ends every answer."""
    found: list[Truth] = []
    seen: Counter[Draft] = Counter()
    for told in answers():
        for draft in told.drafts:
            seen[draft] += 1
            if seen[draft] <= 2:
                found.append(Truth(told, draft, *_frame(draft)))
    return tuple(found)


def _frame(draft: Draft) -> tuple[str, tuple[tuple[str, str], ...]]:
    """The frame of a true sentence and its slots: of those that fit, the one with most text of its own."""
    fitting = [
        (len(re.sub(r"\{\w+\}", "", frame.text)), name, match.groupdict())
        for name, frame in FRAMES.items()
        if (match := frame.pattern.fullmatch(draft.text))
        and (frame.proof == "template") != bool(draft.citations)
    ]
    _, name, slots = max(fitting, key=lambda entry: (entry[0], entry[1]))
    return name, tuple(slots.items())


# ── the alterations ─────────────────────────────────────────────────────────────────────────────

Mutation = Callable[[Truth, random.Random], Iterable[Draft]]


def _swaps(text: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Every text in which one occurrence of one word of a pair is the other."""
    for one, other in pairs:
        for match in re.finditer(re.escape(one), text):
            yield text[: match.start()] + other + text[match.end() :]


Pairs = tuple[tuple[str, str], ...]


def _both_ways(*pairs: tuple[str, str]) -> Pairs:
    return (*pairs, *((other, one) for one, other in pairs))


def _worded(*groups: Pairs) -> Mutation:
    """One word for another, wherever it stands."""
    pairs = tuple(pair for group in groups for pair in group)
    return lambda truth, _: (replace(truth.draft, text=text) for text in _swaps(truth.draft.text, pairs))


def a_digit(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    text = truth.draft.text
    for match in re.finditer(r"\d", text):
        other = chance.choice([digit for digit in "0123456789" if digit != match.group()])
        yield replace(truth.draft, text=text[: match.start()] + other + text[match.end() :])


def a_zero_more(truth: Truth, _: random.Random) -> Iterator[Draft]:
    text = truth.draft.text
    for match in re.finditer(r"\d+(?:\.\d+)?", text):
        yield replace(truth.draft, text=f"{text[: match.end()]}0{text[match.end() :]}")


def a_count(truth: Truth, _: random.Random) -> Iterator[Draft]:
    """One piece more, one household less, in digits and in words."""
    text = truth.draft.text
    for match in re.finditer(r"\d+(?= ?(?:件|个|户|家|名|国家|\)))", text):
        for step in (1, -1):
            yield replace(
                truth.draft, text=f"{text[: match.start()]}{int(match.group()) + step}{text[match.end() :]}"
            )
    for altered in _swaps(
        text, (("一次性", "两次"), ("一批", "三批"), ("每件", "每两件"), ("每户", "每两户"))
    ):
        yield replace(truth.draft, text=altered)


a_unit = _worded(
    _both_ways(("万元", "亿元"), ("万元", "元"), ("%", "‰"), ("件", "个"), ("户", "家"), ("国家", "省")),
    (("万", "亿"), ("亿", "万"), ("年", "月"), ("国家）", "件）")),
)
a_bound = _worded(
    _both_ways(("最高", "不低于"), ("最多", "至少"), ("不超过", "不低于"), ("上限", "下限")),
    (("最高", ""), ("最多", ""), ("至少", ""), ("不超过", ""), ("最高不超过", ""), ("以上", "以下")),
    (("合计最多", "合计"), ("合计至少", "合计"), ("合计", "合计最多"), ("合计", "合计至少")),
    (
        ("超过上限，按上限", "未超过上限，按"),
        ("单个企业", "每个产品"),
        ("每户企业", ""),
        ("再按照", "只按照"),
    ),
)
a_negation = _worded(
    _both_ways(("没有写明", "写明"), ("没有写明", "已经写明"), ("不符，", "相符，"), ("不符合", "符合")),
    (
        ("不得", ""),
        ("不得", "可以"),
        ("不是", "就是"),
        ("没有找到", "找到了"),
        ("相符", "不符"),
        ("不能", ""),
    ),
    (
        ("没有计入", "已经计入"),
        ("不冲突", "冲突"),
        ("不可能", "可能"),
        ("没有您", "有您"),
        ("可不受", "须受"),
    ),
)
a_party = _worded(
    _both_ways(
        ("智能工厂", "数字化车间"), ("国家级", "省级"), ("省级", "市级"), ("“小巨人”", "单项冠军"),
        ("专精特新企业", "所有企业"), ("担保机构", "企业"), ("中国发明", "国外发明"), ("规上", "规下"),
        ("在淮", "在皖"), ("高校院所", "企业"), ("市级", "县级"), ("小型和微型", "大型"),
    ),
    (("专精特新", ""), ("新认定的", ""), ("已授权的", "已申请的"), ("新增", ""), ("单个企业", "单个项目")),
)  # fmt: skip


def a_title(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    titles = [measure.title for _, measure in corpus().measures]
    for title in titles:
        if title in truth.draft.text:
            for other in chance.sample([one for one in titles if one != title], 4):
                yield replace(truth.draft, text=truth.draft.text.replace(title, other, 1))


def a_label(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """Another real clause, with the old citations and with a citation of that clause."""
    clauses = [clause for policy in corpus().policies for clause in policy.clauses]
    holding = corpus().holdings[0]
    for printed in re.findall(r"〔(.+?)〕", truth.draft.text):
        for other in chance.sample([clause for clause in clauses if clause.label != printed], 3):
            text = truth.draft.text.replace(f"〔{printed}〕", f"〔{other.label}〕", 1)
            yield replace(truth.draft, text=text)
            whole = holding.cite(other, 0, len(other.text))
            alike = truth.frame == "departments" and whole.departments == truth.draft.citations[0].departments
            if not alike and not truth.frame.startswith("unprinted"):  # those hold of other clauses as well
                yield Draft(text, (whole,))


def a_department(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """Another department for one, one left out, one more."""
    names = sorted({name for holding in corpus().holdings for name in holding.departments()})
    text = truth.draft.text
    cited = {name for citation in truth.draft.citations for name in citation.departments}
    for name in names:
        for match in re.finditer(re.escape(name), text):
            other = chance.choice([one for one in names if one not in text and one not in cited])
            yield replace(truth.draft, text=text[: match.start()] + other + text[match.end() :])
            yield replace(truth.draft, text=f"{text[: match.end()]}、{other}{text[match.end() :]}")
            for without in (f"、{name}", f"{name}、"):
                if without in text:
                    yield replace(truth.draft, text=text.replace(without, "", 1))


def a_numeral(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """A figure in Chinese numerals, and another one."""
    text = truth.draft.text
    for match in re.finditer(r"\d+(?:\.\d+)?(?= ?[万元件个户家名国])|\d+%", text):
        wrong = chance.choice(["六十三", "一百零七", "两千八百", "十九"])
        spelled = f"百分之{wrong}" if match.group().endswith("%") else wrong
        yield replace(truth.draft, text=text[: match.start()] + spelled + text[match.end() :])


INVENTED = (
    "，每户最高奖补500万元", "，另外再奖100万元", "，由市科技局审批", "，所有企业都可以享受",
    "，截止时间为12月31日", "，无需任何材料", "，连续奖励三年", "，上不封顶",
)  # fmt: skip


def a_clause_more(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """Something invented before, behind and inside a true sentence."""
    text = truth.draft.text
    for invented in chance.sample(INVENTED, 2):
        yield replace(truth.draft, text=text + invented[1:] + "。")
        yield replace(truth.draft, text=invented[1:] + "，" + text)
        for mark in ("。", "〔", "」", "：", "「", "，", "”", "？"):
            places = [match.start() for match in re.finditer(mark, text)]
            if places:
                place = chance.choice(places)
                yield replace(truth.draft, text=text[:place] + invented + text[place:])
                yield replace(truth.draft, text=text[: place + 1] + invented[1:] + text[place + 1 :])


def a_sentence_joined(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """Two true sentences in one: the citations of the first would have to bear the second."""
    for other in chance.sample(truth.told.drafts, min(2, len(truth.told.drafts))):
        yield Draft(truth.draft.text + other.text, truth.draft.citations)
        yield Draft(truth.draft.text.rstrip("。") + "，" + other.text, truth.draft.citations)


def a_word_less(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """Some characters left out; what the user said may be said in part, and is left out here."""
    text, slots = truth.draft.text, dict(truth.slots)
    said = text.find(slots["said"]) if "said" in slots else -1
    for _ in range(4):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.randint(1, 4))
        if said < 0 or end <= said or start >= said + len(slots["said"]):
            yield replace(truth.draft, text=text[:start] + text[end:])


def other_citations(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """The citations of another sentence, unless they bear this one as well."""
    others = [other for other in truths() if other.draft.citations and other.draft != truth.draft]
    neighbours = [other for other in truth.told.drafts if other.citations]
    for other in (*neighbours, *(one.draft for one in chance.sample(others, 4))):
        if truth.draft.citations and not _bear(other.citations, truth):
            yield replace(truth.draft, citations=other.citations)
    if len(truth.draft.citations) > 1 and truth.frame.startswith("total"):
        for position in range(len(truth.draft.citations)):
            left = (*truth.draft.citations[:position], *truth.draft.citations[position + 1 :])
            if not _bear(left, truth):
                yield replace(truth.draft, citations=left)


def _bear(citations: tuple[Citation, ...], truth: Truth) -> bool:
    """Whether the citations could bear the sentence too: they hold its quotes, or name its departments."""
    own = truth.draft.citations
    holds = all(any(one.clause == c.clause and one.quote in c.quote for c in citations) for one in own)
    same = all(c.clause == own[0].clause and c.departments == own[0].departments for c in citations)
    claims = truth.frame in ("claim_right", "claim_wrong") and all(
        c.clause == own[0].clause for c in citations
    )
    printed = truth.frame in ("departments", "unprinted", "unprinted_alone", "assumption", "ask")
    return holds or claims or (printed and same)


def no_citations(truth: Truth, _: random.Random) -> Iterator[Draft]:
    if truth.draft.citations:
        yield replace(truth.draft, citations=())
    else:
        yield replace(truth.draft, citations=(answers()[0].drafts[0].citations[0],))


def shifted_citations(truth: Truth, _: random.Random) -> Iterator[Draft]:
    """Offsets one off, the quote as it was and as it then reads; a full stop less changes nothing."""
    for position, citation in enumerate(truth.draft.citations):
        clause = corpus().clause(citation.policy, citation.clause)
        holding = corpus().holding(citation.policy)
        for left, right in ((1, 1), (-1, -1), (1, 0), (-1, 0), (0, 1), (0, -1)):
            start, end = citation.start + left, citation.end + right
            moved = [replace(citation, start=start, end=end)]
            if 0 <= start < end <= len(clause.text):
                recut = holding.cite(clause, start, end)
                if recut.quote.strip("。； ") != citation.quote.strip("。； "):
                    moved.append(recut)
            for one in moved:
                citations = (*truth.draft.citations[:position], one, *truth.draft.citations[position + 1 :])
                yield replace(truth.draft, citations=citations)


def a_quote_cut(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """A piece of a quote, verbatim and cited as such: it may have lost its 最高, its 不得 or its party."""
    if truth.frame not in ("quote", "clause", "duty_text"):
        return
    (citation,) = truth.draft.citations
    clause, holding = corpus().clause(citation.policy, citation.clause), corpus().holding(citation.policy)
    for _ in range(4):
        start = chance.randrange(citation.start + 1, citation.end)
        end = chance.randint(start + 1, citation.end)
        cut = holding.cite(clause, start, end)
        outside = clause.text[:start].rstrip()[-1:], clause.text[end : end + 1]
        if outside[0] not in "。；）" and cut.quote.strip():
            yield Draft(truth.draft.text.replace(citation.quote, cut.quote), (cut,))


def another_answers_sentence(truth: Truth, chance: random.Random) -> Iterator[Draft]:
    """What is computed or judged under other facts and another question."""
    if FRAMES[truth.frame].proof == "calculation" or truth.frame in ("claim_right", "claim_wrong", "failing"):
        alike = [one for one in truths() if one.frame == truth.frame and one.told is not truth.told]
        yield from (one.draft for one in chance.sample(alike, min(8, len(alike))))


MUTATIONS: dict[str, tuple[Mutation, int]] = {
    "a digit": (a_digit, 900),
    "a zero more": (a_zero_more, 550),
    "a count": (a_count, 110),
    "a unit": (a_unit, 800),
    "a bound": (a_bound, 140),
    "a negation": (a_negation, 260),
    "a party": (a_party, 800),
    "a title": (a_title, 400),
    "a clause label": (a_label, 1700),
    "a department": (a_department, 850),
    "a Chinese numeral": (a_numeral, 230),
    "an invented clause": (a_clause_more, 7000),
    "a sentence joined": (a_sentence_joined, 1400),
    "a word less": (a_word_less, 1300),
    "other citations": (other_citations, 1200),
    "no citations": (no_citations, 350),
    "shifted citations": (shifted_citations, 3000),
    "a quote cut": (a_quote_cut, 330),
    "another answer's sentence": (another_answers_sentence, 700),
}
"""Each kind of alteration with how many must at least have been tried."""


def mutants(mutation: Mutation) -> Iterator[tuple[Truth, list[Draft]]]:
    """The mutants of each true sentence, without those that are another true sentence of their answer."""
    for position, truth in enumerate(truths()):
        chance = random.Random(position)
        true = {(fold(draft.text), draft.citations) for draft in truth.told.drafts}
        made = dict.fromkeys(mutation(truth, chance))
        yield (
            truth,
            [m for m in made if (fold(m.text), m.citations) not in true],
        )


@pytest.mark.parametrize(("mutation", "least"), MUTATIONS.values(), ids=MUTATIONS)
def test_no_altered_sentence_is_proven(mutation: Mutation, least: int) -> None:
    tried = 0
    passed: list[tuple[str, str, str]] = []
    for truth, altered in mutants(mutation):
        tried += len(altered)
        proven = prove((*truth.told.drafts, *altered), truth.told.record)
        refused = {refusal.draft for refusal in proven.refused}
        passed += [(truth.frame, truth.draft.text, m.text) for m in altered if m not in refused]
    assert passed == []
    assert tried >= least


def test_what_is_altered_is_proven_as_it_stands() -> None:
    for told in answers():
        proven = prove(told.drafts, told.record)
        assert tuple(sentence.text for sentence in proven.sentences) == tuple(d.text for d in told.drafts)


def test_most_kinds_of_sentence_are_altered() -> None:
    """The others need a question that the development set does not ask; test_proof.py alters them."""
    rare = {"part_missing", "duty_text", "reverse_over", "empty", "too_long", "not_in_force", "no_department"}
    rare |= {"lapsed", "titled", "several_policies", "unreviewed", "clause_silent"}
    assert set(FRAMES) - {truth.frame for truth in truths()} <= rare


# ── chance ──────────────────────────────────────────────────────────────────────────────────────

CITED = st.deferred(lambda: st.sampled_from([truth.draft.citations for truth in truths()]))
ANSWER = st.deferred(lambda: st.sampled_from(answers()))
TRUTH = st.deferred(lambda: st.sampled_from(truths()))
OFFICIAL = st.text(
    "企业奖补最高不超过10万元%的给予一次性。，：“”「」〔〕三（一）2合计没有写明条文原文负责部门您说",
    max_size=60,
)
chances = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@chances
@given(ANSWER, st.text(max_size=200) | OFFICIAL, CITED)
def test_random_text_is_never_proven(told: Told, text: str, citations: tuple[Citation, ...]) -> None:
    drafts = (Draft(text, citations), Draft(text))
    assert prove(drafts, told.record).sentences == ()


@chances
@given(TRUTH, TRUTH, st.data())
def test_a_splice_of_two_true_sentences_is_not_proven(one: Truth, other: Truth, data: st.DataObject) -> None:
    head = one.draft.text[: data.draw(st.integers(1, len(one.draft.text)))]
    tail = other.draft.text[data.draw(st.integers(0, len(other.draft.text) - 1)) :]
    spliced = head + tail
    assume(fold(spliced) not in {fold(truth.draft.text) for truth in truths()})
    assume(not {"said"} & {slot for slot, _ in (*one.slots, *other.slots)})
    for citations in (one.draft.citations, other.draft.citations):
        draft = Draft(spliced, citations)
        refused = [refusal.draft for refusal in prove((*one.told.drafts, draft), one.told.record).refused]
        assert refused == [draft]


@chances
@given(TRUTH, st.data())
def test_a_true_sentence_with_one_character_changed_is_not_proven(truth: Truth, data: st.DataObject) -> None:
    text, slots = truth.draft.text, dict(truth.slots)
    place = data.draw(st.integers(0, len(text) - 1))
    character = data.draw(
        st.sampled_from("0123456789万亿元%‰不最高一二三国省市，。") | st.characters(codec="utf-8")
    )
    altered = text[:place] + character + text[place + 1 :]
    said = text.find(slots["said"]) if "said" in slots else -1
    assume(fold(altered) not in {fold(draft.text) for draft in truth.told.drafts})
    assume(said < 0 or not said <= place < said + len(slots["said"]))
    draft = replace(truth.draft, text=altered)
    assert [r.draft for r in prove((*truth.told.drafts, draft), truth.told.record).refused] == [draft]
