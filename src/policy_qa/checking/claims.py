"""What a pasted text claims: its sentences, verbatim, each read as a statement about support.

A statement is a claim where it can be held against a policy: it names a support and says something of it, it
states a figure beside a word of support, a duty of a department, a clause. Greetings, thanks, headings and
questions claim nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from policy_qa.checking.contrasts import NOT_GRANTED, SILENCE
from policy_qa.checking.sentences import Span
from policy_qa.checking.spoken import AWARD, figures_said
from policy_qa.corpus import Corpus
from policy_qa.money import Figure, figures
from policy_qa.question import Question, Understanding
from policy_qa.rules import Measure
from policy_qa.text import Folded, fold, fold_with_origins
from policy_qa.topic import Naming, Reading, TopicReader, most_specific

# ── claims ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Claim:
    """One sentence as a statement; all spans inside are of ``plain``, its comparison form."""

    text: str
    start: int
    """Where it begins in the pasted text."""
    folded: Folded
    question: Question
    figures: tuple[Figure, ...]
    """Its figures without labels, their bounds as people say them."""
    departments: dict[str, Span]
    """The departments named, each with where it stands."""
    asserts: bool
    """Whether it claims anything about support."""
    earlier: Claim | None = None
    """The sentence before it that it goes on with: 「国家级媒体最高补10万；省级最高5万」."""

    @property
    def with_earlier(self) -> tuple[Claim, ...]:
        """The claim, and the one it goes on with: what is said there need not be said again."""
        return (self, *self.earlier.with_earlier) if self.earlier is not None else (self,)

    @property
    def plain(self) -> str:
        return self.folded.text

    @property
    def reading(self) -> Reading:
        return self.question.topic.reading

    @cached_property
    def namings(self) -> tuple[Naming, ...]:
        """The measures named, of those that share words the one that all its words name."""
        return _tellingly_named(self._of_things(self.question.topic.named))

    @cached_property
    def money_namings(self) -> tuple[Naming, ...]:
        """The measures named that print a sum or grant money."""
        return _tellingly_named(most_specific(self.money_candidates))

    @cached_property
    def money_candidates(self) -> tuple[Naming, ...]:
        """The same, with the less specific ones."""
        candidates = self._of_things(self.question.topic.candidates)
        return tuple(n for n in candidates if _speaks_of_money(n.measure))

    def _of_things(self, namings: Sequence[Naming]) -> tuple[Naming, ...]:
        places = tuple(self.departments.values())
        return tuple(n for n in namings if not _of_departments(n, places))

    def source_span(self, span: Span) -> Span:
        """The span of ``text`` that a span of ``plain`` came from."""
        end = min(span[1], len(self.plain))  # a typo read as another word may be longer
        return self.folded.original_span(min(span[0], end - 1), end)


class ClaimReader:
    """Reads claims against one corpus; the topic reader and the figure reader do the reading."""

    def __init__(self, corpus: Corpus) -> None:
        self._understanding = Understanding(corpus)
        self._department_names = tuple(holding.department_names for holding in corpus.holdings)

    @property
    def reader(self) -> TopicReader:
        return self._understanding.reader

    def read(self, text: str, start: int) -> Claim:
        """The sentence ``text``, which begins at ``start`` of the pasted text, as a claim."""
        folded = _with_latin_blanks(fold_with_origins(text))
        folded = replace(folded, text=_lower(folded.text))
        question = self._understanding.understand(folded.text[:_LONGEST], {})
        found = tuple(
            figure
            for figure in figures_said(folded.text)
            if not any(r.start <= figure.start and figure.end <= r.end for r in question.references)
        )
        departments = self._departments(folded.text, question)
        return Claim(
            text, start, folded, question, found, departments, _asserts(folded.text, question, found)
        )

    def _departments(self, plain: str, question: Question) -> dict[str, Span]:
        found: dict[str, Span] = {}
        for name in (*question.departments, *question.unknown_departments):
            same = [one for names in self._department_names for one in names.same(name)]
            spelled = (one for full in same for one in (full, full.removeprefix("市")))
            shown = next((one for one in spelled if one in plain), None)
            if shown is not None:
                found[name] = (plain.find(shown), plain.find(shown) + len(shown))
        return found


_LONGEST = 1_000


def _with_latin_blanks(folded: Folded) -> Folded:
    """The folded text with a blank between two Latin words, which would else be one: 「little giant」."""
    characters: list[str] = []
    origins: list[int] = []
    for character, origin in zip(folded.text, folded.origins, strict=True):
        apart = (
            bool(origins) and origin - origins[-1] > 1 and _LATIN_PAIR.fullmatch(characters[-1] + character)
        )
        if apart:
            characters.append(" ")
            origins.append(origin - 1)
        characters.append(character)
        origins.append(origin)
    return Folded("".join(characters), tuple(origins))


_LATIN_PAIR = re.compile("[A-Za-z]{2}")


def _lower(text: str) -> str:
    """Lower case character by character, so that no offset moves."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _speaks_of_money(measure: Measure) -> bool:
    return measure.is_money or any(f.kind in ("money", "rate") for f in figures(measure.quote))


