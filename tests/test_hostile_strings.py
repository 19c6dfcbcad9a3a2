"""Hostile strings are read without a fault, invent no figure, and take time in proportion to their length."""

from __future__ import annotations

import io
import json
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.hostile import (
    BAR_RATIO,
    SHAPES,
    TELLING_SECONDS,
    Reader,
    Shape,
    Timing,
    faults,
    figure_faults,
    hostile_strings,
    main,
    readers,
    real_texts,
    timed,
)
from policy_qa.checking import Checker
from policy_qa.checking.sentences import sentence_spans
from policy_qa.clauses import segments, split
from policy_qa.errors import FileRefusedError
from policy_qa.feedback import FeedbackStore
from policy_qa.loaders import load
from policy_qa.money import Figure, chinese_number, figures
from policy_qa.settings import load_settings
from policy_qa.text import fold
from policy_qa.web.app import create_app
from policy_qa.web.desk import Desk
from policy_qa.web.telemetry import Telemetry, json_log

SAMPLE = 250
"""A small part of what bench/hostile.py --strings 100000 reads."""


@pytest.fixture(scope="module")
def real(desk: Desk) -> tuple[str, ...]:
    return real_texts(desk.corpus, load_settings({}).eval)


# ── random and mutated strings ──────────────────────────────────────────────────────────────────


def test_hostile_strings_are_read_without_a_fault_and_no_figure_is_invented(
    desk: Desk, real: tuple[str, ...]
) -> None:
    found = {
        text: wrong
        for text in hostile_strings(real, SAMPLE, seed=1)
        if (wrong := faults(desk.assistant.understanding, text))
    }
    assert found == {}


def test_one_seed_makes_the_same_strings_and_another_seed_others(real: tuple[str, ...]) -> None:
    first, again, other = (list(hostile_strings(real, 50, seed)) for seed in (1, 1, 2))
    assert first == again
    assert len(set(first) & set(other)) < 5
    assert len(set(first)) > 45


def test_a_figure_that_nobody_printed_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    invented = Figure("50万元", 0, 4, "money", Decimal(5000000), None, "元", "exact", None)
    assert list(figure_faults("50万元")) == []
    monkeypatch.setattr("bench.hostile.figures", lambda _: (invented,))
    assert list(figure_faults("50万元")) == ["money: '50万元' is read as 5000000 元"]


@pytest.fixture(scope="module")
def client(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with FeedbackStore.open(tmp_path_factory.mktemp("feedback")) as feedback:
        app = create_app(desk, feedback, Telemetry(json_log(io.StringIO())))
        yield TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize(
    ("address", "field"), [("/api/ask", "question"), ("/api/check", "text"), ("/api/ask/stream", "question")]
)
def test_a_hostile_string_is_answered_or_refused_by_the_api_and_never_breaks_it(
    client: TestClient, real: tuple[str, ...], address: str, field: str
) -> None:
    for text in hostile_strings(real, 40, seed=2):
        body = json.dumps({field: text})  # in ASCII: a lone surrogate arrives as one
        answer = client.post(address, content=body, headers={"Content-Type": "application/json"})
        assert answer.status_code in (200, 422), ascii(text)
        assert answer.content.decode("utf-8")


# ── exactly the digits that stand there ─────────────────────────────────────────────────────────


@given(st.text("23456789", min_size=29, max_size=40))  # 一一 and 一二 begin words that are no numbers
def test_a_number_of_forty_digits_keeps_each_of_them(digits: str) -> None:
    chinese = digits.translate(str.maketrans("123456789", "一二三四五六七八九"))
    assert [one.value for one in figures(f"-{digits}元")] == [Decimal(f"-{digits}")]
    assert chinese_number(f"负{chinese}") == Decimal(f"-{digits}")
    assert [one.value for one in figures(f"{chinese}万元")] == [Decimal(f"{digits}0000")]


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_text_is_folded_as_unicode_says(text: str) -> None:
    assert fold(text) == "".join(unicodedata.normalize("NFKC", text).split())


def test_many_marks_on_one_character_are_all_kept() -> None:
    marks = "\u0301\u0316" * 5000
    assert sorted(fold(f"奖{marks}50")) == sorted(f"奖{marks}50")


# ── time in proportion ──────────────────────────────────────────────────────────────────────────

MENDED = {
    "text.fold": ["runs of '\\u0301\\u0316'"],
    "clauses.split": [
        "attachments and offices",
        "lines that hold two items",
        "headings with items inside",
        "statuses",
    ],
    "clauses.segments": ["bare duties"],
    "statements": ["half", "spaced zeros", "分之", "lists without a stop", "sums and no mark"],
    "checking.sentences": ["runs of '“'", "quotes around"],
    "loaders.markdown": [
        "blanks before a word",
        "comments",
        "bullets",
        "stars that close nothing",
        "blanks and stars",
        "ticks",
    ],
    "loaders.html": ["list items"],
    "loaders.kind": ["tags", "empty comments", "empty lines", "empty comments at the front"],
}
BY_NAME = {shape.name: shape for shape in SHAPES} | {
    "runs of '\\u0301\\u0316'": Shape("marks in two places", "\u0301\u0316")
}


@pytest.fixture(scope="module")
def by_name(desk: Desk) -> dict[str, Reader]:
    found = readers(desk.assistant.understanding, Checker(desk.corpus))
    return {reader.name: reader for reader in found}


@pytest.mark.parametrize(
    ("reader", "shape"), [(reader, shape) for reader in MENDED for shape in MENDED[reader]]
)
def test_what_took_the_square_of_a_text_takes_time_in_proportion(
    by_name: dict[str, Reader], reader: str, shape: str
) -> None:
    quarter, whole = (timed(by_name[reader], BY_NAME[shape], size) for size in (10_000, 40_000))
    assert quarter.whole is not None
    assert whole.whole is not None
    assert whole.whole < 10 * max(quarter.whole, quarter.half * 2) + TELLING_SECONDS  # the square would be 16


def test_a_timing_says_what_is_wrong_with_it() -> None:
    said = [
        Timing("r", "s", 100_000, half, whole).verdict
        for half, whole in ((0.1, 0.2), (0.1, 0.4), (0.6, 1.2), (0.001, 0.04), (20.0, None))
    ]
    assert said == ["ok", "NOT LINEAR", "SLOW", "ok", "HUNG"]
    assert Timing("r", "s", 1, 0.1, 0.1 * BAR_RATIO).ratio == pytest.approx(BAR_RATIO)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: repr(shape.name))
