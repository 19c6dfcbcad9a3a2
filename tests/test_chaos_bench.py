"""The bench of faults: what makes a disturbed answer right, what counts as lost, what fails a run."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bench.chaos import places
from bench.chaos.__main__ import differences, table
from bench.chaos.crowd import Tally, lost
from bench.chaos.faults import SCENARIOS, derived, flip, policy_text, why_skipped
from bench.chaos.memory import Sample, growth, mutated, stream
from bench.chaos.requests import Request, bodies, contradicts, judge, questions, stated
from bench.chaos.server import Life, Server, environment
from bench.chaos.stage import Outcome
from policy_qa.certificate import losses
from policy_qa.clauses import split
from policy_qa.corpus import load_corpus
from policy_qa.settings import load_settings

WITHOUT_VECTORS = "语义检索没有启用，只按用词检索：向量模型无法加载。"


def answer(
    text: str, quote: str, total: str | None = None, notices: tuple[str, ...] = (), **other: Any
) -> dict[str, Any]:
    """An answer of one cited sentence."""
    calculation = None if total is None else {"total": total, "bound": "exact", "items": []}
    return {
        "status": "answered",
        "route": "amount",
        "sentences": [{"text": text, "citations": [0], "proof": "quote"}],
        "citations": [{"clause": "三（一）2", "quote": quote}],
        "calculation": calculation,
        "reverse": None,
        "needs": [],
        "retrieved": [{"clause": "三（一）2", "score": 0.9}],
        "notices": list(notices),
        **other,
    }


QUOTE = "一次性奖励50万元"
REFERENCE = answer("奖励50万元。", QUOTE, "500000")
BY_WORDS = answer("给予10%的补助。", "给予10%的补助", notices=(WITHOUT_VECTORS,), status="not_specified")
ASKED = Request("ask", {"question": "小巨人奖多少"}, REFERENCE, BY_WORDS)


def test_an_answer_with_the_undisturbed_facts_is_right_whatever_was_retrieved_and_noticed() -> None:
    same = {**REFERENCE, "retrieved": [], "notices": ["索引文件夹不能写入（只读），已改用逐条精确比对。"]}
    assert judge(ASKED, same) == "right"


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "needs_facts"},
        {"route": "general"},
        {"sentences": []},
        {"citations": []},
        {"calculation": {"total": "50000", "bound": "exact", "items": []}},
        {"needs": [{"fact": "technology_paid"}]},
    ],
)
def test_an_answer_that_differs_in_one_fact_is_wrong(changed: dict[str, Any]) -> None:
    assert judge(ASKED, {**REFERENCE, **changed}) == "wrong"


def test_an_answer_by_words_only_is_degraded_where_an_undisturbed_search_by_words_gives_the_same() -> None:
    assert judge(ASKED, BY_WORDS) == "degraded"
    assert judge(ASKED, {**REFERENCE, "notices": [WITHOUT_VECTORS]}) == "degraded"
    assert judge(ASKED, {**BY_WORDS, "notices": []}) == "wrong"
    assert judge(ASKED, {**BY_WORDS, "status": "answered"}) == "wrong"


def test_an_answer_by_words_only_is_wrong_where_it_contradicts_also_if_it_always_does() -> None:
    other_total = answer("奖励10万元。", "一次性奖励10万元", "100000", (WITHOUT_VECTORS,))
    assert judge(replace(ASKED, by_words=other_total), other_total) == "wrong"


def test_a_figure_contradicts_unless_the_reference_or_its_own_quote_prints_it() -> None:
    assert not contradicts(answer("奖励五十万元。", "奖励"), REFERENCE)
    assert not contradicts(answer("补助10%。", "给予10%的补助"), REFERENCE)
    assert contradicts(answer("补助20%。", "给予10%的补助"), REFERENCE)


def test_a_figure_is_the_same_however_it_is_spelled() -> None:
    assert stated(["50万元", "五十万元", "500000元"]) == {("money", str(Decimal(500000).normalize()))}


def test_a_sheet_and_a_check_may_differ_in_their_notices_only() -> None:
    sheet = Request("eligibility", {}, {"total": "1", "notices": []}, {})
    assert judge(sheet, {"total": "1", "notices": ["x"]}) == "right"
    assert judge(sheet, {"total": "2", "notices": []}) == "wrong"


def test_the_requests_are_answers_to_all_three_desks_and_no_test_question() -> None:
    settings = load_settings({})
    asked = questions(settings.eval)
    sent = bodies(load_corpus(settings.corpus), asked[:3], settings.corpus, random.Random(1))
    kinds = [kind for kind, _ in sent]
    assert (kinds.count("ask"), kinds.count("eligibility"), kinds.count("check")) == (3, 12, 24)
    assert len(asked) == len(set(asked)) > 900


def test_what_words_alone_answer_otherwise_is_listed_with_its_question() -> None:
    found = differences([ASKED, replace(ASKED, by_words=REFERENCE)])
    assert found == [
        {"request": ASKED.body, "status": ["answered", "not_specified"], "contradicts": False},
    ]


# ── feedback ────────────────────────────────────────────────────────────────────────────────────


def test_acknowledged_feedback_is_lost_where_the_store_holds_another_word_or_none(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "feedback.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE feedback (id INTEGER PRIMARY KEY, reason TEXT)")
        connection.executemany("INSERT INTO feedback VALUES (?, ?)", [(1, "a"), (2, "b"), (9, "unasked")])
    assert lost({1: "a", 2: "b"}, tmp_path) == []
    assert lost({1: "a", 2: "x", 3: "c"}, tmp_path) == ["x", "c"]


# ── what fails a run ────────────────────────────────────────────────────────────────────────────


def collected(*, may_refuse: bool, **counted: int) -> Outcome:
    tally = Tally()
    tally.counted.update(counted)
    outcome = Outcome("disk-full")
    outcome.collect(Life(), tally, may_refuse=may_refuse)
    return outcome


def test_feedback_refused_fails_a_run_only_where_the_home_could_be_written() -> None:
    assert not collected(may_refuse=True, right=5, refused=3).failed
    assert collected(may_refuse=False, right=5, refused=3).failed


@pytest.mark.parametrize("zero", ["wrong", "lost", "errors", "not_recovered"])
def test_each_zero_that_is_not_zero_fails_a_run(zero: str) -> None:
    assert not Outcome("x", times=50, answers=500, degraded=3, down=7, crashes=1).failed
    assert Outcome("x", **{zero: 1}).failed  # type: ignore[arg-type]


def test_requests_that_met_a_killed_server_are_no_errors() -> None:
    outcome = collected(may_refuse=False, right=5, degraded=2, down=4)
    assert (outcome.answers, outcome.degraded, outcome.down, outcome.errors) == (7, 2, 4, 0)


def test_the_table_shows_the_seconds_and_why_a_scenario_was_skipped() -> None:
    lines = table([Outcome("a", times=2, again=[1.0, 3.0]), Outcome("b", skipped="no Chroma server mode")])
    assert lines[2].startswith("| a | 2 | ")
    assert lines[2].endswith(" | 2.0 / 3.0 |  |")
    assert lines[3].endswith(" |  | no Chroma server mode |")


def test_a_machine_without_small_disks_skips_exactly_what_needs_them() -> None:
    skipped = [name for name in SCENARIOS if why_skipped(name, may_mount=False)]
    also = [name for name in SCENARIOS if why_skipped(name, may_mount=True)]
    assert [name for name in skipped if name not in also] == [
        "disk-full",
        "first-start-on-a-full-disk",
        "disk-read-only",
    ]


# ── the faults themselves ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("spot", "turned"), [(0.0, b"\x9ebc"), (0.5, b"a\x9dc"), (1.0, b"ab\x9c")])
def test_one_byte_is_turned_over_in_place(tmp_path: Path, spot: float, turned: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"abc")
    assert flip(path, spot) == b"abc"
    assert path.read_bytes() == turned


def test_an_empty_file_gets_a_byte(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    path.touch()
    assert flip(path, 0.5) == b""
    assert path.read_bytes() == b"\xff"


def test_what_is_damaged_is_all_that_can_be_made_again_and_nothing_people_wrote(home: Path) -> None:
    made_again = ["compiled.sqlite3", "index/CURRENT", "index/v1/chroma/header.bin", "index/serving/lock"]
    written = ["corpus/added/text.txt", "feedback.sqlite", "feedback.sqlite.lock"]
    for name in [*made_again, *written]:
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    assert derived(home) == sorted(home / name for name in made_again)


def test_a_policy_made_for_the_indexer_splits_without_loss_and_is_new_each_time() -> None:
    chance = random.Random(1)
    first, second = (policy_text(number, chance) for number in (1, 2))
    assert len(split("p", first).clauses) == 10
    assert losses(split("p", first).certificate) == ()
    assert first.splitlines()[2:] != second.splitlines()[2:]


def test_the_right_to_write_is_taken_and_given_back(tmp_path: Path) -> None:
    file = tmp_path / "index" / "CURRENT"
    file.parent.mkdir()
    file.touch()
    places.set_writable(tmp_path, False)
    taken = [path.stat().st_mode & 0o222 for path in (tmp_path, file.parent, file)]
    places.set_writable(tmp_path, True)
    assert taken == [0, 0, 0]
    assert all(path.stat().st_mode & 0o200 for path in (tmp_path, file.parent, file))


@pytest.mark.skipif(places.why_rights_cannot_be_taken() is not None, reason="root may not give up its rights")
def test_permissions_bind_a_process_behind_the_prefix(tmp_path: Path) -> None:
    places.set_writable(tmp_path, False)
    command = [*places.rights_prefix(), sys.executable, "-c", "open('x', 'w')"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    places.set_writable(tmp_path, True)
    assert done.returncode == 1
    assert b"Permission denied" in done.stderr


def test_processes_started_here_see_none_of_the_users_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLICY_QA_MODEL", "openai:x")
    assert not [name for name in environment() if name.startswith("POLICY_QA_")]


@pytest.mark.loopback
def test_a_moment_is_down_from_the_kill_to_the_first_right_answer(tmp_path: Path) -> None:
    server = Server(tmp_path, {}, tmp_path / "log")
    server._down = [(10.0, 20.0)]
    server._up = True
    assert [server.was_down(*span) for span in ((1, 9), (9, 11), (12, 13), (19, 25), (21, 22))] == [
        False,
        True,
        True,
        True,
        False,
    ]
    server._up, server._down_since = False, 30.0
    assert [server.was_down(*span) for span in ((21, 29), (29, 31), (40, 41))] == [False, True, True]


# ── memory ──────────────────────────────────────────────────────────────────────────────────────


def samples(*megabytes: float) -> list[Sample]:
    return [Sample((number + 1) * 1000, rss, 0.0) for number, rss in enumerate(megabytes)]


def test_memory_that_grows_only_in_the_first_half_is_flat() -> None:
    line = growth(samples(400, 450, 480, 500, 500, 501, 500, 500))
    assert line is not None
    assert line.flat


def test_memory_that_goes_on_growing_is_not_flat() -> None:
    line = growth(samples(*(400 + 5 * number for number in range(10))))
    assert line is not None
    assert (line.slope_mb, line.added_mb, line.rss_mb, line.flat) == (5.0, 20.0, 425.0, False)


def test_a_few_samples_say_nothing_about_growth() -> None:
    assert growth(samples(400, 500, 600, 700, 800)) is None


def test_a_mutated_question_keeps_its_words_and_the_length_of_its_figures() -> None:
    chance = random.Random(3)
    changed = {mutated("付了120万，3件专利，第0条", chance) for _ in range(20)}
    assert len(changed) > 10
    assert all(len(one) == len("付了120万，3件专利，第0条") for one in changed)
    assert all(one.endswith("件专利，第0条") for one in changed)


def test_the_stream_asks_every_question_before_any_comes_again() -> None:
    source = stream(["甲", "乙", "丙"], random.Random(1))
    assert [{next(source) for _ in range(3)} for _ in range(2)] == [{"甲", "乙", "丙"}] * 2
