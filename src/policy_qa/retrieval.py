"""retrieve(): the clauses of one policy that can answer a question, best first; rejects are kept.

Exact references first, then the clauses of the measures the question names, then the fusion of lexical and
dense ranks with what the clause has words for. A clause of a measure that the topic turned down says so.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Protocol

from policy_qa.asks import MONEY_ASKS, Ask
from policy_qa.corpus import Corpus
from policy_qa.domain import Clause, Embedder, Hit, Policy
from policy_qa.index import Index
from policy_qa.lexical import LexicalIndex
from policy_qa.lexicon import normal
from policy_qa.money import figures
from policy_qa.passages import passages
from policy_qa.question import Question
from policy_qa.references import resolve
from policy_qa.text import fold
from policy_qa.tokens import words as plain_words

SHOWN = 5
COVERAGE = 0.03
"""What having a word for all that is asked is worth, beside 2/61 for being first twice."""
_QUOTED = re.compile(r"[“「『\"](.{2,20}?)[”」』\"]")
_DEPTH = 40
_RRF = 60
"""Rank fusion: 1 / (60 + rank), ranks from 1 (Cormack, Clarke and Büttcher, SIGIR 2009)."""


Key = tuple[str, str]
"""Policy and label of a clause."""
Ranks = Mapping[Key, tuple[int, float]]
"""Clause → (its rank from 1, the score that ranked it)."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was retrieved for a question and what was rejected."""

    hits: tuple[Hit, ...]
    rejected: tuple[Hit, ...]
    exact: tuple[Key, ...]
    """(policy, label) of the clauses that references in the question resolve to."""
    dense: Mapping[Key, float]
    """Best cosine of each clause, empty without an embedding model."""
    lexical: Mapping[Key, float]
    coverage: Mapping[Key, Coverage]
    paying: Set[Key] = frozenset()
    """Where money is asked, the clauses that print such a figure and that no reviewed rule explains."""
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


Weigh = Callable[[Sequence[str], int], float]
"""The forms of a word and the number of texts that print one of them → what the word is worth."""


def coverage(
    question: Question,
    texts: Mapping[Key, str],
    parts_of: Callable[[str], Sequence[str]],
    weigh: Weigh = lambda *_: 1.0,
) -> dict[Key, Coverage]:
    """How much of the question's content each of ``texts``, folded and in lower case, has words for.

    Synonyms of the lexicon are included; a compound that a text does not print counts with the parts, as
    ``parts_of`` cuts them, that it does. ``weigh`` says that a word which many texts hold says little of any.
    """
    held: defaultdict[Key, float] = defaultdict(float)
    holes: defaultdict[Key, list[str]] = defaultdict(list)
    total = 0.0
    for word in _sought(question, parts_of):
        printing = {key for key, text in texts.items() if any(form in text for form in word.forms)}
        weight = word.weight * weigh(word.forms, len(printing))
        total += weight
        for key, text in texts.items():
            if key in printing:
                held[key] += weight
                continue
            held[key] += weight * sum(len(part) for part in word.parts if part in text) / len(word.text)
            if word.noun:
                holes[key].append(word.text)
    return {key: Coverage(held[key] / total if total else 0.0, tuple(holes[key])) for key in texts}


@dataclass(frozen=True, slots=True)
class _Sought:
    """A word of a question as it is looked for in texts."""

    text: str
    weight: float
    noun: bool
    forms: tuple[str, ...]
    """The word and its synonyms."""
    parts: tuple[str, ...] = ()
    """What a compound is made of."""