def _tellingly_named(namings: Sequence[Naming]) -> tuple[Naming, ...]:
    """The namings without those whose words another one has too, or prints while its own are not here."""
    return tuple(n for n in namings if not any(_borne_by(n, other) for other in namings if other is not n))


def _names_the_level(naming: Naming, other: Naming) -> bool:
    """Whether the same thing is said with the one's level and without the other's: 「省级媒体」."""
    one, two = naming.measure.level, other.measure.level
    said = one is not None and one in naming.words and two is not None and two not in other.words
    return said and one != two and naming.measure.quote == other.measure.quote


def _of_departments(naming: Naming, places: Sequence[Span]) -> bool:
    """Whether only the names of departments name the measure: 市电力公司 is no power."""
    return all(any(start <= s and e <= end for start, end in places) for s, e in naming.spans)


def _borne_by(naming: Naming, other: Naming) -> bool:
    if set(naming.words) < set(other.words) or _names_the_level(other, naming):
        return True
    own, others = (fold(n.measure.title + n.measure.quote) for n in (naming, other))
    return all(word in others for word in naming.words) and not all(word in own for word in other.words)


# ── what makes a sentence a claim ───────────────────────────────────────────────────────────────

_ASKS = re.compile(
    r"[？?]|(?:吗|呢|么|吧)[。！!]?$|请问|想问|咨询一下|多少(?:钱|万|呢)?[。]?$|(?:什么|怎么|哪些|哪个|如何)[^,。;]{0,12}[。]?$"
)
_SAYS_NOTHING = re.compile(SILENCE + "[^,。;]{0,6}(?:多少|怎么|如何|什么)")
"""「没写多少钱」 asks nothing."""
_FORMULA = re.compile(
    r"以(?:正式|最终|官方|实际)?(?:印发|发布|公布)?的?(?:正式)?(?:文件|原文|条文|解释|通知|公告)为准|解释权|欢迎(?:来电|咨询)|感谢|谢谢|祝您|您好|你好|再见|敬请|仅供参考"
)
_OF_DUTY = re.compile(r"负责|牵头|主管|承办|管(?!理|辖)|归|找|落实|受理|职责|联系")
_SUPPORT_FIGURES = frozenset({"money", "rate"})


def _asserts(plain: str, question: Question, found: tuple[Figure, ...]) -> bool:
    if question.invalid in ("empty", "no_words"):
        return False
    if _ASKS.search(plain) and not _SAYS_NOTHING.search(plain):
        return False
    topic = question.topic
    named = bool(topic.named or topic.rejected)
    said = bool(AWARD.search(plain) or NOT_GRANTED.search(plain))
    if any(f.kind in _SUPPORT_FIGURES for f in found) and (named or said or topic.unheld):
        return True
    if _FORMULA.search(plain) and not (named and found):
        return False
    duty = bool(question.departments or question.unknown_departments) and bool(_OF_DUTY.search(plain))
    stranger = bool(topic.unheld) and said
    tells = said or bool(found) or len(plain) > _HEADING or bool(_PREDICATE.search(plain))
    figured = any(f.bound != "exact" for f in found) or (bool(found) and len(plain) > _HEADING)
    return duty or bool(question.references) or (named and tells) or stranger or figured


_PREDICATE = re.compile(r"[要可能会不没由是有给按须应得看用为]|需|属于|截止")
_HEADING = 12
"""Characters: what is shorter and names a support without saying anything of it is a heading."""
