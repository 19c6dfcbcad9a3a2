"""Promises about retrieval: exact things first, five clauses, each with its reason, rejects kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Embedder, Hit
from policy_qa.index import Index, build
from policy_qa.passages import passages
from policy_qa.question import Understanding
from policy_qa.retrieval import SHOWN, Coverage, Evidence, Retriever, Weigh, coverage, rarity

ROOT = Path(__file__).parents[1]
POLICY = "huainan-zjtx-2020-draft"
QUESTIONS = (
    "小巨人奖多少",
    "第13条原文",
    "省级智能工厂奖多少",
    "市科技局管哪些",
    "我们能享受什么政策",
    "今天天气怎么样",
    "屋顶光伏补贴多少",
    "谁来牵头协调",
)


class Broken:
    """A model that loads and then fails at every query."""

    name = "broken"

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        raise RuntimeError(f"no memory for {len(texts)} texts")

    def embed_query(self, text: str) -> list[float]:
        raise RuntimeError(f"no memory for {text}")


class Counting:
    """A model that keeps the queries it was given."""

    name = "counting"

    def __init__(self, model: Embedder) -> None:
        self._model = model
        self.queries: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> list[list[float]]:
        return self._model.embed_passages(texts)

    def embed_query(self, text: str) -> list[float]:
        self.queries.append(text)
        return self._model.embed_query(text)


@cache
def corpus() -> Corpus:
    return load_corpus(ROOT / "corpus")


@cache
def understanding() -> Understanding:
    return Understanding(corpus())


@cache
def by_words() -> Retriever:
    return Retriever(corpus(), None, None)


@pytest.fixture
def index(embedder: Embedder, tmp_path: Path) -> Iterator[Index]:
    with build(corpus(), embedder, tmp_path) as built:
        yield built


@pytest.fixture
def by_both(index: Index, embedder: Embedder) -> Retriever:
    return Retriever(corpus(), index, embedder)


def retrieved(text: str, retriever: Retriever | None = None) -> Evidence:
    return (retriever or by_words()).retrieve(understanding().understand(text, {}))


def first(text: str) -> Hit:
    return retrieved(text).hits[0]


# ── the order ───────────────────────────────────────────────────────────────────────────────────


def test_an_exact_reference_comes_first_whatever_else_is_named() -> None:
    evidence = retrieved("第13条和小巨人")

    assert evidence.exact == ((POLICY, "三（五）13"),)
    assert [(hit.clause, hit.why) for hit in evidence.hits[:2]] == [
        ("三（五）13", "条款编号完全对应"),
        ("三（一）2", "问到“小巨人”，对应“国家专精特新“小巨人”企业奖补”"),
    ]


def test_a_heading_brings_all_its_clauses() -> None:
    assert [label for _, label in retrieved("三（五）写什么").exact] == [
        "三（五）13",
        "三（五）14",
        "三（五）15",
    ]


@pytest.mark.parametrize(
    ("text", "clause", "why"),
    [
        ("贴息", "三（一）2", "问到“贴息”，对应“流动资金贷款贴息”"),
        ("小升规奖多少", "三（一）2", "问到“小升规”，对应“新增规上工业企业奖补”"),
        ("省级智能工厂奖多少", "三（四）12", "问的是“省级智能工厂”，条文写的是市级"),
        ("市科技局管哪些", "三（一）3", "由市科技局负责"),
        ("我们能享受什么政策", "三（一）2", "有数额的支持"),
        ("这份文件有效期到什么时候", "序言", "问的是文件本身"),
        ("“指定交易、差别待遇”写在哪", "三（二）7", "问到"),
    ],
)
def test_the_first_clause_says_why_it_is_first(text: str, clause: str, why: str) -> None:
    hit = first(text)

    assert hit.clause == clause
    assert hit.why.startswith(why)


def test_words_in_quotation_marks_find_the_clause_that_prints_them() -> None:
    hits = retrieved("请问“开辟绿色通道，职称评审可不受”怎么写").hits

    assert hits[0].clause == "三（二）6"


def test_a_named_clause_comes_before_one_that_only_shares_words() -> None:
    hits = retrieved("小巨人奖多少").hits

    assert [hit.clause for hit in hits[:2]] == ["三（一）2", "一（二）"]
    assert hits[1].why.startswith("用词第")


@pytest.mark.parametrize("text", QUESTIONS)
def test_five_clauses_are_shown_each_once_with_its_reason(text: str) -> None:
    evidence = retrieved(text)

    assert len({(hit.policy, hit.clause) for hit in evidence.hits}) == len(evidence.hits) == SHOWN
    assert all(hit.why for hit in (*evidence.hits, *evidence.rejected))


@pytest.mark.parametrize("text", QUESTIONS)
def test_a_rejected_clause_is_kept_and_is_not_shown(text: str, by_both: Retriever) -> None:
    evidence = retrieved(text, by_both)

    assert evidence.rejected
    assert not {hit.clause for hit in evidence.hits} & {hit.clause for hit in evidence.rejected}


def test_a_rejected_clause_says_its_rank() -> None:
    assert all(hit.why.startswith("排在前5条之后（") for hit in retrieved("市科技局管哪些").rejected)


def test_nothing_found_is_filled_up_in_the_order_of_the_policy() -> None:
    assert retrieved("今天天气怎么样").hits == tuple(
        Hit(POLICY, label, 0.0, "补足条数")
        for label in ("序言", "一（一）", "一（二）", "二（一）", "二（二）")
    )


# ── fusion ──────────────────────────────────────────────────────────────────────────────────────


def test_ranks_count_from_one_and_are_fused_by_their_reciprocals() -> None:
    scores = [hit.score for hit in by_words().search("专精特新企业", (), 4)]

    assert scores == [round(1 / (60 + rank), 6) for rank in (1, 2, 3, 4)]


def test_first_by_words_and_first_by_meaning_add_up(by_both: Retriever) -> None:
    (holding,) = corpus().holdings
    found = passages(holding.policy, holding.rules)
    text = next(
        passage.text for passage in found if passage.clause == "三（三）9" and passage.kind == "clause"
    )

    assert by_both.search(text, (), 1) == (
        Hit(POLICY, "三（三）9", round(2 / 61, 6), "用词第1，语义第1（1.000）"),
    )


def test_a_clause_counts_once_by_its_best_passage(by_both: Retriever) -> None:
    hits = by_both.search("专精特新企业", (), 100)

    assert len({hit.clause for hit in hits}) == len(hits)


def test_words_that_nothing_shares_find_nothing() -> None:
    assert by_words().search("zzzz", (), 5) == ()


def test_other_words_for_the_same_thing_are_searched_too() -> None:
    assert by_words().search("摆摊", (), 1) != by_words().search("摆摊", ("展位费",), 1)
    assert by_words().search("摆摊", ("展位费",), 1)[0].clause == "三（五）13"


def test_equal_scores_come_in_one_order() -> None:
    assert by_words().search("企业", (), 24) == by_words().search("企业", (), 24)


# ── without a model ─────────────────────────────────────────────────────────────────────────────


def test_by_words_alone_nothing_is_said_of_meaning() -> None:
    evidence = retrieved("小巨人奖多少")

    assert (evidence.dense, evidence.notices, by_words().notices) == ({}, (), ())
    assert not any("语义" in hit.why for hit in (*evidence.hits, *evidence.rejected))


def test_a_model_that_fails_at_the_query_costs_the_meaning_and_not_the_answer(index: Index) -> None:
    evidence = retrieved("小巨人奖多少", Retriever(corpus(), index, Broken()))

    assert evidence.notices == (
        "这次没有用上语义检索（RuntimeError），只按用词检索，可用 POLICY_QA_EMBEDDING 换一个模型。",
    )
    assert evidence.hits == retrieved("小巨人奖多少").hits


def test_with_a_model_the_named_clause_stays_first(by_both: Retriever) -> None:
    assert retrieved("小巨人奖多少", by_both).hits[0] == first("小巨人奖多少")


# ── coverage and passages ───────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "printed", "share", "holes"),
    [
        ("小巨人", "新认定的小巨人企业", 1.0, ()),
        ("小巨人", "挂牌企业", 0.0, ("小巨人",)),
        ("屋顶光伏", "小巨人", 0.0, ("屋顶", "光伏")),
        ("奖多少", "奖励50万元", 0.0, ()),
        ("“小巨人”企业", "对新认定的小巨人企业", 1.0, ()),
        ("技术成果", "前沿技术的研发及成果转化", 1.0, ("技术成果",)),
        ("技术成果", "前沿技术的研发", 0.5, ("技术成果",)),
        ("屋顶电", "屋顶", 0.8, ("电",)),
    ],
)
def test_coverage_says_how_much_of_the_question_a_text_has_words_for(
    text: str, printed: str, share: float, holes: tuple[str, ...]
) -> None:
    assert covered(text, {"a": printed}) == {"a": Coverage(share, holes)}


def test_a_word_that_every_text_prints_says_little_of_any_but_never_nothing() -> None:
    texts = {"a": "屋顶", "b": "屋顶和光伏", "c": "屋顶"}
    plain = covered("屋顶光伏", texts)
    rare = covered("屋顶光伏", texts, lambda _, printing: rarity(printing, len(texts)))

    assert [plain[key].share for key in "abc"] == [0.5, 1.0, 0.5]
    assert 0 < rare["a"].share == rare["c"].share < 0.5 < rare["b"].share == 1.0


def covered(question: str, texts: Mapping[str, str], weigh: Weigh = lambda *_: 1.0) -> dict[str, Coverage]:
    found = coverage(
        understanding().understand(question, {}),
        {(POLICY, name): text for name, text in texts.items()},
        corpus().segmenter.words,
        weigh,
    )
    return {name: cover for (_, name), cover in found.items()}


@cache
def unreviewed() -> Corpus:
    """The shipped policy as it stands before a rule of it was reviewed."""
    holding = corpus().holdings[0]
    text_alone = replace(holding, rules=holding.rules.model_copy(update={"measures": ()}))
    return replace(corpus(), holdings=(text_alone,))


def test_before_rules_are_reviewed_a_clause_is_read_under_its_headings_and_the_policys_title() -> None:
    clause = unreviewed().clause(POLICY, "三（一）2")
    question = understanding().understand(f"{clause.path[0]}“{unreviewed().policies[0].title}”", {})

    assert Retriever(unreviewed(), None, None).covered(question)[POLICY, "三（一）2"] == Coverage(1.0, ())
    assert Retriever(corpus(), None, None).covered(question)[POLICY, "三（一）2"].share < 1.0


def test_before_rules_are_reviewed_the_clauses_that_print_what_is_asked_are_told() -> None:
    def paying(text: str) -> frozenset[str]:
        question = understanding().understand(text, {})
        return frozenset(label for _, label in Retriever(unreviewed(), None, None).retrieve(question).paying)

    sums, rates = paying("奖多少钱"), paying("补几成")
    assert "三（一）2" in sums - rates
    assert rates < sums
    assert paying("谁负责") == frozenset()


def test_one_question_is_embedded_once_for_all_the_policies_asked(index: Index, embedder: Embedder) -> None:
    model = Counting(embedder)
    for retriever in (Retriever(corpus(), index, model), Retriever(unreviewed(), index, model)):
        retrieved("小巨人奖多少", retriever)

    assert model.queries == ["小巨人奖多少"]


def test_every_clause_and_every_measure_is_a_passage_with_an_id_of_its_own() -> None:
    (holding,) = corpus().holdings
    found = passages(holding.policy, holding.rules)

    assert len({passage.id for passage in found}) == len(found)
    assert [p.clause for p in found if p.kind == "clause"] == [c.label for c in corpus().policies[0].clauses]
    assert [p.id for p in found if p.kind == "measure"] == [f"{POLICY}:{m.id}" for _, m in corpus().measures]
