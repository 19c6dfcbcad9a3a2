"""A claim in its own words against the measures it names: each figure against those of its measure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations, pairwise

from policy_qa.calculation import evaluate
from policy_qa.checking.claims import Claim
from policy_qa.checking.contrasts import Span
from policy_qa.checking.omissions import omissions
from policy_qa.checking.passages import (
    Findings,
    Mark,
    Passage,
    comparable,
    compare_figure,
    slots_of,
    stated_figures,
)
from policy_qa.money import Figure, paired
from policy_qa.rules import Measure, PerUnit, RateOf
from policy_qa.text import fold
from policy_qa.topic import Naming, occurrences
from policy_qa.vicinity import nearest


@dataclass(frozen=True)
class Owner:
    """A measure a claim names, with its passage."""

    naming: Naming
    passage: Passage

    @property
    def measure(self) -> Measure:
        return self.naming.measure


def compare_freely(claim: Claim, owners: Sequence[Owner]) -> Findings:
    """The figures of a claim against those of the measure each belongs to, and what the claim leaves out."""
    findings = Findings()
    granted: list[Owner] = []
    inputs = worked_example(claim, [owner.measure for owner in owners])
    for figure in stated_figures(claim):
        if figure in inputs:
            continue
        own = _owners_of(figure, claim, owners)
        if not own:
            findings.add(compare_figure(figure, claim.plain, ()))
            continue
        outcome, fitting = _against_all(figure, claim, own)
        findings.add(outcome)
        granted += [owner for owner in fitting if figure.kind in ("money", "rate")]
    for owner in {o.measure.id: o for o in granted}.values():
        findings.omitted += omissions(claim, owner.measure, owner.passage)
    return findings


def worked_example(claim: Claim, measures: Iterable[Measure]) -> set[Figure]:
    """The figures of a worked example that comes out right: 「实付320万补32万」, a fact and its result.

    A fact alone (「推广费200万」) is no figure of the policy either, nor is what the cap cuts off.
    """
    used: set[Figure] = set()
    for measure in measures:
        said = {f.value for f in claim.figures}
        cap = getattr(measure.benefit, "cap", None)
        for given, result in combinations(claim.figures, 2):
            if _is_result(result) and result.value in _comes_to(given, measure, capped=cap not in said):
                used |= {given, result}
        used |= set(_several(measure, claim))
        if cap in said:
            used |= {f for f in claim.figures if f.value != cap and _is_fact(f, measure, claim)}
    return used


def _several(measure: Measure, claim: Claim) -> Iterator[Figure]:
    """Sums for several pieces, up to the printed limit, beside the sum for one: 「两个国家就是4万」."""
    benefit = measure.benefit
    if not isinstance(benefit, PerUnit) or benefit.limit is None:
        return
    sums = {benefit.amount * count for count in range(2, int(benefit.limit) + 1)}
    if any(f.value == benefit.amount and f.unit == "元" for f in claim.figures):
        yield from (f for f in claim.figures if _is_result(f) and f.value in sums)


def _is_result(figure: Figure) -> bool:
    return (figure.unit, figure.bound, figure.per) == ("元", "exact", None)


def _is_fact(figure: Figure, measure: Measure, claim: Claim) -> bool:
    """Whether a sum is said to be what the rate is taken of: 「实付超过1000万的」."""
    if not isinstance(measure.benefit, RateOf) or figure.unit != "元":
        return False
    if measure.benefit.cap is None or figure.value * measure.benefit.rate < measure.benefit.cap:
        return False  # so little would not come to the cap that is said
    phrase = claim.plain[claim.reading.phrase_of(figure.start)[0] : figure.start]
    return _FACT.search(phrase) is not None


_FACT = re.compile(
    r"(?:付了?|付给[^,。;]{2,8}|支付(?:额|金额)?|花了?|费用?|款)(?:是|为|有|达到?|超过|超|超出|满|了)?$"
)


def _comes_to(given: Figure, measure: Measure, *, capped: bool) -> set[Decimal]:
    """What the measure brings for a figure taken as its fact, before the cap too where the cap is said."""
    match measure.benefit:
        case RateOf(fact=fact, rate=rate) if given.unit == "元" and given.bound == "exact":
            amount = evaluate(measure, {fact: given.value}).amount
            found = set() if amount is None else {amount}
            return found if capped else found | {given.value * rate}
        case PerUnit(fact=fact, limit=limit, per=per) if (
            given.kind == "count"
            and given.value == int(given.value) > 1
            and given.unit in ((per, *_ANY_PIECE) if limit is None else _NATIONS)
        ):
            count = int(given.value)
            amount = evaluate(measure, {fact: count if limit is None else (count,)}).amount
            return set() if amount is None else {amount}
    return set()


_NATIONS = ("国家", "国")
_ANY_PIECE = ("个", "项")
"""How pieces are counted, whatever they are."""


def pairs_said(claim: Claim) -> list[tuple[str, Figure]]:
    """The paired lists of a claim, also where the sums come first: 「50万、30万，分别给甲、乙」."""
    by_place = {(f.start, f.end): f for f in claim.figures}
    pairs = [(party, by_place.get((f.start, f.end), f)) for party, f in paired(claim.plain)]
    if pairs:
        return pairs
    sums = [f for f in claim.figures if f.kind in ("money", "rate")]
    ahead = _SUMS_FIRST.match(claim.plain, sums[-1].end) if len(sums) > 1 else None
    if ahead is None or any(claim.plain[a.end : b.start] not in "、和及" for a, b in pairwise(sums)):
        return []
    parties = re.split("、|和|及|与", ahead["parties"])
    return list(zip(parties, sums, strict=True)) if len(parties) == len(sums) else []


_SUMS_FIRST = re.compile(r",?(?:依次|分别)(?:对应|给|奖给|是|奖励|补给|为)*(?P<parties>[^,。;]+)")


def of_listed_parties(claim: Claim, namings: Sequence[Naming]) -> Iterator[Naming]:
    """The namings that the parties of a paired list name best, each party's own."""
    for party, _ in pairs_said(claim):
        named = [(_named_by(party, naming.measure, claim), naming) for naming in namings]
        best = max((length for length, _ in named), default=0)
        yield from (naming for length, naming in named if length == best and best)


