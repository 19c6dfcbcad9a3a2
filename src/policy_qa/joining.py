"""join(): the answers of several policies as one, each under its policy's name, no figure of two mixed.

Nothing is added up across policies and no conflict is decided: what each pays is shown, and that whether both
are to be had is for their texts to say.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import replace

from policy_qa.corpus import Corpus
from policy_qa.domain import Answer, Calculation, Citation, FactValue, Hit, Sentence, Status
from policy_qa.proof import Draft, Record, prove
from policy_qa.routing import Choice
from policy_qa.specialist import identity
from policy_qa.texts import FRAMES

_SHOWN = 5
_TOGETHER = 2
"""Policies whose answers are shown together; more is a list, not an answer."""
_BEST_FIRST: tuple[Status, ...] = (
    "answered", "needs_facts", "not_specified", "not_found", "out_of_scope", "invalid_input",
)  # fmt: skip
_FOUND = frozenset(_BEST_FIRST[:3])


def join(
    question: str,
    facts: Mapping[str, FactValue],
    as_of: datetime.date,
    answers: Sequence[Answer],
    choice: Choice,
    corpus: Corpus,
) -> Answer:
    """One answer from ``answers``, which stand in the order of ``choice``."""
    id_ = identity(question, facts, as_of, corpus.sha256)
    lapsed = tuple(FRAMES["lapsed"].render({"policy": policy.title}) for policy in choice.set_aside)
    found = _shown(_best_borne([answer for answer in answers if answer.status in _FOUND], choice.hits))
    if not found:
        best = min(answers, key=lambda answer: _BEST_FIRST.index(answer.status))
        hits = choice.hits[:_SHOWN] if best.status != "invalid_input" else ()
        notices = tuple(dict.fromkeys((*lapsed, *best.notices)))
        return replace(best, id=id_, corpus=corpus.sha256, retrieved=hits, rejected=(), notices=notices)
    sentences, citations = _numbered(found, question, corpus)
    return Answer(
        question=question,
        as_of=as_of,
        corpus=corpus.sha256,
        id=id_,
        status=min((answer.status for answer in found), key=_BEST_FIRST.index),
        route=found[0].route,
        answer="\n".join(sentence.text for sentence in sentences),
        sentences=sentences,
        citations=citations,
        calculation=_calculation(found),
        reverse=next((answer.reverse for answer in found if answer.reverse), None),
        needs=tuple({need.fact: need for answer in found for need in answer.needs}.values()),
        retrieved=_retrieved(found, choice.hits),
        rejected=tuple(hit for answer in found for hit in answer.rejected),
        notices=tuple(dict.fromkeys((*lapsed, *(n for answer in found for n in answer.notices)))),
    )


def _best_borne(found: Sequence[Answer], hits: Sequence[Hit]) -> list[Answer]:
    """First those that a reviewed rule answers, then those that hold what is asked and do not only say that
    their text prints none; of these those that rest on the clause nearest to the question.
    """
    scores = {(hit.policy, hit.clause): hit.score for hit in hits}

    def worse(answer: Answer) -> tuple[bool, bool, float]:
        nearest = max((scores.get((c.policy, c.clause), 0.0) for c in answer.citations), default=0.0)
        return not answer.calculation, answer.status == "not_specified", -nearest

    return sorted(found, key=worse)


def _shown(found: Sequence[Answer]) -> list[Answer]:
    """The first, and beside it those that pay too: an amount of one policy does not hide another's."""
    paying = [answer for answer in found[1:] if answer.calculation and answer.calculation.items]
    return [*found[:1], *paying][:_TOGETHER]


def _numbered(
    found: Sequence[Answer], question: str, corpus: Corpus
) -> tuple[tuple[Sentence, ...], tuple[Citation, ...]]:
    sentences: dict[str, Sentence] = {}
    numbers: dict[Citation, int] = {}
    for position, answer in enumerate(found):
        for sentence in answer.sentences:
            cited = tuple(
                numbers.setdefault(answer.citations[number], len(numbers)) for number in sentence.citations
            )
            key = sentence.text if not cited else f"{position}/{sentence.text}"
            sentences.setdefault(key, replace(sentence, citations=cited))
    if len(found) > 1:
        record = Record(corpus, question, {}, None, None, ())
        for sentence in prove([Draft(FRAMES["several_policies"].text)], record).sentences:
            sentences[sentence.text] = sentence
    return tuple(sentences.values()), tuple(numbers)


def _calculation(found: Sequence[Answer]) -> Calculation | None:
    calculations = [answer.calculation for answer in found if answer.calculation]
    if len(calculations) < 2:
        return calculations[0] if calculations else None
    items = tuple(item for calculation in calculations for item in calculation.items)
    notes = tuple(dict.fromkeys(note for calculation in calculations for note in calculation.notes))
    return Calculation(None, "unknown", items, (*notes, FRAMES["several_policies"].text))


def _retrieved(found: Sequence[Answer], hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """What the answers rest on first, then the clauses nearest to the question in any policy."""
    cited = {(citation.policy, citation.clause) for answer in found for citation in answer.citations}
    ahead = [hit for answer in found for hit in answer.retrieved if (hit.policy, hit.clause) in cited]
    merged = {(hit.policy, hit.clause): hit for hit in (*reversed(hits), *reversed(ahead))}
    order = dict.fromkeys((hit.policy, hit.clause) for hit in (*ahead, *hits))
    return tuple(merged[key] for key in order)[:_SHOWN]
