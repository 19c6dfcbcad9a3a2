"""An answer as one text for doors that carry text only: its sentences, then the clauses it rests on."""

from __future__ import annotations

from collections.abc import Iterator

from policy_qa.catalogue import citation
from policy_qa.corpus import Corpus
from policy_qa.domain import Answer, Citation

_HEADING = "依据："


def footnoted(answer: Answer, corpus: Corpus) -> tuple[str, ...]:
    """The lines of ``answer``: its sentences, notices they do not hold yet, and 「依据」 with every quote.

    A footnote is the formal citation of its clause, so that it stays one when it is copied out of the text.
    """
    notices = [notice for notice in answer.notices if notice not in answer.answer]
    footnotes = [f"{number}. {cited}" for number, cited in enumerate(_cited(answer, corpus), start=1)]
    return (*answer.answer.split("\n"), *notices, *(("", _HEADING, *footnotes) if footnotes else ()))


def _cited(answer: Answer, corpus: Corpus) -> Iterator[str]:
    """Each passage once, in the order of the answer; a quote that stands in a longer one is left to it."""
    for cited in answer.citations:
        if not any(_stands_in(cited, other) for other in answer.citations):
            policy = corpus.holding(cited.policy).policy
            named = citation(policy, corpus.clause(cited.policy, cited.clause))
            yield f"{named}：「{cited.quote}」"


def _stands_in(quote: Citation, other: Citation) -> bool:
    same = (quote.policy, quote.clause) == (other.policy, other.clause)
    inside = other.start <= quote.start and quote.end <= other.end
    return same and inside and other.end - other.start > quote.end - quote.start
