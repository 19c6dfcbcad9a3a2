"""How a claim says it: for whom, under which condition, allowed or due or denied, on top or instead."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from policy_qa.checking.claims import Claim
from policy_qa.checking.contrasts import (
    AIM,
    ASIDE,
    CHOICE,
    CONTRASTS,
    DENIED_VERB,
    DUTY,
    ENDED,
    FORBIDS,
    GIVES,
    INSTEAD,
    NAMED_LEVEL,
    NEGATIVE,
    NOT_GRANTED,
    ON_TOP,
    PRINTED_CHOICE,
    PRINTED_DUTY,
    RECKONED_BY,
    RECOGNISED,
    REQUIRED,
    SILENT,
    STACKED,
    TO_FIRMS,
    Span,
    levels,
    waivers,
)
from policy_qa.checking.passages import Findings, Kind, Mark, Passage, place_of
from policy_qa.rules import Measure
from policy_qa.text import fold
from policy_qa.texts import PAYEES


def compare_manner(claim: Claim, passages: Sequence[Passage]) -> Findings:
    """What excludes what, negation, duty, stacking, and what the policy is silent on."""
    view = _Manner(claim, passages)
    return Findings(
        [
            *view.contrasts(),
            *view.levels(),
            *view.shares(),
            *view.negations(),
            *view.ended(),
            *view.payee(),
            *view.waived(),
            *view.modality(),
            *view.not_on_top(),
        ],
        [*view.silent(), *view.stacked_by_nobody()],
    )


@dataclass(frozen=True)
class _Manner:
    """A claim beside all the passages it speaks of."""

    claim: Claim
    passages: Sequence[Passage]

    @cached_property
    def text(self) -> str:
        return "\n".join(passage.plain for passage in self.passages)

    @cached_property
    def _said(self) -> str:
        """The claim without what it says not to be so (不是按合同总价) or not to be printed (补多少没写)."""
        return ASIDE.sub(lambda aside: "\0" * len(aside.group()), self.claim.plain)

    def _mark(self, kind: Kind, said: Span, *printed: re.Pattern[str]) -> Mark:
        """Beside the first that any of the patterns finds in a passage, else beside the first passage."""
        for pattern in printed:
            for passage in self.passages:
                if (span := passage.find(pattern)) is not None:
                    return Mark(kind, said, span, passage)
        return Mark(kind, said, self.passages[0].span, self.passages[0])

    def contrasts(self) -> Iterator[Mark]:
        for contrast in CONTRASTS:
            printed = contrast.found(self.text)
            said = contrast.found(self._said) if printed else {}
            for number, span in said.items():
                if number not in printed:
                    yield self._mark(contrast.kind, span, contrast.alternatives[min(printed)])

    def shares(self) -> Iterator[Mark]:
        """What a sum is reckoned by, said behind it: 「按每份合同算」."""
        by = RECKONED_BY.search(self._said)
        if by is not None and by.group()[:2] not in self.text:
            yield self._mark("unit", by.span(), re.compile("单个企业|每户|每个|每件|一次性"))

    def levels(self) -> Iterator[Mark]:
        """Another level of the same thing: 「省级智能工厂」 where 市级 is printed."""
        if AIM.search(self._said) and any(AIM.search(p.folded.text) for p in self.passages):
            return
        printed = [(passage, level) for passage in self.passages for level in levels(passage.plain)]
        for level, span, head in levels(self._said):
            of_thing = [(p, one) for p, one in printed if one[2] == head] or self._of_named(span, printed)
            own = [(passage, place) for passage, (_, place, _) in of_thing]
            if own and all(one != level for _, (one, _, _) in of_thing):
                passage, (start, end) = own[0]
                yield Mark("party", span, (passage.start + start, passage.start + end), passage)
        yield from self._levels_of_named()

    def _levels_of_named(self) -> Iterator[Mark]:
        """Another level right before the name of a thing, or right behind it where no other stands there."""
        measures = [
            (p, m) for p in self.passages for m in p.measures if m.is_money and m.level not in (None, m.party)
        ]
        if AIM.search(self._said):
            return
        said_levels = {m["level"] for m in _RECOGNISED_LEVEL.finditer(self._said)}
        for passage, measure in measures:
            others = said_levels - {(m.level or "")[:1].replace("国", "国家") for _, m in measures}
            conditions = "".join(fold(c.text) for m in passage.measures for c in m.conditions)
            if len(others) == 1 == len(said_levels) and not any(level in conditions for level in others):
                found_level = _RECOGNISED_LEVEL.search(self._said)
                assert found_level is not None  # it has just been found
                yield Mark("party", found_level.span("level"), _level_place(measure, passage), passage)
            names = {fold(w).lower() for words in measure.names if len(words) == 1 for w in words}
            for name in names:
                for found in re.finditer(re.escape(name), self._said):
                    before = NAMED_LEVEL.search(self._said, 0, found.start())
                    behind = _LEVEL_BEHIND.match(self._said, found.end()) if before is None else None
                    said = before or behind
                    if said is not None and not (measure.level or "").startswith(said["level"]):
                        start, end = said.span("level")
                        yield Mark("party", (start, end), _level_place(measure, passage), passage)

    def _of_named(
        self, span: Span, printed: Sequence[tuple[Passage, tuple[str, Span, str]]]
    ) -> list[tuple[Passage, tuple[str, Span, str]]]:
        """The printed level of the measure that a recognition is nearest to: 「…都是省认定的」."""
        if RECOGNISED.match(self._said, span[1]) is None:
            return []
        named = [(_gap(span, place), n.measure) for n in self.claim.namings for place in n.spans]
        measure = min(named, key=lambda one: one[0])[1] if named else None
        if measure is None or measure.level is None:
            return []
        own = [p for p in self.passages if measure in p.measures]
        return [(p, one) for p, one in printed if p in own and one[0] == measure.level[0]]

    def negations(self) -> Iterator[Mark]:
        forbidden = [_phrase_after(self.text, match.end()) for match in FORBIDS.finditer(self.text)]
        for denied in NOT_GRANTED.finditer(self._said):
            object_ = _phrase_after(self._said, denied.end())[:12]
            printed = denied.group() in self.text or any(
                _share_words(object_, phrase) for phrase in forbidden
            )
            if not printed:
                yield self._mark("negation", denied.span(), GIVES)
        if forbidden and not NEGATIVE.search(self._said):
            yield from self._allowed(forbidden)

    def ended(self) -> Iterator[Mark]:
        """What the passage promotes and the claim ends, or denies by the same verb."""
        for end in ENDED.finditer(self._said):
            if not any(end.group() in passage.folded.text for passage in self.passages):
                yield self._mark("negation", end.span(), GIVES)
        forbidden = [_phrase_after(self.text, match.end()) for match in FORBIDS.finditer(self.text)]
        for denied in DENIED_VERB.finditer(self._said):
            verb = denied["verb"]
            if not verb or denied.group() in self.text or any(verb in phrase for phrase in forbidden):
                continue
            twice = _NOT_SO.match(self._said, denied.end())
            if twice is None and re.search("(?<![不未非])" + verb, self.text):
                yield self._mark("negation", denied.span(), re.compile(verb))

    def _allowed(self, forbidden: Sequence[str]) -> Iterator[Mark]:
        """What the passage forbids and the claim does not: 「可以提市场占有率的要求」."""
        for phrase in forbidden:
            rest = self.text.replace(phrase, "")
            own = [pair for pair in _pairs(phrase) if pair not in rest and pair not in _NO_THINGS]
            shared = next((pair for pair in own if pair in self._said), None)
            if shared is not None:
                at = self._said.find(shared)
                yield self._mark("negation", (at, at + len(shared)), FORBIDS)
                return

    def payee(self) -> Iterator[Mark]:
        """Support of somebody else's that the claim gives to enterprises."""
        others = {m.payee for p in self.passages for m in p.measures}
        words = {PAYEES[payee] for payee in others if payee in PAYEES}
        given = TO_FIRMS.search(self._said)
        phrase = self.claim.reading.phrase_of(given.start()) if given else (0, 0)
        there = self._said[slice(*phrase)]
        if len(others) == 1 and words and given and not any(_names_payee(w, there) for w in words):
            yield self._mark("party", given.span(), *(re.compile(word) for word in sorted(words)))

    def waived(self) -> Iterator[Mark]:
        """A requirement that the claim says is none, or fails: 「不用登记也给」."""
        for passage in self.passages:
            for condition in (c for measure in passage.measures for c in measure.conditions):
                denied = next((d for d in map(fold, condition.denied) if d in self._said), None)
                if denied is not None:
                    at = self._said.find(denied)
                    yield Mark(
                        "condition", (at, at + len(denied)), place_of(condition.text, passage), passage
                    )
        for span, rest in waivers(self._said):
            required = next((word for word in REQUIRED.findall(rest) if word in self.text), None)
            if required is not None:
                at = self._said.find(required, span[1])
                yield self._mark("condition", (span[0], at + len(required)), re.compile(required))

    def modality(self) -> Iterator[Mark]:
        must, may = DUTY.search(self._said), CHOICE.search(self._said)
        duty, choice = PRINTED_DUTY.search(self.text), PRINTED_CHOICE.search(self.text)
        if must and choice and not duty and not self._is_condition(must):
            yield self._mark("modality", must.span(), PRINTED_CHOICE)
        elif may and duty and not must and not choice:
            yield self._mark("modality", may.span(), PRINTED_DUTY)

    def _is_condition(self, must: re.Match[str]) -> bool:
        """「必须登记完成」 says what the passage demands too."""
        demanded = _pairs(_phrase_after(self._said, must.end())[:8])[:4]
        conditions = [fold(c.text) for p in self.passages for m in p.measures for c in m.conditions]
        return any(pair in condition for pair in demanded for condition in conditions)

    def not_on_top(self) -> Iterator[Mark]:
        instead = INSTEAD.search(self._said)
        if instead is not None and ON_TOP.search(self.text):
            yield self._mark("stacking", instead.span(), ON_TOP)

    def stacked_by_nobody(self) -> Iterator[Span]:
        """What the claim says of other awards where the passage says nothing of them."""
        said = INSTEAD.search(self._said) or STACKED.search(self._said)
        if said is not None and not ON_TOP.search(self.text) and not INSTEAD.search(self.text):
            yield said.span()

    def silent(self) -> Iterator[Span]:
        for pattern in SILENT.values():
            match = pattern.search(self._said)
            if match and not any(pattern.search(passage.folded.text) for passage in self.passages):
                yield match.span()


