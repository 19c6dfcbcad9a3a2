"""retrieve(): the clauses that can answer a question, best first, each with its reason; rejects are kept.

Exact references first, then the clauses of the measures the question names, then the fusion of lexical and
dense ranks with what the clause has words for. A clause of a measure that the topic turned down says so.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from policy_qa.asks import MONEY_ASKS, Ask
from policy_qa.corpus import Corpus
from policy_qa.domain import Clause, Embedder, Hit
from policy_qa.index import Index, Passage
from policy_qa.lexical import LexicalIndex
from policy_qa.lexicon import normal
from policy_qa.question import Question
from policy_qa.references import resolve
from policy_qa.text import fold

SHOWN = 5
_COVERAGE = 0.03
"""What having a word for all that is asked is worth, beside 2/61 for being first twice."""
_QUOTED = re.compile(r"[“「『\"](.{2,20}?)[”」』\"]")
_DEPTH = 40
_RRF = 60
"""Rank fusion: 1 / (60 + rank), ranks from 1 (Cormack, Clarke and Büttcher, SIGIR 2009)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was retrieved for a question and what was rejected."""

    hits: tuple[Hit, ...]
    rejected: tuple[Hit, ...]
    exact: tuple[tuple[str, str], ...]
    """(policy, label) of the clauses that references in the question resolve to."""
    dense: Mapping[tuple[str, str], float]
    """Best cosine of each clause, empty without an embedding model."""
    lexical: Mapping[tuple[str, str], float]
    coverage: Mapping[tuple[str, str], Coverage]
    notices: tuple[str, ...] = ()
    """What went wrong on the way, in Chinese."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of what a question is about a clause has words for."""

    share: float
    """By length of the words, nouns full and other words half."""
    holes: tuple[str, ...]
    """The nouns it has no word for."""


NO_EVIDENCE = Evidence((), (), (), {}, {}, {})


def coverage(question: Question, clause: Clause) -> Coverage:
    """The coverage of the question's content by one clause, synonyms of the lexicon included."""
    text = fold(clause.text).lower()
    total = held = 0.0
    holes: list[str] = []
    for quoted in _QUOTED.findall(question.topic.reading.text):
        total += 2.0 * len(quoted)
        held += 2.0 * len(quoted) if fold(quoted) in text else 0.0
    for token in question.topic.reading.tokens:
        if not token.content:
            continue
        weight = float(len(token.text)) * (1.0 if token.noun else 0.5)
        total += weight
        if token.text in text or any(normal(mean) in text for mean in token.means):
            held += weight
        elif token.noun:
            holes.append(token.text)
    return Coverage(held / total if total else 0.0, tuple(holes))


def of_the_text(question: Question, covered: Mapping[tuple[str, str], Coverage]) -> bool:
    """Whether the text answers rather than a measure that is named: a count of firms, the policy's origin,
    or a clause that has clearly more of the asked words than those of weakly named help.
    """
    if question.asks & {Ask.HEADCOUNT, Ask.ORIGIN} and Ask.AMOUNT not in question.asks:
        return True
    if question.route != "general" or question.asks & MONEY_ASKS:
        return False
    namings = question.topic.named
    own = {naming.measure.clause for naming in namings}
    named = max((cover.share for (_, label), cover in covered.items() if label in own), default=0.0)
    best = max((cover.share for cover in covered.values()), default=0.0)
    weak = all(set(n.words) <= set(n.measure.weak) or not n.informative for n in namings)
    return weak and best > named + _CLEARLY


_CLEARLY = 0.25


def passages(corpus: Corpus) -> tuple[Passage, ...]:
    """The texts the index holds: each clause, each of its segments, each measure."""
    found: list[Passage] = []
    for holding in corpus.holdings:
        policy = holding.policy
        for clause in policy.clauses:
            key = f"{policy.id}/{clause.label}"
            found.append(Passage(key, policy.id, clause.label, f"{clause.title}。{clause.text}", "clause"))
            if len(clause.segments) > 1:
                for position, segment in enumerate(clause.segments):
                    text = f"{clause.title}。{clause.text[segment.start : segment.end]}"
                    found.append(Passage(f"{key}#{position}", policy.id, clause.label, text, "segment"))
        for measure in holding.rules.measures:
            text = f"{measure.title}。{measure.quote}"
            found.append(Passage(f"{policy.id}:{measure.id}", policy.id, measure.clause, text, "measure"))
    return tuple(found)


