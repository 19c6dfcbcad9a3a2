"""What is found must be exact BM25 of the live rows, however the documents came to be in segments."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from policy_qa import tokens
from policy_qa.postings import FIELDS, Found, LivePostings, Postings, Query, Weights

DOCUMENTS = (
    "对新认定的国家级高新技术企业，一次性奖励20万元。",
    "对首次认定的专精特新小巨人企业，给予50万元奖励，奖励资金由市级财政承担。",
    "本办法自发布之日起施行，有效期三年。",
    "发明专利每件资助5000元，国外专利每件资助2万元，每家企业每年不超过20万元。",
    "鼓励企业引进R&D人才，对年薪50万元以上的，按个人所得税地方留成部分的50%奖励。",
    "企业申报时应当提交营业执照、财务报表和纳税证明，不得重复申报。",
)
QUESTION = "高新技术企业认定奖励多少万元"

texts = st.text(st.sampled_from("企业奖励专利万元高新技术认定的50a%， 。"), max_size=24)


def _rows(found: Sequence[Found]) -> list[int]:
    return [one.row for one in found]


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────


def test_pairs_are_of_neighbours_alone_and_a_single_character_or_latin_word_stands_for_itself() -> None:
    assert tokens.pairs("对R&D 投入，奖50万元。") == ["对", "r", "d", "投入", "奖", "50", "万元"]
    assert tokens.pairs("专精特新") == ["专精", "精特", "特新"]


@settings(deadline=None)
@given(st.lists(st.one_of(texts, st.text(max_size=12)), max_size=5))
def test_a_batch_of_texts_has_the_tokens_of_each_text(batch: list[str]) -> None:
    words, pairs = tokens.fields(batch)
    for field, cut in ((words, tokens.words), (pairs, tokens.pairs)):
        for row, text in enumerate(batch):
            assert Counter(field.keys[field.rows == row].tolist()) == Counter(map(tokens.key, cut(text)))


def test_long_words_are_indexed_with_their_parts_and_punctuation_is_not() -> None:
    assert {"高新技术", "高新", "技术", "企业"} <= set(tokens.words("高新技术企业。"))
    assert tokens.words("，。！") == []


@given(st.sets(st.text(st.sampled_from("0a9z一鿿企业"), min_size=1, max_size=5), max_size=40))
def test_each_token_has_a_key_of_its_own(different: set[str]) -> None:
    keys = {tokens.key(token) for token in different}
    assert len(keys) == len(different)
    assert 0 not in keys


def test_the_tokenizer_is_named_with_its_version() -> None:
    assert re.match(r"rjieba \d+\.\d+\.\d+ ", tokens.tokenizer())


def test_broken_characters_cost_no_error() -> None:
    built = LivePostings([Postings.in_memory(["\ud800坏了的 企业"])])
    assert _rows(built.best(Query.of("\udfff企业"), 1)) == [0]


# ── scores ──────────────────────────────────────────────────────────────────────────────────────


def _reference(cut: Sequence[Sequence[str]], looked_for: Sequence[str]) -> NDArray[np.float64]:
    """BM25 as its authors write it, Lucene's idf, one document and one token at a time."""
    mean = sum(map(len, cut)) / len(cut)
    scores = np.zeros(len(cut))
    for token in looked_for:
        frequency = sum(token in document for document in cut)
        idf = np.log(1 + (len(cut) - frequency + 0.5) / (frequency + 0.5))
        for row, document in enumerate(cut):
            count = document.count(token)
            if count:
                scores[row] += idf * count / (count + 1.5 * (1 - 0.75 + 0.75 * len(document) / mean))
    return scores


@pytest.mark.parametrize("name", FIELDS)
def test_a_field_is_scored_by_bm25(name: str) -> None:
    cut_of = tokens.words if name == "words" else tokens.pairs
    scores = _reference([cut_of(text) for text in DOCUMENTS], cut_of(QUESTION))
    only = Weights(words=float(name == "words"), pairs=float(name == "pairs"))
    found = LivePostings([Postings.in_memory(DOCUMENTS)]).best(Query.of(QUESTION), 10, only)
    assert {one.row: one.score for one in found} == pytest.approx(
        {row: score / scores.max() for row, score in enumerate(scores) if score}, abs=2e-6
    )