def _sought(question: Question, parts_of: Callable[[str], Sequence[str]]) -> list[_Sought]:
    """The quoted phrases and the content of a question; nouns weigh full and other words half.

    So does one character alone, which is a noun by chance as often as not (企业报项目).
    """
    reading = question.topic.reading
    phrases = _QUOTED.findall(reading.text)
    sought = [_Sought(phrase, 2.0 * len(phrase), False, (fold(phrase),)) for phrase in phrases]
    for token in reading.tokens:
        if token.content:
            length = len(token.text)
            forms = (token.text, *(normal(mean) for mean in token.means))
            parts = _parts(parts_of(token.text), token.text) if length >= _COMPOUND else ()
            weight = length * (1.0 if token.noun and length > 1 else 0.5)
            sought.append(_Sought(token.text, weight, token.noun, forms, parts))
    return sought


_COMPOUND = 4
"""Characters from which on a word can be two words: 技术成果."""


def _parts(words: Sequence[str], whole: str) -> tuple[str, ...]:
    """The words that make up ``whole``; none where they overlap or leave a gap."""
    smaller = tuple(word for word in words if word != whole)
    return smaller if "".join(smaller) == whole else ()


def rarity(printing: int, texts: int) -> float:
    """1 for a word that no text prints, ``_SUBJECT`` for one that all do."""
    return max(_SUBJECT, math.log((texts + 1) / (printing + 0.5)) / math.log((texts + 1) / 0.5))


_SUBJECT = 0.3
"""What a word is worth that stands everywhere in a policy: it tells no clause from another, yet it is what
the policy is about, and a word of the user's own beside it (怎么分摊) must not outweigh it."""


def of_the_text(question: Question, covered: Mapping[Key, Coverage]) -> bool:
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


def in_place(policy: Policy, clause: Clause) -> str:
    """A clause's words, folded, and those it stands under: the policy's title and the headings above it."""
    return "\n".join(map(folded, (policy.title, *clause.path[:-1], clause.text)))


def folded(text: str) -> str:
    return fold(text).lower()


