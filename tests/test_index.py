"""The index finds what exact comparison finds, stores what it was given, and does no work twice."""

from __future__ import annotations

import dataclasses
import random
import shutil
import threading
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from policy_qa.domain import Embedder
from policy_qa.errors import StoreError
from policy_qa.index import Index, Place, build, ensure, in_memory, index_version, keeping, open_index
from policy_qa.passages import Passage, digest

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


class Shelf:
    """Policies by the ``policy`` of their passages; ``asked`` keeps the policies whose passages were read."""

    def __init__(self, passages: Iterable[Passage]) -> None:
        self._passages: dict[str, list[Passage]] = {}
        for passage in passages:
            self._passages.setdefault(passage.policy, []).append(passage)
        self.digests: Mapping[str, str] = {policy: digest(found) for policy, found in self._passages.items()}
        self.asked: list[str] = []

    def passages(self, policy: str) -> Sequence[Passage]:
        self.asked.append(policy)
        return self._passages[policy]


SHELF = Shelf(PASSAGES)


def policy(name: str, texts: Iterable[str]) -> list[Passage]:
    return [Passage(f"{name}/{row}", name, f"第{row}条", text, "clause") for row, text in enumerate(texts, 1)]


def ids(found: Iterable[tuple[Place, float]]) -> list[tuple[str, float]]:
    return [(place.id, score) for place, score in found]


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
    index = build(SHELF, embedder, home)

    found = ids(index.nearest(embedder.embed_query(question), k))

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

    index = build(Shelf(passages), ByText([[0.0]]), home)
    unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    for query in np.random.default_rng(8).normal(size=(20, 16)).astype(np.float32):
        best = np.argsort(-(unit @ query))[:10]
        assert [id_ for id_, _ in ids(index.nearest(query.tolist(), 10))] == [str(row) for row in best]
    assert index.exact_because is None


def test_equally_near_passages_come_in_the_order_of_the_corpus(embedder: Embedder, home: Path) -> None:
    same = [Passage(f"id-{row}", "p", "c", "同样的一句话", "segment") for row in (3, 1, 2)]

    found = build(Shelf(same), embedder, home).nearest(embedder.embed_query("同样的一句话"), 3)

    assert ids(found) == [("id-3", 1.0), ("id-1", 1.0), ("id-2", 1.0)]


def test_the_results_are_the_same_after_chroma_is_closed(embedder: Embedder, home: Path) -> None:
    query = embedder.embed_query("智能工厂奖多少")
    with build(SHELF, embedder, home) as index:
        served = index.nearest(query, 4)

    assert index.nearest(query, 4) == served


def test_no_passages_are_returned_where_none_are_wanted(embedder: Embedder, home: Path) -> None:
    index = build(SHELF, embedder, home)

    assert [index.nearest(embedder.embed_query("奖补"), k) for k in (0, -1)] == [[], []]


def test_a_vector_of_another_length_is_refused(embedder: Embedder, home: Path) -> None:
    index = build(SHELF, embedder, home)

    with pytest.raises(ValueError, match="a vector of 64 numbers is needed, not 3"):
        index.nearest([1.0, 0.0, 0.0], 1)


def test_an_index_of_one_passage_is_an_index(embedder: Embedder, home: Path) -> None:
    build(Shelf(PASSAGES[:1]), embedder, home).close()

    reopened = open_index(Shelf(PASSAGES[:1]), embedder.name, home)

    assert reopened
    assert ids(reopened.nearest(embedder.embed_query(PASSAGES[0].text), 5)) == [(PASSAGES[0].id, 1.0)]
    assert reopened.exact_because is None


