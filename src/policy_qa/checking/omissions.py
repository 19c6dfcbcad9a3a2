"""What a claim of money leaves out: conditions and limits without which it grants to others, or more."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

from policy_qa.checking.claims import Claim
from policy_qa.checking.passages import Mark, Passage, bounded, place_of
from policy_qa.rules import Condition, Measure, PerUnit, RateOf
from policy_qa.text import fold
from policy_qa.topic import occurrences

_FRESH: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = (
    (re.compile("已授权"), re.compile("授权|下证|拿证|获证|批下来|证书|获批")),
    (
        re.compile("新认定|当年新增|新增"),
        re.compile(
            r"(?<![特创更高最])新(?!徽商|材料|技术|兴|型)|今年|当年|刚|首次|升规|上规|入规|进规|认下来|获批|升了?规"
        ),
    ),
)
"""What was granted or recognised, and when, each with the ways people say it."""


def omissions(claim: Claim, measure: Measure, passage: Passage) -> list[Mark]:
    """The decisive conditions and limits of a measure of money that the claim grants without."""
    found = [
        Mark("condition", None, place_of(condition.text, passage), passage)
        for condition in measure.conditions
        if not _is_said(condition, measure, claim)
    ]
    own = place_of(measure.quote, passage)
    for printed, spoken in _FRESH:
        match = printed.search(passage.folded.text, *own)
        fresh = match.span() if match else None
        if fresh is not None and not any(spoken.search(one.plain) for one in claim.with_earlier):
            found.append(Mark("condition", None, fresh, passage))
    said = {f.value for f in claim.figures}
    for value, whole in _limits(measure):
        if value not in said and whole & said:
            figure = next((f for f in passage.figures if f.value == value and f.bound == "max"), None)
            if figure is not None:
                found.append(Mark("condition", None, bounded(figure, passage), passage))
    return found


def all_said(measure: Measure, claim: Claim) -> bool:
    """Whether the claim has words for every condition, for what a rate is of and for each printed name."""
    quote = fold(measure.quote).lower()
    names = {
        w for words in measure.names for w in words if w not in measure.weak and fold(w).lower() in quote
    }
    base = [fold(measure.benefit.base)] if isinstance(measure.benefit, RateOf) else []
    conditions = all(_is_said(condition, measure, claim) for condition in measure.conditions)
    return conditions and all(_says(claim, [[name]]) for name in [*names, *base])


def _is_said(condition: Condition, measure: Measure, claim: Claim) -> bool:
    """Whether the claim has words for the condition, and for whose recognition it asks."""
    terms = [term for one in claim.with_earlier for term in one.reading.terms]
    if condition.level is not None and not any(condition.level in term.means for term in terms):
        return False
    if measure.party is not None and _is_named_by(condition, measure, claim):
        return True
    if condition.names:
        return _says(claim, condition.names)
    return all(_says(claim, [[word] for word in words]) for words in _printed_names(condition.text, measure))


def _is_named_by(condition: Condition, measure: Measure, claim: Claim) -> bool:
    """Whether the name that the claim gives the measure is made of words of the condition."""
    text = fold(condition.text)
    return any(
        all(fold(word) in text for word in naming.words) and len(naming.words) > 1
        for naming in claim.question.topic.candidates
        if naming.measure is measure
    )


def _printed_names(text: str, measure: Measure) -> list[list[str]]:
    """The measure's names in the words of a condition; names that overlap there name one thing."""
    folded = fold(text)
    words = {w for words in measure.names if len(words) == 1 for w in words if w not in measure.weak}
    groups: list[tuple[int, list[str]]] = []
    for start, word in sorted((folded.find(fold(word)), word) for word in words if fold(word) in folded):
        if groups and start < groups[-1][0]:
            groups[-1][1].append(word)
            groups[-1] = max(groups[-1][0], start + len(word)), groups[-1][1]
        else:
            groups.append((start + len(word), [word]))
    return [words for _, words in groups]


def _limits(measure: Measure) -> Iterator[tuple[Decimal, set[Decimal]]]:
    """The caps and limits without which the first figure grants another sum."""
    match measure.benefit:
        case RateOf(rate=rate, cap=cap) if cap is not None:
            yield cap, {rate}
        case PerUnit(amount=amount, cap=cap, limit=limit):
            for value in (cap, limit):
                if value is not None:
                    yield value, {amount}


def _says(claim: Claim, names: Iterable[Sequence[str]]) -> bool:
    return any(
        all(
            any(occurrences(word, one.reading) or word in one.plain for one in claim.with_earlier)
            for word in words
        )
        for words in names
    )