class Retriever:
    """Retrieves from the one policy of ``corpus``; without ``index`` or ``embedder`` by words only."""

    def __init__(self, corpus: Corpus, index: Index | None, embedder: Embedder | None) -> None:
        (self._holding,) = corpus.holdings
        policy, rules = self._holding.policy, self._holding.rules
        self._segmenter = corpus.segmenter
        self._passages = passages(policy, rules)
        # A policy without rules has no words of its own: it is cut as the index cuts it, in less time.
        cut = corpus.segmenter.words if rules.measures else plain_words
        self._lexical = LexicalIndex([passage.text for passage in self._passages], cut)
        self._index = index
        self._embedder = embedder
        self._by_rules = bool(rules.measures)
        """Its measures say what is asked: a clause is read alone, and each word counts as much as another."""
        self._texts = {
            (policy.id, clause.label): folded(clause.text) if self._by_rules else in_place(policy, clause)
            for clause in policy.clauses
        }

    @property
    def notices(self) -> tuple[str, ...]:
        """What users have to know of the index, in Chinese."""
        because = self._index.exact_because if self._index else None
        return (because,) if because else ()

    def search(self, query: str, expansions: Sequence[str], k: int) -> tuple[Hit, ...]:
        """The best ``k`` clauses for free words, by lexical and dense rank."""
        dense, _ = self._dense_ranks(query)
        return tuple(fused_by_rank(self._lexical_ranks(query, expansions), dense)[:k])

    def covered(self, question: Question) -> dict[Key, Coverage]:
        """What each clause, read where it stands, has of what ``question`` is about."""
        if self._by_rules:
            return coverage(question, self._texts, self._segmenter.words)
        texts = len(self._texts)
        return coverage(
            question, self._texts, self._segmenter.words, lambda _, printing: rarity(printing, texts)
        )

    def retrieve(self, question: Question) -> Evidence:
        """The evidence for a question: never fewer clauses than ``SHOWN`` where there are as many."""
        reading = question.topic.reading
        lexical = self._lexical_ranks(reading.text, reading.expansions)
        dense, notices = self._dense_ranks(question.text)
        exact = self._exact(question)
        covered = self.covered(question)
        chosen: dict[Key, Hit] = {}
        for policy, label in exact:
            chosen[policy, label] = Hit(policy, label, 1.0, "条款编号完全对应")
        for policy, label, score, why in self._named(question, text_first=of_the_text(question, covered)):
            chosen.setdefault((policy, label), Hit(policy, label, score, why))
        quoted = _QUOTED.findall(reading.text)
        for clause in self._holding.policy.clauses if quoted else ():
            if all(fold(phrase) in fold(clause.text) for phrase in quoted):
                key = (clause.policy, clause.label)
                chosen.setdefault(key, Hit(*key, 1.0, "有您引号里的原话"))
        turned_down = self._turned_down(question)
        for key, why in turned_down.items() if not chosen and question.asks & MONEY_ASKS else ():
            chosen[key] = Hit(*key, 0.0, why)
        rejected: dict[Key, Hit] = {}
        shares = sorted(
            (key for key in covered if covered[key].share > 0), key=lambda key: -covered[key].share
        )
        ranks = {key: (_rank(shares, covered, key), covered[key].share) for key in shares[:_DEPTH]}
        paying = self._paying(question)
        for hit in fused_by_rank(lexical, dense, ranks, paying):
            key = (hit.policy, hit.clause)
            if key in chosen:
                continue
            if len(chosen) < SHOWN:
                chosen[key] = hit
            else:
                why = turned_down.get(key, f"排在前{SHOWN}条之后（{hit.why}）")
                rejected[key] = Hit(hit.policy, hit.clause, hit.score, why)
        for clause in self._holding.policy.clauses:
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
            {k: s for k, (_, s) in lexical.items()}, covered, paying, notices,
        )  # fmt: skip

    @cached_property
    def _printed(self) -> Mapping[Key, Set[str]]:
        """The kinds of figures that the clauses print which no reviewed rule explains."""
        policy, unreviewed = self._holding.policy, self._holding.unreviewed_clauses
        return {
            (policy.id, clause.label): frozenset(figure.kind for figure in figures(clause.text))
            for clause in policy.clauses
            if clause.label in unreviewed
        }

    def _paying(self, question: Question) -> frozenset[Key]:
        """The clauses that print a figure of the kind asked for: a rate answers 几成, a sum does not."""
        asks = question.asks & {Ask.AMOUNT, Ask.RATE, Ask.CAP}
        if not asks:
            return frozenset()
        kinds = {"rate"} if asks == {Ask.RATE} else {"rate", "money"}
        return frozenset(key for key, printed in self._printed.items() if printed & kinds)

    def _exact(self, question: Question) -> tuple[Key, ...]:
        policy = self._holding.policy
        found = [
            (policy.id, clause.label)
            for reference in question.references
            for clause in resolve(reference, policy.clauses)
        ]
        return tuple(dict.fromkeys(found))

    def _named(self, question: Question, *, text_first: bool) -> list[tuple[str, str, float, str]]:
        named: list[tuple[str, str, float, str]] = []
        holding, policy = self._holding, self._holding.policy
        if question.asks & {Ask.VALIDITY, Ask.ORIGIN} and not question.topic.named:
            named.append((policy.id, policy.clauses[0].label, 1.0, "问的是文件本身"))
        if question.route == "department":
            for name in question.departments:
                for clause, _ in holding.department_names.segments_of(name, policy.clauses):
                    named.append((policy.id, clause.label, 1.0, f"由{name}负责"))
        if question.route == "eligibility":
            figured = (measure for measure in holding.rules.measures if measure.has_figure)
            named += [(policy.id, measure.clause, 0.5, "有数额的支持") for measure in figured]
        for naming in () if text_first else question.topic.named:
            said = "、".join(dict.fromkeys(question.topic.reading.text[s:e] for s, e in naming.spans))
            why = f"问到“{said}”，对应“{naming.measure.title}”"
            named.append((policy.id, naming.measure.clause, round(naming.score, 4), why))
        return named

    def _turned_down(self, question: Question) -> dict[Key, str]:
        turned_down: dict[Key, str] = {}
        for rejection in sorted(question.topic.rejected, key=lambda one: -one.score):
            turned_down.setdefault((self._holding.policy.id, rejection.measure.clause), rejection.why)
        return turned_down

    def _lexical_ranks(self, query: str, expansions: Sequence[str]) -> Ranks:
        found = self._lexical.search(query, expansions, _DEPTH)
        return best_of_clause((self._passages[position], score) for position, score in found)

    def _dense_ranks(self, query: str) -> tuple[Ranks, tuple[str, ...]]:
        if self._index is None or self._embedder is None:
            return {}, ()
        return dense_ranks(query, self._embedder, self._index, _DEPTH, self._holding.policy.id)