class Retriever:
    """Retrieves over one corpus; ``index`` and ``embedder`` are None in lexical-only operation."""

    def __init__(self, corpus: Corpus, index: Index | None, embedder: Embedder | None) -> None:
        self._corpus = corpus
        self._passages = passages(corpus)
        self._by_id = {passage.id: passage for passage in self._passages}
        self._lexical = LexicalIndex([passage.text for passage in self._passages], corpus.segmenter)
        self._index = index
        self._embedder = embedder

    @property
    def notices(self) -> tuple[str, ...]:
        """What users have to know of the index, in Chinese."""
        because = self._index.exact_because if self._index else None
        return (because,) if because else ()

    def search(self, query: str, expansions: Sequence[str], k: int) -> tuple[Hit, ...]:
        """The best ``k`` clauses for free words, by lexical and dense rank."""
        lexical = self._lexical_ranks(query, expansions)
        dense, _ = self._dense_or_why_not(query)
        return tuple(self._fused(lexical, dense)[:k])

    def retrieve(self, question: Question) -> Evidence:
        """The evidence for a question: never fewer clauses than ``SHOWN`` where there are as many."""
        expansions = [word for term in question.topic.reading.terms for word in term.means]
        lexical = self._lexical_ranks(question.topic.reading.text, expansions)
        dense, notices = self._dense_or_why_not(question.text)
        exact = self._exact(question)
        covered = {(c.policy, c.label): coverage(question, c) for c in self._clauses()}
        chosen: dict[tuple[str, str], Hit] = {}
        for policy, label in exact:
            chosen[policy, label] = Hit(policy, label, 1.0, "条款编号完全对应")
        for policy, label, score, why in self._named(question, text_first=of_the_text(question, covered)):
            chosen.setdefault((policy, label), Hit(policy, label, score, why))
        quoted = _QUOTED.findall(question.topic.reading.text)
        for clause in self._clauses() if quoted else ():
            if all(fold(phrase) in fold(clause.text) for phrase in quoted):
                key = (clause.policy, clause.label)
                chosen.setdefault(key, Hit(*key, 1.0, "有您引号里的原话"))
        turned_down = self._turned_down(question)
        for key, why in turned_down.items() if not chosen and question.asks & MONEY_ASKS else ():
            chosen[key] = Hit(*key, 0.0, why)
        rejected: dict[tuple[str, str], Hit] = {}
        shares = sorted(
            (key for key in covered if covered[key].share > 0), key=lambda key: -covered[key].share
        )
        ranks = {key: (_rank(shares, covered, key), covered[key].share) for key in shares[:_DEPTH]}
        fused = self._fused(lexical, dense, ranks)
        for hit in fused:
            key = (hit.policy, hit.clause)
            if key in chosen:
                continue
            if len(chosen) < SHOWN:
                chosen[key] = hit
            else:
                why = turned_down.get(key, f"排在前{SHOWN}条之后（{hit.why}）")
                rejected[key] = Hit(hit.policy, hit.clause, hit.score, why)
        for clause in self._clauses():
            if len(chosen) >= SHOWN:
                break
            chosen.setdefault(
                (clause.policy, clause.label), Hit(clause.policy, clause.label, 0.0, "补足条数")
            )
        shown = max(SHOWN, len(exact))
        for key, hit in tuple(chosen.items())[shown:]:
            rejected[key] = replace(hit, why=f"排在前{SHOWN}条之后（{hit.why}）")
        hits = tuple(chosen.values())[:shown]
        return Evidence(
            hits, tuple(rejected.values()), exact, {k: s for k, (_, s) in dense.items()},
            {k: s for k, (_, s) in lexical.items()}, covered, notices,
        )  # fmt: skip

    def _clauses(self) -> list[Clause]:
        return [clause for holding in self._corpus.holdings for clause in holding.policy.clauses]

    def _exact(self, question: Question) -> tuple[tuple[str, str], ...]:
        found = [
            (holding.policy.id, clause.label)
            for reference in question.references
            for holding in self._corpus.holdings
            for clause in resolve(reference, holding.policy.clauses)
        ]
        return tuple(dict.fromkeys(found))

    def _named(self, question: Question, *, text_first: bool) -> list[tuple[str, str, float, str]]:
        named: list[tuple[str, str, float, str]] = []
        for holding in self._corpus.holdings:
            if question.asks & {Ask.VALIDITY, Ask.ORIGIN} and not question.topic.named:
                first = holding.policy.clauses[0]
                named.append((holding.policy.id, first.label, 1.0, "问的是文件本身"))
            own = {measure.id for measure in holding.rules.measures}
            if question.route == "department":
                for name in question.departments:
                    for clause, _ in holding.department_names.segments_of(name, holding.policy.clauses):
                        named.append((holding.policy.id, clause.label, 1.0, f"由{name}负责"))
            if question.route == "eligibility":
                figured = (measure for measure in holding.rules.measures if measure.has_figure)
                named += [(holding.policy.id, measure.clause, 0.5, "有数额的支持") for measure in figured]
            for naming in () if text_first else question.topic.named:
                if naming.measure.id in own:
                    said = "、".join(dict.fromkeys(question.topic.reading.text[s:e] for s, e in naming.spans))
                    why = f"问到“{said}”，对应“{naming.measure.title}”"
                    named.append((holding.policy.id, naming.measure.clause, round(naming.score, 4), why))
        return named

    def _turned_down(self, question: Question) -> dict[tuple[str, str], str]:
        turned_down: dict[tuple[str, str], str] = {}
        for holding in self._corpus.holdings:
            own = {measure.id for measure in holding.rules.measures}
            for rejection in sorted(question.topic.rejected, key=lambda one: -one.score):
                if rejection.measure.id in own:
                    turned_down.setdefault((holding.policy.id, rejection.measure.clause), rejection.why)
        return turned_down

    def _lexical_ranks(
        self, query: str, expansions: Sequence[str]
    ) -> dict[tuple[str, str], tuple[int, float]]:
        found = self._lexical.search(query, expansions, _DEPTH)
        return _best_of_clause((self._passages[position], score) for position, score in found)

    def _dense_or_why_not(
        self, query: str
    ) -> tuple[dict[tuple[str, str], tuple[int, float]], tuple[str, ...]]:
        """The dense ranks; a model that fails costs the search by meaning, not the answer."""
        try:
            return self._dense_ranks(query), ()
        except Exception as error:
            kind = type(error).__name__
            return {}, (
                f"这次没有用上语义检索（{kind}），只按用词检索，可用 POLICY_QA_EMBEDDING 换一个模型。",
            )

    def _dense_ranks(self, query: str) -> dict[tuple[str, str], tuple[int, float]]:
        if self._index is None or self._embedder is None:
            return {}
        found = self._index.search(self._embedder.embed_query(query), _DEPTH, self._by_id)
        return _best_of_clause((self._by_id[key], score) for key, score in found)

    def _fused(
        self,
        lexical: Mapping[tuple[str, str], tuple[int, float]],
        dense: Mapping[tuple[str, str], tuple[int, float]],
        covered: Mapping[tuple[str, str], tuple[int, float]] = MappingProxyType({}),
    ) -> list[Hit]:
        fused: defaultdict[tuple[str, str], float] = defaultdict(float)
        for ranks in (lexical, dense, covered):
            for key, (rank, _) in ranks.items():
                fused[key] += 1 / (_RRF + rank)
        hits = []
        for key, (_, share) in covered.items():
            fused[key] += _COVERAGE * share
        for key, score in sorted(fused.items(), key=lambda entry: (-entry[1], entry[0])):
            reasons = []
            if key in lexical:
                reasons.append(f"用词第{lexical[key][0]}")
            if key in dense:
                reasons.append(f"语义第{dense[key][0]}（{dense[key][1]:.3f}）")
            if key in covered:
                reasons.append(f"问到的词有{covered[key][1]:.0%}")
            hits.append(Hit(*key, round(score, 6), "，".join(reasons)))
        return hits


def _rank(
    shares: Sequence[tuple[str, str]], covered: Mapping[tuple[str, str], Coverage], key: tuple[str, str]
) -> int:
    """Equal coverage is equal rank, so that ties decide nothing."""
    return 1 + next(i for i, other in enumerate(shares) if covered[other].share <= covered[key].share + 1e-9)


def _best_of_clause(found: object) -> dict[tuple[str, str], tuple[int, float]]:
    """Clause → (its rank among clauses from 1, the score of its best passage)."""
    ranks: dict[tuple[str, str], tuple[int, float]] = {}
    for passage, score in found:  # type: ignore[attr-defined]
        key = (passage.policy, passage.clause)
        if key not in ranks:
            ranks[key] = (len(ranks) + 1, score)
    return ranks
