"""The index finds what exact comparison finds, stores what it was given, and does no work twice."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index import Passage, build, ensure, index_version, open_index

PASSAGES = tuple(
    Passage(
        id=f"draft/三（一）{number}",
        policy="draft",
        clause=f"三（一）{number}",
        text=f"第{number}条 对新认定的{kind}企业给予一次性奖补{number * 10}万元",
        kind="clause",
    )
    for number, kind in enumerate(("规上工业", "小巨人", "智能工厂", "数字化车间", "工业精品", "三品示范"), 1)
)


class Counted:
    """An embedder that keeps the passages another one was given."""

    def __init__(self, embedder: Embedder) -> None:
        self.name = embedder.name
        self.texts: list[str] = []
        self._embedder = embedder

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        self.texts.extend(texts)
        return self._embedder.embed_passages(texts)

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed_query(text)


class Given:
    """An embedder that answers with the vectors it was made with, whatever is asked."""

    def __init__(self, vectors: list[list[float]], name: str = "given") -> None:
        self.name = name
        self._vectors = vectors

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        del texts
        return self._vectors

    def embed_query(self, text: str) -> list[float]:
        del text
        return self._vectors[0]


@pytest.fixture
def counted(embedder: Embedder) -> Counted:
    return Counted(embedder)


def exact(passages: Sequence[Passage], embedder: Embedder, question: str, k: int) -> list[tuple[str, float]]:
    """What comparing the question with every passage finds."""
    vectors = np.asarray(embedder.embed_passages([passage.text for passage in passages]))
    cosines = (vectors @ np.asarray(embedder.embed_query(question))).round(6)
    best = sorted(range(len(passages)), key=lambda row: (-cosines[row], row))[:k]
    return [(passages[row].id, float(cosines[row])) for row in best]


@pytest.mark.parametrize("k", [1, 3, 6, 50])
@pytest.mark.parametrize("question", ["小巨人奖补多少", "智能工厂", "完全无关的话"])
def test_a_search_finds_what_comparing_with_every_passage_finds(
    embedder: Embedder, home: Path, question: str, k: int
) -> None:
    index = build(PASSAGES, embedder, home)

    found = index.search(embedder.embed_query(question), k)

    assert index.exact_because is None
    assert [id_ for id_, _ in found] == [id_ for id_, _ in exact(PASSAGES, embedder, question, k)]
    assert [score for _, score in found] == pytest.approx(
        [score for _, score in exact(PASSAGES, embedder, question, k)], abs=2e-6
    )


def test_thousands_of_passages_are_found_as_comparing_with_every_one_does(home: Path) -> None:
    rows = np.random.default_rng(7).normal(size=(1000, 16)).astype(np.float32)
    passages = [Passage(str(row), "p", "c", f"text {row}", "clause") for row in range(1000)]
    by_text = {passage.text: rows[row].tolist() for row, passage in enumerate(passages)}

    class ByText(Given):
        def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
            return [by_text[text] for text in texts]

    index = build(passages, ByText([[0.0]]), home)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    for query in np.random.default_rng(8).normal(size=(20, 16)).astype(np.float32):
        best = np.argsort(-(unit @ query))[:10]
        assert [id_ for id_, _ in index.search(query.tolist(), 10)] == [str(row) for row in best]
    assert index.exact_because is None


def test_equally_near_passages_come_in_the_order_of_the_corpus(embedder: Embedder, home: Path) -> None:
    same = [Passage(f"id-{row}", "p", "c", "同样的一句话", "segment") for row in (3, 1, 2)]

    found = build(same, embedder, home).search(embedder.embed_query("同样的一句话"), 3)

    assert found == [("id-3", 1.0), ("id-1", 1.0), ("id-2", 1.0)]


def test_the_results_are_the_same_after_chroma_is_closed(embedder: Embedder, home: Path) -> None:
    query = embedder.embed_query("智能工厂奖多少")
    with build(PASSAGES, embedder, home) as index:
        served = index.search(query, 4)

    assert index.search(query, 4) == served


def test_no_passages_are_returned_where_none_are_wanted(embedder: Embedder, home: Path) -> None:
    index = build(PASSAGES, embedder, home)

    assert [index.search(embedder.embed_query("奖补"), k) for k in (0, -1)] == [[], []]


def test_a_vector_of_another_length_is_refused(embedder: Embedder, home: Path) -> None:
    index = build(PASSAGES, embedder, home)

    with pytest.raises(ValueError, match="a vector of 64 numbers is needed, not 3"):
        index.search([1.0, 0.0, 0.0], 1)


def test_an_index_of_one_passage_is_an_index(embedder: Embedder, home: Path) -> None:
    build(PASSAGES[:1], embedder, home).close()

    reopened = open_index(PASSAGES[:1], embedder.name, home)

    assert reopened
    assert reopened.search(embedder.embed_query(PASSAGES[0].text), 5) == [(PASSAGES[0].id, 1.0)]
    assert reopened.exact_because is None


def test_chroma_holds_the_passages_with_their_texts_and_labels(
    embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    import chromadb

    build(PASSAGES, embedder, home).close()
    [sealed] = (home / "index").glob("*-*/chroma")
    shutil.copytree(sealed, tmp_path / "copy")
    client = chromadb.PersistentClient(path=str(tmp_path / "copy"))
    collection = client.get_collection("passages", embedding_function=None)

    stored = collection.get(include=["documents", "metadatas"])

    with pytest.deprecated_call():  # Chroma, about a collection without a model of its own
        assert collection.configuration["hnsw"]["space"] == "cosine"
    assert [
        Passage(id_, str(label["policy"]), str(label["clause"]), text, "clause")
        for id_, text, label in zip(stored["ids"], stored["documents"], stored["metadatas"], strict=True)
    ] == list(PASSAGES)
    assert {label["kind"] for label in stored["metadatas"]} == {"clause"}
    client.close()


def test_texts_that_no_database_takes_are_indexed_all_the_same(embedder: Embedder, home: Path) -> None:
    odd = [
        Passage("nul", "p", "c", "专利\0质押", "clause"),
        Passage("surrogate", "p", "c", "贴息\ud800贷款", "segment"),
        Passage("empty", "p", "c", "", "measure"),
    ]

    index = build(odd, embedder, home)

    assert {id_ for id_, _ in index.search(embedder.embed_query("专利"), 3)} == {"nul", "surrogate", "empty"}
    assert index.exact_because is None


# ── no work twice ───────────────────────────────────────────────────────────────────────────────


def test_an_unchanged_corpus_is_opened_and_nothing_is_embedded(counted: Counted, home: Path) -> None:
    build(PASSAGES, counted, home).close()
    counted.texts.clear()

    opened = ensure(PASSAGES, counted, home)

    assert opened
    assert (opened.exact_because, opened.version) == (None, index_version(PASSAGES, counted.name))
    assert counted.texts == []


def test_only_a_changed_passage_is_embedded_again(counted: Counted, home: Path) -> None:
    changed = (*PASSAGES[:-1], dataclasses.replace(PASSAGES[-1], text="改过的一条"))
    build(PASSAGES, counted, home).close()
    counted.texts.clear()

    index = ensure(changed, counted, home)

    assert counted.texts == ["改过的一条"]
    assert index
    assert index.search(counted.embed_query("改过的一条"), 1) == [(PASSAGES[-1].id, 1.0)]


def test_a_text_that_occurs_twice_is_embedded_once(counted: Counted, home: Path) -> None:
    build([PASSAGES[0], dataclasses.replace(PASSAGES[0], id="again", kind="segment")], counted, home)

    assert counted.texts == [PASSAGES[0].text]


def test_a_rebuild_without_need_embeds_nothing_and_serves_a_new_folder(counted: Counted, home: Path) -> None:
    build(PASSAGES, counted, home).close()
    before = (home / "index" / "CURRENT").read_text()
    counted.texts.clear()

    build(PASSAGES, counted, home).close()

    assert counted.texts == []
    assert (home / "index" / "CURRENT").read_text() != before


@pytest.mark.parametrize(
    ("passages", "model"),
    [
        ((*PASSAGES[1:], PASSAGES[0]), "fake-bigrams"),
        (PASSAGES[1:], "fake-bigrams"),
        ((dataclasses.replace(PASSAGES[0], text="别的"), *PASSAGES[1:]), "fake-bigrams"),
        ((dataclasses.replace(PASSAGES[0], id="other"), *PASSAGES[1:]), "fake-bigrams"),
        ((dataclasses.replace(PASSAGES[0], kind="measure"), *PASSAGES[1:]), "fake-bigrams"),
        (PASSAGES, "another model"),
    ],
    ids=["order", "missing", "text", "id", "kind", "model"],
)
def test_an_index_of_something_else_is_not_opened(
    embedder: Embedder, home: Path, passages: Sequence[Passage], model: str
) -> None:
    build(PASSAGES, embedder, home).close()

    assert open_index(passages, model, home) is None


def test_the_index_replaced_is_kept_and_older_ones_are_removed(embedder: Embedder, home: Path) -> None:
    folders = []
    for size in (3, 4, 5):
        build(PASSAGES[:size], embedder, home).close()
        folders.append((home / "index" / "CURRENT").read_text().strip())

    assert sorted(path.name for path in (home / "index").glob("*-*")) == sorted(folders[1:])


def test_progress_counts_up_to_all_passages(embedder: Embedder, home: Path) -> None:
    many = [dataclasses.replace(PASSAGES[0], id=str(row), text=f"第{row}条") for row in range(40)]
    steps: list[tuple[int, int]] = []

    build(many, embedder, home, progress=lambda done, total: steps.append((done, total)))

    assert steps == [(0, 40), (16, 40), (32, 40), (40, 40)]


# ── what cannot be indexed ──────────────────────────────────────────────────────────────────────


def test_without_an_embedding_model_there_is_no_index_and_nothing_is_written(home: Path) -> None:
    assert ensure(PASSAGES, None, home) is None
    assert not home.exists()


def test_a_corpus_without_clauses_is_refused(embedder: Embedder, home: Path) -> None:
    with pytest.raises(StoreError) as refused:
        ensure([], embedder, home)

    assert str(refused.value) == (
        "语料里没有一个条款，无法建立检索索引；请检查 POLICY_QA_CORPUS 指向的文件夹。"
    )


def test_two_passages_with_one_id_are_refused(embedder: Embedder, home: Path) -> None:
    with pytest.raises(ValueError, match="two passages share an id"):
        build([PASSAGES[0], PASSAGES[0]], embedder, home)


@pytest.mark.parametrize(
    ("vectors", "problem"),
    [
        ([[1.0, float("nan")]] * 6, "数量不对或含非数值"),
        ([[1.0, 2.0]] * 5, "数量不对或含非数值"),
        ([[1.0, 2.0]] * 5 + [[1.0]], "长度前后不一"),
        ([], "数量不对或含非数值"),
    ],
    ids=["nan", "one missing", "ragged", "none"],
)
def test_vectors_that_cannot_be_used_name_the_model_and_the_setting(
    home: Path, vectors: list[list[float]], problem: str
) -> None:
    with pytest.raises(StoreError) as refused:
        build(PASSAGES, Given(vectors, "坏模型"), home)

    assert str(refused.value) == (
        f"向量模型「坏模型」给出的向量不可用（{problem}）；请用 POLICY_QA_EMBEDDING 换一个模型。"
    )
    assert sorted(path.name for path in (home / "index").iterdir()) == ["lock", "vectors"]


def test_indexing_and_searching_ask_no_server(embedder: Embedder, home: Path, network: list[str]) -> None:
    build(PASSAGES, embedder, home).search(embedder.embed_query("奖补"), 3)

    assert network == []


def test_a_graph_that_left_a_vector_out_is_built_again(
    home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = iter(["3 条里有 1 条检索不到自己", None])
    monkeypatch.setattr("policy_qa.index._problem", lambda *_: next(problems))
    with build(PASSAGES, embedder, home) as built:
        assert (len(built), next(problems, "asked twice")) == (len(PASSAGES), "asked twice")