# ── what searching one policy and searching all of them share ───────────────────────────────────


class _Placed(Protocol):
    @property
    def policy(self) -> str: ...
    @property
    def clause(self) -> str: ...


def dense_ranks(
    query: str, embedder: Embedder, index: Index, depth: int, policy: str | None = None
) -> tuple[Ranks, tuple[str, ...]]:
    """The ranks by meaning; a model that fails costs the search by meaning, not the answer, and is named."""
    try:
        return best_of_clause(index.nearest(_embedded(embedder.embed_query, query), depth, policy)), ()
    except Exception as error:
        kind = type(error).__name__
        return {}, (f"这次没有用上语义检索（{kind}），只按用词检索，可用 POLICY_QA_EMBEDDING 换一个模型。",)


def fused_by_rank(
    lexical: Ranks, dense: Ranks, covered: Ranks = MappingProxyType({}), paying: Set[Key] = frozenset()
) -> list[Hit]:
    """The clauses of all the ranks, best first, each with its reasons."""
    scores: defaultdict[Key, float] = defaultdict(float)
    for ranks in (lexical, dense, covered):
        for key, (rank, _) in ranks.items():
            scores[key] += by_rank(rank)
    hits = []
    for key, (_, share) in covered.items():
        scores[key] += COVERAGE * share
    for key in paying & scores.keys():
        scores[key] += 1 / _RRF
    for key, score in sorted(scores.items(), key=lambda entry: (-entry[1], entry[0])):
        reasons = found_by(key, lexical, dense)
        if key in covered:
            reasons.append(f"问到的词有{covered[key][1]:.0%}")
        if key in paying:
            reasons.append("写有金额或比例")
        hits.append(Hit(*key, round(score, 6), "，".join(reasons)))
    return hits


def found_by(key: Key, lexical: Ranks, dense: Ranks) -> list[str]:
    """Which search found a clause, and where, in Chinese."""
    reasons = []
    if key in lexical:
        reasons.append(f"用词第{lexical[key][0]}")
    if key in dense:
        reasons.append(f"语义第{dense[key][0]}（{dense[key][1]:.3f}）")
    return reasons


def by_rank(rank: int) -> float:
    """What a rank is worth where ranks of several searches are added up."""
    return 1 / (_RRF + rank)


def best_of_clause(found: Iterable[tuple[_Placed, float]]) -> Ranks:
    """Clause → (its rank among clauses from 1, the score of its best passage)."""
    ranks: dict[Key, tuple[int, float]] = {}
    for passage, score in found:
        key = (passage.policy, passage.clause)
        if key not in ranks:
            ranks[key] = (len(ranks) + 1, score)
    return ranks


@lru_cache(maxsize=8)
def _embedded(embed: Callable[[str], list[float]], query: str) -> list[float]:
    """The vector of ``query``, once for all the policies that are asked."""
    return embed(query)


def _rank(shares: Sequence[Key], covered: Mapping[Key, Coverage], key: Key) -> int:
    """Equal coverage is equal rank, so that ties decide nothing."""
    return 1 + next(i for i, other in enumerate(shares) if covered[other].share <= covered[key].share + 1e-9)
