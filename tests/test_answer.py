"""Promises about whole answers, each kept by every answer to the development questions."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

import policy_qa.specialist
from policy_qa.assistant import Assistant
from policy_qa.corpus import load_corpus
from policy_qa.domain import Answer
from policy_qa.proof import Draft, Proven, Record, Refusal, prove
from policy_qa.texts import FRAMES

ROOT = Path(__file__).parents[1]
AS_OF = datetime.date(2025, 1, 1)
QUESTIONS = tuple(
    json.loads(line)["question"]
    for line in (ROOT / "eval" / "questions.dev.jsonl").read_text("utf-8").splitlines()
)
REFUSING = ("invalid_input", "out_of_scope", "not_found")
TITLE = "关于进一步发挥专精特新排头兵作用促进中小企业高质量发展的实施意见"
NOTICE = f"注意：《{TITLE}》目前是征求意见稿，不是正式印发的文件，请以正式文件为准。"


def assistant() -> Assistant:
    """A new one over the shipped corpus, by words alone."""
    corpus = load_corpus(ROOT / "corpus")
    return Assistant(corpus)


@cache
def first() -> Assistant:
    return assistant()


@cache
def asked() -> tuple[tuple[Answer, tuple[Refusal, ...]], ...]:
    """The answer to each development question, with the drafts that the gate turned down."""
    answers: list[Answer] = []
    refused: list[tuple[Refusal, ...]] = []

    def recorded(drafts: list[Draft], record: Record) -> Proven:
        proven = prove(drafts, record)
        refused.append(proven.refused)
        return proven

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(policy_qa.specialist, "prove", recorded)
        answers += [first().ask(question, {}, AS_OF) for question in QUESTIONS]
    return tuple(zip(answers, refused, strict=True))


def answers() -> tuple[Answer, ...]:
    return tuple(answer for answer, _ in asked())


def breaking(broken: Callable[[Answer], object]) -> list[str]:
    """The questions whose answer breaks a promise."""
    return [answer.question for answer in answers() if broken(answer)]


# ── sentences and citations ─────────────────────────────────────────────────────────────────────


def test_the_answer_is_its_sentences_and_nothing_else() -> None:
    assert breaking(lambda a: a.answer != "\n".join(sentence.text for sentence in a.sentences)) == []


def test_every_sentence_but_a_template_has_a_citation_and_a_template_has_none() -> None:
    assert breaking(lambda a: any((s.proof == "template") == bool(s.citations) for s in a.sentences)) == []


def test_every_citation_stands_verbatim_in_its_clause() -> None:
    def misquoted(answer: Answer) -> bool:
        texts = [first().corpus.clause(c.policy, c.clause).text[c.start : c.end] for c in answer.citations]
        return [c.quote for c in answer.citations] != texts or "" in texts

    assert breaking(misquoted) == []


def test_every_citation_is_used_and_every_number_leads_to_one() -> None:
    def used(answer: Answer) -> list[int]:
        return sorted({number for sentence in answer.sentences for number in sentence.citations})

    assert breaking(lambda a: used(a) != list(range(len(a.citations)))) == []


def test_every_sentence_names_the_clauses_it_cites() -> None:
    def unnamed(answer: Answer) -> bool:
        return any(
            {answer.citations[number].clause for number in sentence.citations}
            != set(re.findall(r"〔([^〕]+)〕", _without_quotes(sentence.text)))
            for sentence in answer.sentences
        )

    assert breaking(unnamed) == []


def test_no_sentence_is_said_twice() -> None:
    assert breaking(lambda a: len({s.text for s in a.sentences}) != len(a.sentences)) == []


def test_only_verbatim_text_makes_a_sentence_long() -> None:
    assert breaking(lambda a: any(len(_without_quotes(s.text)) > 200 for s in a.sentences)) == []
    assert breaking(lambda a: any(len(s.text) > 700 and "「" not in s.text for s in a.sentences)) == []


def test_no_sentence_shows_the_machinery() -> None:
    def shows(answer: Answer) -> bool:
        machine = re.compile(r"None|True|False|Decimal|\{|\}|_|。。|，。|：。|“”|「」|〔〕|E\+")
        return any(machine.search(_without_quotes(sentence.text)) for sentence in answer.sentences)

    assert breaking(shows) == []


def _without_quotes(text: str) -> str:
    return re.sub(r"「.*」", "", text, flags=re.DOTALL)


# ── statuses ────────────────────────────────────────────────────────────────────────────────────


def test_every_answer_ends_with_the_notice_that_it_is_a_draft() -> None:
    """Where there was no question to answer the notice stands in ``notices`` alone."""
    answering = [a for a in answers() if a.status != "invalid_input"]
    assert [a.question for a in answering if not a.answer.endswith(NOTICE)] == []
    assert breaking(lambda a: NOTICE not in a.notices) == []


def test_a_refusal_cites_nothing_computes_nothing_and_holds_no_amount() -> None:
    def states(answer: Answer) -> bool:
        return bool(answer.citations) or answer.calculation is not None or answer.reverse is not None

    assert [a.question for a in answers() if a.status in REFUSING and states(a)] == []


def test_every_other_answer_cites_a_clause() -> None:
    assert [a.question for a in answers() if a.status not in REFUSING and not a.citations] == []


def test_every_answer_says_more_than_the_notice() -> None:
    assert breaking(lambda a: all(sentence.text == NOTICE for sentence in a.sentences)) == []


def test_every_item_computed_is_said_and_several_have_their_total() -> None:
    def missing(answer: Answer) -> bool:
        if answer.calculation is None or answer.reverse is not None:
            return False
        said = {sentence.text for sentence in answer.sentences}
        slots = (
            {"title": i.title, "formula": i.formula, "label": i.clause} for i in answer.calculation.items
        )
        total = any(text.startswith(("以上合计", "以上各项")) for text in said)
        several = len(answer.calculation.items) > 1
        return not {FRAMES["item"].render(item) for item in slots} <= said or several != total

    assert breaking(missing) == []


def test_a_fact_asked_for_is_asked_of_the_user() -> None:
    needing = [a for a in answers() if a.status == "needs_facts"]
    assert [
        a.question for a in needing if not any(f"请补充：{a.needs[0].ask}" in s.text for s in a.sentences)
    ] == []


# ── the gate and the writer ─────────────────────────────────────────────────────────────────────


def test_no_sentence_of_the_writers_is_lost_at_the_gate() -> None:
    lost = [(answer.question, refusal) for answer, refused in asked() for refusal in refused]
    assert lost == []


def test_the_same_question_on_the_same_day_has_the_same_answer_whatever_was_asked_before() -> None:
    second = assistant()
    again = [second.ask(question, {}, AS_OF) for question in reversed(QUESTIONS[::3])]
    assert tuple(reversed(again)) == answers()[::3]


def test_another_day_or_another_fact_is_another_answer() -> None:
    question = "购买高校技术能补多少"
    facts = {"technology_conditions_met": True}
    asked_for = {
        first().ask(question, {}, AS_OF).id,
        first().ask(question, {}, AS_OF + datetime.timedelta(days=1)).id,
        first().ask(question, facts, AS_OF).id,
    }
    assert len(asked_for) == 3


# ── as printed ──────────────────────────────────────────────────────────────────────────────────


def test_an_answer_on_two_awards_reads_as_written_here() -> None:
    answer = first().ask("今年刚升规，又有4件国内发明专利授权，两样加一块多少", {}, AS_OF)
    assert sorted(answer.answer.splitlines()) == sorted(
        [
            "新增规上工业企业奖补：一次性10万元。〔三（一）2〕",
            "已授权中国发明专利资助：4件 × 1万元 = 4万元。〔三（一）3〕",
            "以上合计14万元。〔三（一）3〕〔三（一）2〕",
            "条文原文：「对当年新增规上工业企业给予一次性奖补10万元」〔三（一）2〕",
            "条文原文：「对已授权的中国发明专利，每件资助 1 万元」〔三（一）3〕",
            "负责部门：市经信局、市财政局。〔三（一）2〕",
            "负责部门：市市场监管局、市财政局、各县区、园区。〔三（一）3〕",
            NOTICE,
        ]
    )


def test_a_refusal_reads_as_written_here() -> None:
    answer = first().ask("瞪羚企业认定奖多少？", {}, AS_OF)
    first_line, *rest = answer.answer.splitlines()
    assert re.fullmatch(
        "没有找到与您问的“瞪羚(企业(认定)?)?”对应的条款，不能据此说有没有支持、能拿多少。", first_line
    )
    assert rest == ["请换一种说法再问，或者向当地主管部门核实。", NOTICE]