def test_chroma_holds_the_passages_with_their_texts_and_labels(
    embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    import chromadb

    build(SHELF, embedder, home).close()
    [sealed] = (home / "index").glob("graphs/*")
    shutil.copytree(sealed, tmp_path / "copy")
    client = chromadb.PersistentClient(path=str(tmp_path / "copy"))
    collection = client.get_collection("passages", embedding_function=None)

    stored = collection.get(include=["documents", "metadatas"])

    with pytest.deprecated_call():  # Chroma, about a collection without a model of its own
        assert collection.configuration["hnsw"]["space"] == "cosine"
    assert [
        Passage(str(label["id"]), str(label["policy"]), str(label["clause"]), text, "clause")
        for text, label in zip(stored["documents"], stored["metadatas"], strict=True)
    ] == list(PASSAGES)
    assert {label["kind"] for label in stored["metadatas"]} == {"clause"}
    client.close()


def test_texts_that_no_database_takes_are_indexed_all_the_same(embedder: Embedder, home: Path) -> None:
    odd = [
        Passage("nul", "p", "c", "专利\0质押", "clause"),
        Passage("surrogate", "p", "c", "贴息\ud800贷款", "segment"),
        Passage("empty", "p", "c", "", "measure"),
    ]

    index = build(Shelf(odd), embedder, home)

    assert {id_ for id_, _ in ids(index.nearest(embedder.embed_query("专利"), 3))} == {
        "nul",
        "surrogate",
        "empty",
    }
    assert index.exact_because is None


# ── no work twice ───────────────────────────────────────────────────────────────────────────────


def test_an_unchanged_corpus_is_opened_and_nothing_is_embedded(counted: Counted, home: Path) -> None:
    build(SHELF, counted, home).close()
    counted.texts.clear()

    opened = ensure(SHELF, counted, home)

    assert (opened.exact_because, opened.version) == (None, index_version(SHELF, counted.name))
    assert counted.texts == []


def test_only_a_changed_passage_is_embedded_again(counted: Counted, home: Path) -> None:
    changed = (*PASSAGES[:-1], dataclasses.replace(PASSAGES[-1], text="改过的一条"))
    build(SHELF, counted, home).close()
    counted.texts.clear()

    index = ensure(Shelf(changed), counted, home)

    assert counted.texts == ["改过的一条"]
    assert ids(index.nearest(counted.embed_query("改过的一条"), 1)) == [(PASSAGES[-1].id, 1.0)]


def test_a_text_that_occurs_twice_is_embedded_once(counted: Counted, home: Path) -> None:
    build(Shelf([PASSAGES[0], dataclasses.replace(PASSAGES[0], id="again", kind="segment")]), counted, home)

    assert counted.texts == [PASSAGES[0].text]


def test_a_rebuild_without_need_embeds_nothing_and_serves_a_new_folder(counted: Counted, home: Path) -> None:
    build(SHELF, counted, home).close()
    before = (home / "index" / "CURRENT").read_text()
    counted.texts.clear()

    build(SHELF, counted, home).close()

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
    build(SHELF, embedder, home).close()

    assert open_index(Shelf(passages), model, home) is None


def test_the_index_replaced_is_kept_and_older_ones_are_removed(embedder: Embedder, home: Path) -> None:
    versions = []
    for size in (3, 4, 5):
        build(Shelf(PASSAGES[:size]), embedder, home).close()
        versions.append((home / "index" / "CURRENT").read_text().strip()[17:])

    assert {path.stem for path in (home / "index" / "versions").iterdir()} == set(versions[1:])
    assert [len(list((home / "index" / part).iterdir())) for part in ("segments", "graphs")] == [2, 2]


def test_progress_counts_up_to_all_passages(embedder: Embedder, home: Path) -> None:
    many = [dataclasses.replace(PASSAGES[0], id=str(row), text=f"第{row}条") for row in range(150)]
    steps: list[tuple[int, int]] = []

    build(Shelf(many), embedder, home, progress=lambda done, total: steps.append((done, total)))

    assert steps == [(0, 150), (64, 150), (128, 150), (150, 150)]


# ── policies that come, change and go ───────────────────────────────────────────────────────────

QUESTIONS = ("奖补多少", "第3条 丙", "改后的第5条", "贷款", "xyz")
CITIES = "甲乙丙丁戊己庚辛"


def city(name: str, edition: int = 0) -> list[Passage]:
    return policy(name, (f"{name}市{'改后的' * edition}第{row}条 奖补{row * 7 % 5}万元" for row in range(6)))


def everything(index: Index, embedder: Embedder) -> object:
    """All that can be asked of an index."""
    return (
        len(index),
        [index.nearest(embedder.embed_query(question), 9) for question in QUESTIONS],
        [index.nearest(embedder.embed_query("奖补"), 9, policy=name) for name in CITIES],
        [index.matching(question, 9) for question in QUESTIONS],
        [index.document_frequency(word) for word in ("奖补", "改后的第", "丙市", "没有")],
    )


@pytest.mark.parametrize("seed", range(4))
def test_an_index_with_a_history_answers_as_one_built_at_once(
    embedder: Embedder, home: Path, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(6):
        names = chance.sample(CITIES, chance.randint(2, len(CITIES)))
        passages = [one for name in names for one in city(name, chance.randint(0, 2))]
        index = ensure(Shelf(passages), embedder, home)
    afresh = build(Shelf(passages), embedder, tmp_path / "afresh")

    assert everything(index, embedder) == everything(afresh, embedder)
    assert (index.version, index.exact_because) == (afresh.version, None)


def test_one_changed_policy_is_read_and_embedded_alone(counted: Counted, home: Path) -> None:
    old = {name: city(name) for name in CITIES}
    ensure(Shelf(one for found in old.values() for one in found), counted, home).close()
    before = {path: path.stat().st_mtime_ns for path in (home / "index" / "segments").rglob("*.npy")}
    shelf = Shelf(one for name, found in old.items() for one in (city("丙", 1) if name == "丙" else found))
    counted.texts.clear()

    ensure(shelf, counted, home).close()

    assert (set(shelf.asked), counted.texts) == ({"丙"}, [passage.text for passage in city("丙", 1)])
    after = {path: path.stat().st_mtime_ns for path in (home / "index" / "segments").rglob("*.npy")}
    assert {path: after.get(path) for path in before} == before
    assert len(after) == 2 * len(before)


def test_the_old_wording_of_a_policy_is_not_found_any_more(embedder: Embedder, home: Path) -> None:
    old, new = policy("甲", ["给予贷款贴息", "给予设备补助"]), policy("甲", ["给予设备补助"])
    others = [one for name in "乙丙丁" for one in city(name)]
    ensure(Shelf([*old, *others]), embedder, home).close()

    index = ensure(Shelf([*new, *others]), embedder, home)

    assert [score for _, score in index.nearest(embedder.embed_query("给予贷款贴息"), 1)] != [1.0]
    assert (index.matching("贷款", 5), index.document_frequency("贷款")) == ([], 0)
    assert len(index) == 1 + len(others)


def test_dead_passages_that_stand_nearest_hide_no_living_one(
    embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    crowd = policy("甲", (f"给予贷款贴息{row % 3}" for row in range(120)))
    others = [one for name in range(25) for one in city(f"{name}号")]
    ensure(Shelf([*crowd, *others]), embedder, home).close()
    now = Shelf([*policy("甲", ["给予设备补助"]), *others])
    query = embedder.embed_query("给予贷款贴息1")

    index = ensure(now, embedder, home)

    assert [(len(part.segment), part.size) for part in index.parts] == [(270, 150), (1, 1)]
    assert index.nearest(query, 5) == build(now, embedder, tmp_path / "afresh").nearest(query, 5)
    assert index.exact_because is None


def test_a_change_that_is_undone_indexes_nothing_anew(counted: Counted, home: Path) -> None:
    others = [one for name in "乙丙丁" for one in city(name)]
    ensure(Shelf([*city("甲"), *others]), counted, home).close()
    ensure(Shelf([*city("甲", 1), *others]), counted, home).close()
    undone = Shelf([*city("甲"), *others])

    ensure(undone, counted, home).close()

    assert undone.asked == []


def test_many_changes_leave_few_segments_and_no_dead_weight(embedder: Embedder, home: Path) -> None:
    editions = dict.fromkeys(CITIES, 0)
    for step in range(24):
        editions[CITIES[step % len(CITIES)]] += 1
        shelf = Shelf(one for name, edition in editions.items() for one in city(name, edition))
        index = ensure(shelf, embedder, home)

    assert len(index.parts) <= 4
    assert sum(len(part.segment) for part in index.parts) <= 2 * len(index)


def test_segments_have_a_size_at_most(
    embedder: Embedder, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(one for name in CITIES for one in city(name))
    whole = build(shelf, embedder, tmp_path / "whole")
    monkeypatch.setattr(keeping, "MOST_ROWS", 15)

    index = build(shelf, embedder, home)

    assert [len(part.segment) for part in index.parts] == [12, 12, 12, 12]
    assert everything(index, embedder) == everything(whole, embedder)


def test_one_policy_is_searched_alone(embedder: Embedder, home: Path) -> None:
    index = build(Shelf([*city("甲"), *city("乙"), *city("丙")]), embedder, home)
    query = embedder.embed_query("第2条 奖补")

    found = index.nearest(query, 4, policy="乙")

    assert ids(found) == exact(city("乙"), embedder, "第2条 奖补", 4)
    assert index.nearest(query, 4, policy="没有") == []


def test_more_equal_passages_than_chroma_proposes_come_in_the_order_of_the_corpus(
    embedder: Embedder, home: Path
) -> None:
    alike = [one for number in range(30) for one in policy(f"第{number}号", ["同样的一句话"] * 4)]
    query = embedder.embed_query("同样的一句话")

    index = build(Shelf(alike), embedder, home)

    assert ids(index.nearest(query, 3)) == [(one.id, 1.0) for one in alike[:3]]
    assert index.exact_because is None


def test_a_policy_without_passages_is_no_reason_to_index_again(embedder: Embedder, home: Path) -> None:
    class WithEmpty(Shelf):
        def passages(self, policy: str) -> Sequence[Passage]:
            return () if policy == "空" else super().passages(policy)

    shelf = WithEmpty(city("甲"))
    shelf.digests = {"空": "nothing", **shelf.digests}

    ensure(shelf, embedder, home).close()

    opened = open_index(shelf, embedder.name, home)
    assert opened is not None
    assert len(opened) == 6


def test_threads_may_search_at_once(embedder: Embedder, home: Path) -> None:
    index = build(Shelf(one for name in CITIES for one in city(name)), embedder, home)
    expected = everything(index, embedder)
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(everything(index, embedder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [expected] * 8


def test_small_shards_of_vectors_are_put_together_and_nothing_is_lost(counted: Counted, home: Path) -> None:
    passages: list[Passage] = []
    for number in range(35):
        passages += policy(f"第{number}号", [f"第{number}号的内容"])
        ensure(Shelf(passages), counted, home).close()
    shards = list((home / "index" / "vectors").glob("*/*.vectors"))
    counted.texts.clear()

    build(Shelf(passages), counted, home).close()

    assert len(shards) < 10
    assert counted.texts == []


# ── by words alone ──────────────────────────────────────────────────────────────────────────────


def test_without_an_embedding_model_the_words_are_searched_and_kept(
    embedder: Embedder, home: Path, tmp_path: Path
) -> None:
    with_vectors = build(SHELF, embedder, tmp_path / "with")
    built = ensure(SHELF, None, home)
    again = Shelf(PASSAGES)
    opened = ensure(again, None, home)

    assert built.matching("小巨人奖补", 4) == with_vectors.matching("小巨人奖补", 4) != []
    assert opened.matching("小巨人奖补", 4) == built.matching("小巨人奖补", 4)
    assert (opened.nearest([1.0, 0.0], 3), opened.exact_because, again.asked) == ([], None, [])


def test_a_model_that_is_missing_once_costs_the_index_with_vectors_nothing(
    counted: Counted, home: Path
) -> None:
    ensure(SHELF, counted, home).close()
    for changed in (PASSAGES[1:], PASSAGES[2:], PASSAGES):
        ensure(Shelf(changed), None, home).close()
    back = Shelf(PASSAGES)

    index = ensure(back, counted, home)

    assert (back.asked, index.exact_because) == ([], None)


def test_where_nothing_can_be_written_the_words_are_searched_all_the_same(home: Path) -> None:
    index = in_memory(SHELF)

    assert not home.exists()
    assert (len(index), index.nearest([1.0], 3)) == (6, [])
    assert index.matching("小巨人奖补", 4) == ensure(SHELF, None, home).matching("小巨人奖补", 4)
    assert in_memory(Shelf([])).matching("奖补", 4) == []


# ── what cannot be indexed ──────────────────────────────────────────────────────────────────────


def test_a_corpus_without_clauses_is_refused(embedder: Embedder, home: Path) -> None:
    with pytest.raises(StoreError) as refused:
        ensure(Shelf([]), embedder, home)

    assert str(refused.value) == (
        "语料里没有一个条款，无法建立检索索引；请检查 POLICY_QA_CORPUS 指向的文件夹。"
    )


def test_two_passages_with_one_id_are_refused(embedder: Embedder, home: Path) -> None:
    with pytest.raises(ValueError, match="two passages share an id"):
        build(Shelf([PASSAGES[0], PASSAGES[0]]), embedder, home)


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
        build(SHELF, Given(vectors, "坏模型"), home)

    assert str(refused.value) == (
        f"向量模型「坏模型」给出的向量不可用（{problem}）；请用 POLICY_QA_EMBEDDING 换一个模型。"
    )
    assert sorted(path.name for path in (home / "index").iterdir()) == ["lock", "name", "vectors"]


def test_indexing_and_searching_ask_no_server(embedder: Embedder, home: Path, network: list[str]) -> None:
    build(SHELF, embedder, home).nearest(embedder.embed_query("奖补"), 3)

    assert network == []


def test_a_graph_that_left_a_vector_out_is_built_again(
    home: Path, embedder: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    problems = iter(["3 条里有 1 条检索不到自己", None])
    monkeypatch.setattr("policy_qa.index.graphs._problem", lambda *_: next(problems))
    with build(SHELF, embedder, home) as built:
        assert (len(built), next(problems, "asked twice")) == (len(PASSAGES), "asked twice")
