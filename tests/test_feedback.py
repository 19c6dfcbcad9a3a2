"""Feedback is kept durably or refused in one sentence, and becomes evaluation cases for a reviewer."""

from __future__ import annotations

import datetime
import json
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from policy_qa.cli import main
from policy_qa.errors import CorpusError, StoreError
from policy_qa.evaluation import load_questions
from policy_qa.feedback import Feedback, FeedbackStore, as_cases
from policy_qa.feedback import store as store_module

WHEN = datetime.datetime(2026, 1, 31, 9, 30, tzinfo=datetime.UTC)
USEFUL = Feedback("0123456789abcdef", True, None, "小巨人奖多少", WHEN)
USELESS = Feedback(
    "0123456789abcdef", False, "没说怎么申报", "小巨人奖多少", WHEN + datetime.timedelta(days=1)
)
SILENT = Feedback("fedcba9876543210", False, "太长", None, WHEN)


@pytest.fixture
def store(home: Path) -> Iterator[FeedbackStore]:
    with FeedbackStore.open(home) as opened:
        yield opened


def test_what_is_kept_comes_back_whole_and_in_order_also_after_reopening(
    home: Path, store: FeedbackStore
) -> None:
    assert [store.add(entry) for entry in (USEFUL, USELESS, SILENT)] == [1, 2, 3]
    with FeedbackStore.open(home) as again:
        assert again.all() == [USEFUL, USELESS, SILENT]


def test_many_threads_and_a_second_store_on_the_same_file_lose_nothing(
    home: Path, store: FeedbackStore
) -> None:
    entries = [replace(SILENT, answer_id=f"{number:016x}") for number in range(40)]
    with FeedbackStore.open(home) as other, ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda one: (store, other)[int(one.answer_id, 16) % 2].add(one), entries))
    assert sorted(store.all(), key=lambda one: one.answer_id) == entries


@pytest.mark.slow
def test_a_process_killed_right_after_the_acknowledgement_loses_nothing(home: Path) -> None:
    program = textwrap.dedent("""
        import datetime, pathlib, sys
        from policy_qa.feedback import Feedback, FeedbackStore
        with FeedbackStore.open(pathlib.Path(sys.argv[1])) as store:
            while True:
                now = datetime.datetime.now(datetime.UTC)
                print(store.add(Feedback("0123456789abcdef", True, None, None, now)), flush=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout is not None
        acknowledged = [int(process.stdout.readline()) for _ in range(20)]
        os.kill(process.pid, signal.SIGKILL)
        acknowledged += [int(line) for line in process.stdout.read().splitlines()]
    with FeedbackStore.open(home) as store:
        kept = len(store.all())
    assert acknowledged == list(range(1, len(acknowledged) + 1))
    assert kept - len(acknowledged) in {0, 1}  # committed, and killed before it could say so


def test_nothing_is_acknowledged_where_the_database_cannot_be_written(
    home: Path, store: FeedbackStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.add(USEFUL)
    with sqlite3.connect(home / "feedback.sqlite") as held:
        monkeypatch.setattr(store_module, "_WAIT_SECONDS", 0.05)
        with FeedbackStore.open(home) as impatient:
            held.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError) as refused:
                impatient.add(USELESS)
    held.close()
    assert str(refused.value) == (
        "反馈没有保存（数据库被别的程序占用），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
    )
    assert store.all() == [USEFUL]


def test_a_full_disk_is_said_and_what_was_kept_stays(store: FeedbackStore) -> None:
    store.add(USEFUL)
    with store._engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
    with pytest.raises(StoreError) as refused:
        store.add(replace(USELESS, reason="长" * 50_000))
    assert str(refused.value) == (
        "反馈没有保存（磁盘已满），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
    )
    assert store.all() == [USEFUL]


def test_a_database_of_a_newer_version_is_refused_with_one_sentence(home: Path, store: FeedbackStore) -> None:
    store.close()
    with sqlite3.connect(home / "feedback.sqlite") as changed:
        changed.execute("UPDATE alembic_version SET version_num = '9999'")
    changed.close()
    with pytest.raises(StoreError) as refused:
        FeedbackStore.open(home)
    assert str(refused.value) == (
        "反馈数据库“feedback.sqlite”是更新版本的程序写的（9999），现在的版本读不了，"
        "请升级程序，或换一个 POLICY_QA_HOME。"
    )


def test_a_file_that_is_no_database_is_refused_with_one_sentence(home: Path) -> None:
    home.mkdir()
    (home / "feedback.sqlite").write_bytes(b"not a database, but long enough to look at" * 50)
    with pytest.raises(StoreError) as refused:
        FeedbackStore.open(home)
    assert str(refused.value) == (
        "反馈没有保存（文件不是数据库），请检查 POLICY_QA_HOME 文件夹的权限和磁盘空间后再试。"
    )


def test_a_question_becomes_one_case_with_all_that_was_said_and_nothing_expected() -> None:
    assert as_cases([USEFUL, SILENT, USELESS]) == [
        {
            "id": "dev-feedback-55cb2520a4a7",
            "question": "小巨人奖多少",
            "style": None,
            "kind": None,
            "status": [],
            "clauses": [],
            "total": None,
            "bound": None,
            "reverse": None,
            "departments": [],
            "note": (
                "待审核；2026-01-31 有用（回答 0123456789abcdef）；"
                "2026-02-01 没用：没说怎么申报（回答 0123456789abcdef）"
            ),
        }
    ]


def test_a_case_can_be_scored_once_a_reviewer_has_filled_it_in_and_not_before(tmp_path: Path) -> None:
    [case] = as_cases([USELESS])
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(case), encoding="utf-8")
    with pytest.raises(CorpusError, match="style"):
        load_questions(cases)

    reviewed = {"style": "colloquial", "kind": "rule", "status": ["answered"], "clauses": ["三（一）2"]}
    cases.write_text(json.dumps({**case, **reviewed}), encoding="utf-8")
    [question] = load_questions(cases)
    assert (question.id, question.question, question.status, question.clauses) == (
        case["id"],
        USELESS.question,
        ("answered",),
        ("三（一）2",),
    )


def test_the_export_writes_a_case_a_line_and_says_what_gives_none(
    store: FeedbackStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for entry in (USEFUL, USELESS, SILENT):
        store.add(entry)
    out = tmp_path / "cases.jsonl"
    outputs = []
    for arguments in ([], ["--out", str(out)]):
        monkeypatch.setattr(sys, "argv", ["policy-qa", "feedback", "export", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert ended.value.code == 0
        outputs.append(capsys.readouterr().out)
    [case] = as_cases([USEFUL, USELESS])
    assert [json.loads(outputs[0]), json.loads(out.read_text(encoding="utf-8"))] == [case, case]
    assert outputs[1] == "3 条评价导出成 1 道待审核的题；其中 1 条没有留下问题，不成题。\n"
