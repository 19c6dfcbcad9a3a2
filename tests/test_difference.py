"""Promises about two versions of a policy: each clause is accounted for, each changed word and rule named."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from policy_qa.cases import CaseFile
from policy_qa.clauses import split
from policy_qa.corpus import load_corpus
from policy_qa.difference import ClauseChange, Difference, Edit, Touched, compare
from policy_qa.domain import Clause
from policy_qa.strict_yaml import read_model

ROOT = Path(__file__).parents[1]
HUAINAN = ROOT / "corpus" / "huainan-zjtx-2020-draft"
OLD = """关于支持企业的意见

为支持企业，提出如下意见。

一、支持做大

1.对新设企业给予一次性奖补10万元，由市财政兑现。

2.对企业研发投入给予20%的补助，最高50万元。

3.对参加展会的企业补助展位费。
"""


def clauses(text: str) -> tuple[Clause, ...]:
    return split("sample", text).clauses


def changes(new: str) -> tuple[ClauseChange, ...]:
    return compare(clauses(OLD), clauses(new)).changes


def test_the_same_text_differs_in_nothing() -> None:
    assert compare(clauses(OLD), clauses(OLD)) == Difference((), 4, Touched((), (), (), ()))


def test_a_changed_figure_is_one_word_with_its_unit() -> None:
    assert changes(OLD.replace("最高50万元", "最高500万元")) == (
        ClauseChange("changed", "一2", "一2", (Edit("50万元", "500万元"),)),
    )


def test_words_added_and_taken_away() -> None:
    assert changes(OLD.replace("一次性奖补", "奖补")) == (
        ClauseChange("changed", "一1", "一1", (Edit("一次性", ""),)),
    )


def test_an_insertion_moves_the_numbers_behind_it_and_changes_no_content() -> None:
    new = OLD.replace("2.对企业研发", "2.对在淮企业开通绿色通道，限时办结。\n\n3.对企业研发").replace(
        "3.对参加展会", "4.对参加展会"
    )
    assert changes(new) == (
        ClauseChange("added", None, "一2"),
        ClauseChange("moved", "一2", "一3"),
        ClauseChange("moved", "一3", "一4"),
    )


def test_a_clause_taken_away_is_named_by_its_old_number() -> None:
    assert changes(OLD.replace("3.对参加展会的企业补助展位费。\n", "")) == (
        ClauseChange("removed", "一3", None),
    )


def test_a_clause_may_move_and_change_at_once() -> None:
    new = OLD.replace("1.对新设企业给予一次性奖补10万元，由市财政兑现。\n\n", "")
    new = new.replace("2.对企业研发投入给予20%", "1.对企业研发投入给予25%")
    new = new.replace("3.对参加", "2.对参加")
    assert changes(new) == (
        ClauseChange("changed", "一2", "一1", (Edit("20%", "25%"),), also_moved=True),
        ClauseChange("removed", "一1", None),
        ClauseChange("moved", "一3", "一2"),
    )


def test_rules_cases_questions_and_feedback_that_rest_on_changed_words_are_named(tmp_path: Path) -> None:
    holding = load_corpus(ROOT / "corpus").holdings[0]
    text = (HUAINAN / "text.txt").read_text("utf-8")
    questions = tmp_path / "questions.jsonl"
    asked = [{"id": "q1", "clauses": ["三（一）3"]}, {"id": "q2", "clauses": ["三（四）12"]}]
    questions.write_text("".join(json.dumps(one) + "\n" for one in asked), "utf-8")
    cases = read_model(HUAINAN / "cases.yaml", CaseFile)
    feedback = [("f1", ["三（一）3"]), ("f2", ["三（四）12"])]
    new = split("new", text.replace("最高可达 100万元", "最高可达 200万元")).clauses
    old = holding.policy.clauses
    resting = tuple(case.name for case in cases.cases if "technology-purchase" in case.expect)
    assert len(resting) > 3
    assert compare(old, new, holding.rules, cases, [questions], feedback) == Difference(
        (ClauseChange("changed", "三（一）3", "三（一）3", (Edit("100万元", "200万元"),)),),
        23,
        Touched(("technology-purchase",), (), resting, ("q1",), ("f1",)),
    )


def test_a_rule_whose_clause_got_another_number_is_only_renumbered() -> None:
    holding = load_corpus(ROOT / "corpus").holdings[0]
    old = holding.policy.clauses
    moved = [
        replace(c, label=c.label.replace("三（四）12", "三（四）13")) for c in old if c.label != "三（五）13"
    ]
    touched = compare(old, moved, holding.rules).touched
    in_12 = {measure.id for measure in holding.rules.of_clause("三（四）12")}
    in_13 = {measure.id for measure in holding.rules.of_clause("三（五）13")}
    assert (set(touched.renumbered), set(touched.rules)) == (in_12, in_13)


SENTENCES = st.lists(
    st.text("奖补企业万元研发对给予的一次性", min_size=6, max_size=30), min_size=1, max_size=6
)


@given(SENTENCES, SENTENCES)
@settings(deadline=None, max_examples=60)
def test_every_clause_of_both_versions_is_accounted_for_once(one: list[str], other: list[str]) -> None:
    def made(sentences: list[str]) -> list[Clause]:
        return [
            Clause("p", f"{number}", (), "", sentence, (), number, number)
            for number, sentence in enumerate(sentences, start=1)
        ]

    old, new = made(one), made(other)
    found = compare(old, new)
    gone = [change.old for change in found.changes if change.old]
    come = [change.new for change in found.changes if change.new]
    assert len(gone) == len(set(gone))
    assert len(come) == len(set(come))
    assert len(old) - len(gone) == found.unchanged == len(new) - len(come)