def _owners_of(figure: Figure, claim: Claim, owners: Sequence[Owner]) -> tuple[Owner, ...]:
    """The measures a figure belongs to: by its place in a paired list, else by what its phrase names."""
    for party, listed in pairs_said(claim):
        if (listed.start, listed.end) == (figure.start, figure.end):
            named = [(_named_by(party, owner.measure, claim), owner) for owner in owners]
            best = max((length for length, _ in named), default=0)
            if best:
                return tuple(owner for length, owner in named if length == best)
    found = _named_before(figure, claim, owners) or (tuple(owners) if figure.kind == "count" else ())
    kin = tuple(o for o in found if any(comparable(figure, s.figure) for s in slots_of(o.measure, o.passage)))
    return kin or found


def _named_by(party: str, measure: Measure, claim: Claim) -> int:
    """How well a party of a list names the measure: by its words, then by their length; 0 for not at all."""
    if measure.party is not None and (measure.party in party or party in measure.party):
        return 100 * len(party)
    if measure.party is not None:
        return 0
    start = claim.plain.find(party)
    return max(
        (_said_inside(words, claim, (start, start + len(party))) for words in measure.names), default=0
    )


def _said_inside(words: Sequence[str], claim: Claim, party: Span) -> int:
    found = [
        [s for s in occurrences(word, claim.reading) if party[0] <= s[0] and s[1] <= party[1]]
        for word in words
    ]
    longest = max((end - start for spans in found for start, end in spans), default=0)
    return 100 * sum(map(bool, found)) + longest


def _named_before(figure: Figure, claim: Claim, owners: Sequence[Owner]) -> tuple[Owner, ...]:
    """The measures named in the figure's phrase behind the figure before it, else in the last phrase."""
    start, end = claim.reading.phrase_of(figure.start)
    since = max((f.end for f in claim.figures if f.end <= figure.start and f.kind == figure.kind), default=0)
    spans = sorted(((span, owner) for owner in owners for span in owner.naming.spans), key=lambda one: one[0])
    before = [(span, owner) for span, owner in spans if since <= span[0] and span[1] <= figure.start]
    here = _wholly_named([(span, owner) for span, owner in before if start <= span[0]], claim)
    if not here:
        here = _named_by_their_heads(claim, owners, start, figure.start)
    if not here and before and not any(start <= span[0] < end for span, _ in spans):
        last = claim.reading.phrase_of(before[-1][0][0])
        here = [(span, owner) for span, owner in before if last[0] <= span[0] < last[1]]
    if here:
        return _joined(here, claim)
    topic = claim.question.topic
    near = tuple(r for r in topic.rejected if any(start <= span[0] < end for span in r.spans))
    topic = replace(topic, named=tuple(owner.naming for owner in owners), rejected=near)
    closest = nearest(figure, topic)
    return tuple(owner for owner in owners if owner.naming in closest)