def test_the_scores_are_those_of_bm25s() -> None:
    import bm25s

    cut = [tokens.words(text) for text in DOCUMENTS]
    theirs = bm25s.BM25()
    theirs.index(cut, show_progress=False)
    scores = theirs.get_scores([word for word in tokens.words(QUESTION) if word in theirs.vocab_dict])
    found = LivePostings([Postings.in_memory(DOCUMENTS)]).best(Query.of(QUESTION), 10, Weights(pairs=0))
    assert {one.row: one.score for one in found} == pytest.approx(
        {row: score / scores.max() for row, score in enumerate(scores.tolist()) if score}, abs=1e-5
    )


def test_both_fields_count_and_their_weights_decide_between_them() -> None:
    postings = LivePostings([Postings.in_memory(["发明专利", "明专 利发"])])
    query = Query({"发明": 1.0}, {"明专": 1.0})
    assert [one.score for one in postings.best(query, 2)] == [2.0, pytest.approx(1.2, abs=0.5)]
    assert _rows(postings.best(query, 2, Weights(pairs=0))) == [0]


def test_nothing_is_found_without_a_shared_token() -> None:
    postings = LivePostings([Postings.in_memory(DOCUMENTS)])
    assert postings.best(Query.of("xyz"), 5) == []
    assert postings.best(Query(), 5) == []
    assert postings.best(Query.of(QUESTION), 0) == []
    assert LivePostings([]).best(Query.of(QUESTION), 5) == []
    assert LivePostings([Postings.in_memory(())]).best(Query.of(QUESTION), 5) == []
    assert LivePostings([Postings.in_memory(["", "。"])]).best(Query.of(QUESTION), 5) == []


def test_a_count_above_255_still_scores_near_its_limit() -> None:
    postings = LivePostings([Postings.in_memory(["奖" + "，奖" * 299, "企业"])])
    assert postings.best(Query.of("奖"), 2) == [Found(0, 0, 2.0)]


@pytest.mark.parametrize("k", [1, 2, 3, 40])
def test_the_best_of_many_rows_are_the_first_of_all_of_them(k: int) -> None:
    random = Random(k)
    many = [
        "".join(random.choices("企业奖励专利万元高新技术认定的", k=random.randint(1, 30))) for _ in range(900)
    ]
    postings = LivePostings([Postings.in_memory(many[:500]), Postings.in_memory(many[500:])])
    everything = postings.best(Query.of(QUESTION), len(many))
    assert len(everything) > 300
    assert postings.best(Query.of(QUESTION), k) == everything[:k]


def test_equal_scores_stand_in_the_order_of_the_caller() -> None:
    segments = [Postings.in_memory(["奖励", "奖励"]), Postings.in_memory(["奖励"])]
    ordinals = ([3, 1], [2])
    backwards = LivePostings(segments, order=lambda segment, rows: np.array(ordinals[segment])[rows])
    query = Query.of("奖励")
    assert [(one.segment, one.row) for one in LivePostings(segments).best(query, 2)] == [(0, 0), (0, 1)]
    assert [(one.segment, one.row) for one in backwards.best(query, 2)] == [(0, 1), (1, 0)]


@st.composite
def _shelves(draw: st.DrawFn) -> tuple[list[str], list[int], list[bool]]:
    """Documents, the segment each is put into, and whether it lives."""
    documents = draw(st.lists(texts, min_size=1, max_size=14))
    size = len(documents)
    segment_of = draw(st.lists(st.integers(0, 3), min_size=size, max_size=size))
    return documents, segment_of, draw(st.lists(st.booleans(), min_size=size, max_size=size))


def _parted(
    documents: Sequence[str], segment_of: Sequence[int], live: Sequence[bool]
) -> tuple[list[Postings], list[NDArray[np.bool_] | None], list[NDArray[np.int64]]]:
    members = [[i for i, segment in enumerate(segment_of) if segment == number] for number in range(4)]
    masks = [np.array([live[i] for i in rows], dtype=np.bool_) for rows in members]
    return (
        [Postings.in_memory([documents[i] for i in rows]) for rows in members],
        [None if mask.all() else mask for mask in masks],
        [np.array(rows, dtype=np.int64) for rows in members],
    )