_RECOGNISED_LEVEL = re.compile(r"(?P<level>国家|省|市|县区?)(?:级|里)?的?(?:新?认定|评定)")
_NOT_SO = re.compile(r"[^,。;]{0,6}?(?:就|也|都|是)?(?:不(?:行|给|补|奖|能|算|得|可|予)|没有?)")
"""「光买不转化不行」: denied twice."""
_LEVEL_BEHIND = re.compile(r"(?:企业|的)?[,(]?(?P<level>国家|省|市|县区?)级?(?:新?认定|评定)")


def _level_place(measure: Measure, passage: Passage) -> Span:
    """Where the passage prints the level of the measure, else the whole passage."""
    place = passage.find(re.compile((measure.level or "").removesuffix("级") + "级?"))
    return place or passage.span


def _share_words(left: str, right: str) -> bool:
    return any(pair in right for pair in _pairs(left) if pair not in _NO_THINGS)


def _gap(span: Span, other: Span) -> int:
    """Characters between two spans, a thing behind a little nearer than one before: 「省认定的小巨人」."""
    return 2 * (other[0] - span[1]) if other[0] >= span[1] else 2 * (span[0] - other[1]) + 1


def _names_payee(payee: str, text: str) -> bool:
    return payee in text or payee[-2:] in text


_NO_THINGS = frozenset({"要求", "限制", "资格", "条件", "规定", "需要", "情况", "方面", "实际"})
"""Words of forbidding itself, which say nothing of what is forbidden."""


def _phrase_after(text: str, at: int) -> str:
    return re.split(r"[,。;!?\n]", text[at:])[0]


def _pairs(text: str) -> list[str]:
    """The pairs of characters of a phrase: what can be found again in other words."""
    runs = re.findall(r"[一-鿿]{2,}", text)
    return [run[i : i + 2] for run in runs for i in range(len(run) - 1)]