def _wholly_named(named: Sequence[tuple[Span, Owner]], claim: Claim) -> list[tuple[Span, Owner]]:
    """Those of the measures all of whose words stand here, if any do: 「国内专利一万，国外的两万」."""
    whole = [
        owner
        for owner in {o.measure.id: o for _, o in named}.values()
        if all(
            any(span in {s for s, o in named if o is owner} for span in occurrences(word, claim.reading))
            for word in owner.naming.words
            if len(owner.naming.spans) > 1
        )
    ]
    return [(span, owner) for span, owner in named if owner in whole] or list(named)


def _named_by_their_heads(
    claim: Claim, owners: Sequence[Owner], start: int, end: int
) -> list[tuple[Span, Owner]]:
    """A measure by the last word of its name, where only one ends so: 「车间30万」."""
    heads: dict[str, list[Owner]] = {}
    for owner in owners:
        for word in owner.naming.words:
            if len(word) > _HEAD:
                heads.setdefault(word[-_HEAD:], []).append(owner)
    return [
        ((at, at + _HEAD), own[0])
        for head, own in heads.items()
        if len(own) == 1 and (at := claim.plain.find(head, start, end)) >= 0
    ]


_HEAD = 2
"""Characters of the head of a compound."""


def _joined(named: Sequence[tuple[Span, Owner]], claim: Claim) -> tuple[Owner, ...]:
    """The last of the measures named, with those that are listed before it: 「小巨人和单项冠军各奖」."""
    chosen = [named[-1]]
    for span, owner in reversed(named[:-1]):
        later = chosen[-1][0]
        link = claim.plain[span[1] : later[0]]
        if not span[0] <= later[0] < span[1] and not (len(link) <= _LINK_LENGTH and _LINK.search(link)):
            break
        chosen.append((span, owner))
    return tuple(dict.fromkeys(owner for _, owner in chosen))


_LINK = re.compile(r"[、和及与跟或,]")
_LINK_LENGTH = 8


def _against_all(figure: Figure, claim: Claim, owners: Sequence[Owner]) -> tuple[Findings, list[Owner]]:
    """A figure said of several measures holds of each; of measures the words do not tell apart, of one."""
    findings = Findings()
    fitting: list[Owner] = []
    for group in _indistinct(owners):
        outcomes = [(o, compare_figure(figure, claim.plain, slots_of(o.measure, o.passage))) for o in group]
        right = [o for o, found in outcomes if not found.contradicted and not found.unprinted]
        if right:
            fitting += right[:1]
            for owner in right[:1] if len(right) < len(group) else ():
                findings.omitted.append(Mark("condition", None, _telling(owner), owner.passage))
        else:
            best = min(outcomes, key=lambda pair: (bool(pair[1].unprinted), len(pair[1].contradicted)))
            findings.add(best[1])
    return findings, fitting


def _indistinct(owners: Sequence[Owner]) -> list[list[Owner]]:
    """Owners named by the same words in one group."""
    groups: dict[tuple[Span, ...], list[Owner]] = {}
    for owner in owners:
        groups.setdefault(owner.naming.spans, []).append(owner)
    return list(groups.values())


def _telling(owner: Owner) -> Span:
    """The words of the passage that tell the measure from its neighbours."""
    measure, passage = owner.measure, owner.passage
    words = (
        measure.party,
        *(condition.text for condition in measure.conditions),
        *map("".join, measure.names[:1]),
    )
    for text in (fold(word).lower() for word in words if word):
        at = passage.plain.find(text)
        if at >= 0:
            return passage.start + at, passage.start + at + len(text)
    return passage.span
