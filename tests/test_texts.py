"""Promises about the sentences there are: a template claims nothing, and every slot has its check."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policy_qa.asks import Ask
from policy_qa.corpus import load_corpus
from policy_qa.money import figures
from policy_qa.proof import _Check
from policy_qa.texts import FRAMES, INVALID, PAYEES, UNPRINTED, Frame, labels

HOLDING = load_corpus(Path(__file__).parents[1] / "corpus").holdings[0]
TEMPLATES = {name: frame for name, frame in FRAMES.items() if frame.proof == "template"}
CITED = {name: frame for name, frame in FRAMES.items() if frame.proof != "template"}


def slots(frame: Frame) -> list[str]:
    return re.findall(r"\{(\w+)\}", frame.text)


@pytest.mark.parametrize("frame", TEMPLATES.values(), ids=TEMPLATES)
def test_a_sentence_without_citation_holds_no_figure_and_names_no_party_of_the_policy(frame: Frame) -> None:
    names = {*HOLDING.departments(), *(measure.title for measure in HOLDING.rules.measures), *PAYEES.values()}
    assert re.findall(r"[0-9０-９元%％‰]", frame.text) == []
    assert [figure for figure in figures(frame.text) if figure.unit in ("元", "比例")] == []
    assert [name for name in names if name in frame.text] == []


@pytest.mark.parametrize("frame", TEMPLATES.values(), ids=TEMPLATES)
def test_words_of_the_users_without_citation_are_said_to_be_the_users(frame: Frame) -> None:
    quoted = [slot for slot in slots(frame) if slot == "said"]
    assert re.findall(r"您(?:问|说|写|提到)的条?款?“\{(said)\}”", frame.text) == quoted


@pytest.mark.parametrize("frame", CITED.values(), ids=CITED)
def test_a_sentence_with_citation_ends_with_the_mark_of_its_clause(frame: Frame) -> None:
    assert frame.text.endswith(("〔{label}〕", "{labels}", "〔{label}〕原文：「{quote}」"))


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_every_slot_of_a_sentence_is_checked_by_the_gate(frame: Frame) -> None:
    assert [slot for slot in slots(frame) if not callable(getattr(_Check, f"_{slot}", None))] == []


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_rendered_sentence_is_read_back_with_its_slots(frame: Frame) -> None:
    filled = dict(zip(slots(frame), "甲乙丙丁戊己庚辛", strict=False))
    match = frame.pattern.fullmatch(frame.render(filled))
    assert match is not None
    assert match.groupdict() == filled


def test_a_slot_that_comes_twice_says_the_same_twice() -> None:
    frame = FRAMES["reverse_rate"]
    filled = {slot: slot for slot in slots(frame)}
    sentence = frame.render(filled)
    assert frame.pattern.fullmatch(sentence) is not None
    assert frame.pattern.fullmatch(sentence.replace("sum ÷", "other ÷")) is None


def test_what_a_policy_may_leave_unprinted_is_what_a_question_can_ask() -> None:
    assert [key for key in UNPRINTED if key not in {ask.value for ask in Ask}] == []
    assert len(set(UNPRINTED.values())) == len(UNPRINTED)


def test_every_reason_why_a_question_is_invalid_has_its_sentence() -> None:
    assert [reason for reason in INVALID if reason not in TEMPLATES] == []


def test_every_payee_of_the_rules_but_the_enterprise_has_its_words() -> None:
    payees = {measure.payee for measure in HOLDING.rules.measures} - {"enterprise"}
    assert payees <= set(PAYEES)


def test_each_clause_is_marked_once_in_the_order_it_comes() -> None:
    assert labels(["三（四）12", "三（一）2", "三（四）12"]) == "〔三（四）12〕〔三（一）2〕"
