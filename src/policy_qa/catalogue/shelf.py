"""A clause made ready to be searched: where words, sums and supports stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from policy_qa.catalogue.supports import Span, Support, of_measure, of_statement
from policy_qa.domain import Clause
from policy_qa.lexicon import Lexicon, normal
from policy_qa.money import Figure, figures
from policy_qa.rules import Measure
from policy_qa.statements import statements
from policy_qa.text import Folded, fold, fold_with_origins


def _lowered(text: str) -> str:
    """Lower case that keeps every character in its place: 「İ」 would become two."""
    return "".join(low if len(low := character.lower()) == 1 else character for character in text)


@dataclass(frozen=True, slots=True)
class Word:
    """A word looked for: as written, as the words of policies it stands for, or as the figure it is."""

    said: str
    needle: str
    means: tuple[str, ...]
    """The words of policies that together say the same; empty where the lexicon knows none."""
    figure: Figure | None

    @classmethod
    def read(cls, said: str, lexicon: Lexicon) -> Word:
        needle = _lowered(fold(said))
        found = [figure for figure in figures(said) if figure.kind in ("money", "rate", "count")]
        whole = len(found) == 1 and fold(found[0].text) == fold(said)
        return cls(said, needle, meant(said, lexicon), found[0] if whole else None)

    def marks(self, shelved: Shelved) -> tuple[Span, ...] | None:
        """Where the clause says it; empty where only a heading does, None where nothing does."""
        if self.figure is not None:
            equal = shelved.sums_like(self.figure)
            if equal or self.figure.kind != "count":
                return equal or None
        literal = shelved.occurrences(self.needle)
        synonyms = [shelved.occurrences(mean) for mean in self.means]
        if synonyms and all(synonyms):
            literal = (*literal, *(span for spans in synonyms for span in spans))
        if literal:
            return literal
        return () if self.needle in shelved.headings else None

    def reason(self, text: str, marks: Sequence[Span]) -> str:
        """Why a clause with these marks is found, naming the words that it prints instead."""
        if not marks:
            return f"标题里有“{self.said}”"
        printed = dict.fromkeys(fold(text[mark.start : mark.end]) for mark in marks)
        other = [word for word in printed if _lowered(word) != self.needle]
        instead = f"（条文写作{'、'.join(f'“{word}”' for word in other)}）" if other else ""
        return f"有 {len(marks)} 处写到“{self.said}”{instead}"


def meant(said: str, lexicon: Lexicon) -> tuple[str, ...]:
    """The words of policies for a word the lexicon knows from end to end, other than the word itself."""
    plain = normal(said)
    terms = [term for term in lexicon.scan(plain) if term.kind in ("policy", "spoken", "generic")]
    if sum(term.end - term.start for term in terms) < len(plain):
        return ()
    means = dict.fromkeys(_lowered(fold(mean)) for term in terms for mean in term.means)
    return () if list(means) == [_lowered(fold(said))] else tuple(means)


def parted(words: str) -> Iterator[str]:
    """The words between blanks; a blank or a comma within a figure (50 万元, 1,000元) parts nothing."""
    characters = list(words)
    for figure in figures(words):
        for index in range(figure.start, figure.end):
            if characters[index] in " ,，　":
                characters[index] = ""
    yield from dict.fromkeys(filter(None, re.split(r"[\s、，,；;]+", "".join(characters))))


class Shelved:
    """A clause as it is looked up: its text in comparison form, its headings, its supports."""

    def __init__(self, clause: Clause, measures: Sequence[Measure], *, has_rules: bool) -> None:
        self.clause = clause
        folded = fold_with_origins(clause.text)
        self._folded = Folded(_lowered(folded.text), folded.origins)
        self.headings = _lowered(fold("；".join(clause.path)))
        self.supports = (
            tuple(of_measure(measure, clause, self._first(measure.quote)) for measure in measures)
            if has_rules
            else tuple(
                of_statement(statement, clause)
                for statement in statements([clause])
                if statement.kind != "not_award"
            )
        )

    @cached_property
    def _figures(self) -> tuple[Figure, ...]:
        return figures(self.clause.text)

    def _first(self, quote: str) -> Span:
        """Where a quote that the loader has found in the clause begins and ends."""
        needle = _lowered(fold(quote))
        start = self._folded.text.index(needle)
        return Span(*self._folded.original_span(start, start + len(needle)))

    def occurrences(self, needle: str) -> tuple[Span, ...]:
        """Where the needle stands; one that begins or ends with a digit stands in no longer number."""
        text, spans = self._folded.text, []
        start = text.find(needle) if needle else -1
        while start >= 0:
            end = start + len(needle)
            before, after = text[max(0, start - 1) : start], text[end : end + 1]
            if not _same_number(before, needle[0]) and not _same_number(after, needle[-1]):
                spans.append(Span(*self._folded.original_span(start, end)))
            start = text.find(needle, end)
        return tuple(spans)

    def sums_like(self, wanted: Figure) -> tuple[Span, ...]:
        """Where the clause prints the figure, in whatever spelling."""
        return tuple(
            Span(figure.start, figure.end)
            for figure in self._figures
            if (figure.kind, figure.value, figure.upper, figure.unit)
            == (wanted.kind, wanted.value, wanted.upper, wanted.unit)
        )

    def sums_between(self, support: Support, low: Decimal | None, high: Decimal | None) -> Iterator[Span]:
        """The sums of a support in the range, where its quote prints them."""
        amounts = [amount for amount in support.amounts if within(amount, low, high)]
        for figure in self._figures:
            inside = support.span.start <= figure.start and figure.end <= support.span.end
            if inside and figure.kind == "money" and figure.value in amounts:
                yield Span(figure.start, figure.end)


def _same_number(beside: str, edge: str) -> bool:
    return edge.isdigit() and (beside.isdigit() or beside == ".")


def within(amount: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    """Whether the amount lies in the range, edges included; an edge that is None bounds nothing."""
    return (low is None or amount >= low) and (high is None or amount <= high)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, those that overlap as one."""
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span.start < apart[-1].end:
            apart[-1] = Span(apart[-1].start, max(apart[-1].end, span.end))
        else:
            apart.append(span)
    return tuple(apart)
