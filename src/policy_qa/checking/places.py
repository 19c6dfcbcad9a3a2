"""Where things stand: measures and passages in the folded text of a clause, and who is responsible there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policy_qa.checking.claims import Claim
from policy_qa.checking.contrasts import Span
from policy_qa.checking.passages import Mark, Passage
from policy_qa.domain import Clause, Segment
from policy_qa.rules import Measure
from policy_qa.text import Folded, find_quote, fold_with_origins


def folded(clause: Clause) -> Folded:
    return fold_with_origins(clause.text)


def span_of(measure: Measure, clause: Clause) -> Span:
    return find_quote(clause.text, measure.quote) or (0, 0)


def overlaps(span: Span, start: int, end: int) -> bool:
    return span[0] < end and start < span[1]


def inside(folded: Folded, start: int, end: int) -> Span | None:
    places = [index for index, origin in enumerate(folded.origins) if start <= origin < end]
    return (places[0], places[-1] + 1) if places else None


_RESPONSIBLE = re.compile(r"负责|牵头|主管|主办|归|由|找|管(?!理)|受理|落实|联系|咨询|承办")


def other_departments(claim: Claim, passages: Sequence[Passage]) -> Iterator[Mark]:
    """A department said to be responsible that no segment of the passages names."""
    if not _RESPONSIBLE.search(claim.plain):
        return
    own: set[str] = set()
    for passage in passages:
        segment = _segment(passage)
        for name in segment.departments if segment else ():
            own |= set(passage.holding.department_names.same(name))
    for name, span in claim.departments.items():
        if name not in own and name not in passages[0].plain:
            yield Mark("party", span, _note(passages[0]), passages[0])


def _segment(passage: Passage) -> Segment | None:
    start, end = passage.folded.original_span(*passage.span)
    return passage.clause.segment_at(start, end)


_NOTE = re.compile(r"\((?:[^()]|\([^()]*\)){1,200}负责\)$")


def _note(passage: Passage) -> Span:
    """Where the 「（…负责）」 of the passage's segment stands, else the passage itself."""
    segment = _segment(passage)
    span = inside(passage.folded, segment.start, segment.end) if segment else None
    note = _NOTE.search(passage.folded.text[: span[1]]) if span else None
    return note.span() if note else passage.span