@settings(max_examples=100, deadline=None)
@given(_shelves(), texts, st.integers(1, 16))
def test_neither_segments_nor_dead_rows_change_a_score_or_the_order(
    shelf: tuple[list[str], list[int], list[bool]], question: str, k: int
) -> None:
    documents, segment_of, live = shelf
    segments, masks, numbers = _parted(documents, segment_of, live)
    parted = LivePostings(segments, masks, order=lambda segment, rows: numbers[segment][rows])
    alive = [i for i, lives in enumerate(live) if lives]
    whole = LivePostings([Postings.in_memory([documents[i] for i in alive])])
    query = Query.of(question, "企业")
    assert [(int(numbers[one.segment][one.row]), one.score) for one in parted.best(query, k)] == [
        (alive[one.row], one.score) for one in whole.best(query, k)
    ]
    assert len(parted) == len(whole) == len(alive)
    for token in (*query.words, *query.pairs, question):
        assert parted.document_frequency(token) == whole.document_frequency(token)


# ── document frequency ──────────────────────────────────────────────────────────────────────────


def test_the_frequency_of_a_token_is_exact_and_that_of_a_phrase_the_least_of_its_pairs() -> None:
    mask = np.array([True, True, True, True, True, False])
    postings = LivePostings([Postings.in_memory(DOCUMENTS)], [mask])
    assert postings.document_frequency("企业") == 4
    assert postings.document_frequency("万元") == 4
    assert postings.document_frequency("小巨人企业") == 1
    assert postings.document_frequency("营业执照") == 0
    assert postings.document_frequency("R") == postings.document_frequency("r") == 1
    assert LivePostings([Postings.in_memory(["奖励金，奖励"])]).document_frequency("励金") == 1
    assert postings.document_frequency("独角兽") == 0
    assert postings.document_frequency("") == 0


# ── files ───────────────────────────────────────────────────────────────────────────────────────


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_what_was_written_is_what_is_opened(tmp_path: Path) -> None:
    Postings.build(DOCUMENTS, tmp_path / "one")
    opened = Postings.open(tmp_path / "one")
    query = Query.of(QUESTION)
    assert len(opened) == len(DOCUMENTS)
    assert LivePostings([opened]).best(query, 5) == LivePostings([Postings.in_memory(DOCUMENTS)]).best(
        query, 5
    )


def test_many_documents_are_written_part_by_part_as_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Postings.build(DOCUMENTS, tmp_path / "at once")
    monkeypatch.setattr("policy_qa.postings._AT_ONCE", 2)
    monkeypatch.setattr("policy_qa.postings._ENTRIES_AT_ONCE", 3)
    Postings.build(iter(DOCUMENTS), tmp_path / "in parts")
    assert _files(tmp_path / "in parts") == _files(tmp_path / "at once")


def test_a_segment_without_documents_can_be_written(tmp_path: Path) -> None:
    Postings.build((), tmp_path)
    assert len(Postings.open(tmp_path)) == 0


@settings(max_examples=25, deadline=None)
@given(_shelves())
def test_merged_segments_are_the_segment_built_of_their_live_rows(
    tmp_path_factory: pytest.TempPathFactory, shelf: tuple[list[str], list[int], list[bool]]
) -> None:
    documents, segment_of, live = shelf
    folder = tmp_path_factory.mktemp("segments")
    segments, masks, numbers = _parted(documents, segment_of, live)
    Postings.merged(list(zip(segments, masks, strict=True)), folder / "merged")
    Postings.build([documents[i] for rows in numbers for i in rows.tolist() if live[i]], folder / "built")
    assert _files(folder / "merged") == _files(folder / "built")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    Postings.build(DOCUMENTS, tmp_path)
    next(iter(tmp_path.iterdir())).unlink()
    with pytest.raises(OSError, match="npy"):
        Postings.open(tmp_path)
