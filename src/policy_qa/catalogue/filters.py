"""What is looked for, and whether a clause has it: each entry says why it is there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from policy_qa.catalogue.naming import address, citation
from policy_qa.catalogue.shelf import Shelved, Word, merged, within
from policy_qa.catalogue.supports import Span, Support, shortened
from policy_qa.domain import Clause, Policy
from policy_qa.text import fold


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a clause's text in one style."""

    text: str
    passage: bool
    mark: bool


@dataclass(frozen=True, slots=True)
class Entry:
    """A clause that meets every filter, with what to highlight and why it is here."""

    clause: Clause
    citation: str
    address: str
    supports: tuple[Support, ...]
    """Those that meet the filters; all of the clause where no filter is about a support."""
    passages: tuple[Span, ...]
    """What meets the filters: the department's segments, or the quotes of the supports; none overlap."""
    marks: tuple[Span, ...]
    """The words and sums looked for; none overlap."""
    why: str

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text cut where a passage or a mark begins or ends; joined, the pieces are the whole text."""
        text = self.clause.text
        edges = {edge for span in (*self.passages, *self.marks) for edge in (span.start, span.end)}
        return tuple(
            Piece(text[start:end], _covered(start, self.passages), _covered(start, self.marks))
            for start, end in pairwise(sorted({0, len(text), *edges}))
        )


@dataclass(frozen=True, slots=True)
class Found:
    """The entries in the order of the policy; ``notes`` are sentences on how the filters were read."""

    entries: tuple[Entry, ...]
    notes: tuple[str, ...]


def _covered(position: int, spans: Iterable[Span]) -> bool:
    return any(span.start <= position < span.end for span in spans)


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for, every filter read once; one that is None (or empty) is not set."""

    number: str | None
    labels: frozenset[str]
    words: tuple[Word, ...]
    department: str | None
    responsible: frozenset[str]
    """The printed names of the department."""
    audience: str | None
    named: tuple[str, ...]
    """The audiences meant; empty where ``audience`` is looked for as it is written."""
    kind: str | None
    low: Decimal | None
    high: Decimal | None

    @property
    def about_supports(self) -> bool:
        return any(one is not None for one in (self.audience, self.kind, self.low, self.high))

    def admits(self, support: Support, text: str) -> bool:
        """Whether one support meets all filters about supports and, where one is set, the department."""
        return (
            (self.department is None or not self.responsible.isdisjoint(support.departments))
            and (self.audience is None or self._is_for(support, text))
            and (self.kind is None or self.kind in support.kinds)
            and (
                (self.low is None and self.high is None)
                or any(within(amount, self.low, self.high) for amount in support.amounts)
            )
        )

    def _is_for(self, support: Support, text: str) -> bool:
        if self.named:
            return not set(self.named).isdisjoint(support.audiences)
        return fold(self.audience or "") in fold(text[support.span.start : support.span.end])

    def entry(self, shelved: Shelved, policy: Policy) -> Entry | None:
        """The clause as an entry, None where a filter leaves it out."""
        clause = shelved.clause
        if self.number is not None and clause.label not in self.labels:
            return None
        spoken = [(word, word.marks(shelved)) for word in self.words]
        if any(marks is None for _, marks in spoken):
            return None
        segments = [s for s in clause.segments if not self.responsible.isdisjoint(s.departments)]
        if self.department is not None and not segments:
            return None
        supports, passages = shelved.supports, [Span(s.start, s.end) for s in segments]
        marks = [span for _, spans in spoken for span in spans or ()]
        if self.about_supports:
            supports = tuple(s for s in shelved.supports if self.admits(s, clause.text))
            if not supports:
                return None
            passages = [support.span for support in supports]
            if self.low is not None or self.high is not None:
                marks += (m for s in supports for m in shelved.sums_between(s, self.low, self.high))
        return Entry(
            clause,
            citation(policy, clause),
            address(policy, clause),
            supports,
            merged(passages),
            merged(marks),
            "；".join(self._reasons(clause, spoken, len(segments), supports)),
        )

    def _reasons(
        self,
        clause: Clause,
        spoken: Sequence[tuple[Word, tuple[Span, ...] | None]],
        segments: int,
        supports: Sequence[Support],
    ) -> Iterator[str]:
        if self.number is not None:
            yield f"与编号“{shortened(self.number)}”对应"
        for word, marks in spoken:
            yield word.reason(clause.text, marks or ())
        if self.about_supports:
            yield f"其中 {len(supports)} 项支持符合：{'、'.join(support.title for support in supports)}"
        elif self.department is not None:
            yield f"{shortened(self.department)}负责其中 {segments} 段"