def test_a_shape_is_as_long_as_it_is_asked_to_be(shape: Shape) -> None:
    size = len(shape.text(5000).encode("utf-8", "surrogatepass"))
    assert 4800 <= size <= 5200


def test_a_short_run_of_the_bench_writes_its_table_and_its_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "hostile.json"
    arguments = ["--strings", "5", "--kilobytes", "1", "--only", "money.figures", "--date", "2026-02-01"]
    monkeypatch.setattr("sys.argv", ["hostile.py", *arguments, "--out", str(out)])
    assert main() == 0
    written = json.loads(out.read_text(encoding="utf-8"))
    assert (written["strings"], written["findings"], written["date"]) == (5, [], "2026-02-01")
    assert {one["reader"] for one in written["timings"]} == {"money.figures"}
    assert "| money.figures |" in capsys.readouterr().out


# ── the readers of files and texts, by hypothesis ───────────────────────────────────────────────

TAGS = (
    "<p> </p> <div•hidden> </div> <ol•start=' '> <li> <td•rowspan=' <table> <tr> <!-- --> <script> </script>"
)
MARKS = "** __ ` | -- # >• -• [a](b) <style> <b•style='display:none'> ² ９ -1 1e9 第一条 奖励10万元。 &#0;"
MARKUP = st.sampled_from(
    [*(piece.replace("•", " ") for piece in f"{TAGS} {MARKS}".split(" ")), "\n", " ", "\0"]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(MARKUP, max_size=30).map("".join), st.sampled_from(["html", "md", "txt"]))
def test_any_markup_is_a_document_without_a_lost_character_or_refused(
    tmp_path_factory: pytest.TempPathFactory, body: str, kind: str
) -> None:
    path = tmp_path_factory.mktemp("markup") / f"a.{kind}"
    head = "<html><body>" if kind == "html" else ""
    path.write_text(head + body, encoding="utf-8")
    try:
        document = load(path)
    except FileRefusedError:
        return
    assert document.text.strip()
    assert split("p", document.text).certificate.covered == len("".join(document.text.split()))


@given(st.text(st.sampled_from('“”"「」『』‘’奖50万元。！\n 一、(（)）负责客服：-12'), max_size=60))
def test_the_sentences_of_a_text_stand_in_it_in_order_and_hold_all_its_words(text: str) -> None:
    spans = list(sentence_spans(text))
    assert [edge for span in spans for edge in span] == sorted(edge for span in spans for edge in span)
    assert all(text[start:end].strip() == text[start:end] != "" for start, end in spans)


@given(st.text(st.sampled_from("甲乙（）()负责、，。 \n市局等"), max_size=60))
def test_the_passages_of_a_clause_follow_each_other_to_its_end(text: str) -> None:
    found = segments(text)
    assert found[0].start == 0
    between = [text[one.end : two.start].strip() for one, two in pairwise(found)]
    assert between == [""] * (len(found) - 1)
    assert text[found[-1].end :].strip() == ""
