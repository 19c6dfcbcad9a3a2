"""The things a claim speaks of that its clause has no word for: 「瞪羚」 where 「小巨人」 is printed.

A free paraphrase has words of its own and is not false for that. A foreign thing counts where it takes the
place of something printed: a party the clause does not know, another modifier of a printed head, another
name in quotation marks, or a noun while a decisive word of the clause is missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from policy_qa.checking.claims import Claim
from policy_qa.checking.contrasts import ASIDE, SILENT, Span
from policy_qa.checking.omissions import all_said
from policy_qa.checking.passages import Findings, Kind, Mark, Passage, place_of
from policy_qa.checking.vocabulary import SAME, STRANGER, TALK
from policy_qa.text import fold
from policy_qa.topic import Token, occurrences

_HELD = 0.4
"""Share of a claim's content the passages must have words for, before what they have none for counts."""


def compare_things(claim: Claim, passages: Sequence[Passage]) -> Findings:
    """The things a claim puts where the passages print others."""
    findings = Findings()
    view = _Things(claim, passages)
    instead = next(view.instead(), None)
    if instead is not None:
        findings.contradicted.append(instead)
        return findings
    foreign = list(view.foreign())
    if foreign and view.held_share >= _HELD:
        lacking = view.lacks_a_decisive_word()
        foreign = [one for one in foreign if lacking or view.is_listed(one) or view.narrows_a_name(one)]
    else:
        foreign = []
    if foreign:
        condition = next(((p, c) for p in passages for m in p.measures for c in m.conditions if c.text), None)
        if condition is None:
            findings.unprinted += foreign
        else:
            passage, printed = condition
            findings.contradicted.append(
                Mark("condition", foreign[0], place_of(printed.text, passage), passage)
            )
    return findings


class _Things:
    """The content of a claim beside the words of the clauses it speaks of."""

    def __init__(self, claim: Claim, passages: Sequence[Passage]) -> None:
        self._claim = claim
        self._passages = passages
        self._own = "\n".join(passage.folded.text for passage in passages)
        self._near = "\n".join(passage.plain for passage in passages)
        self._words = frozenset().union(*(passage.words for passage in passages))
        self._content = _content(claim)
        names = {
            word
            for passage in passages
            for measure in passage.holding.rules.of_clause(passage.clause.label)
            for words in measure.names
            for word in words
            if not word.endswith("级")
        }
        self._named = [span for word in names for span in occurrences(word, claim.reading)]
        self._aside = [match.span() for match in ASIDE.finditer(claim.plain)]
        self._strange = [token for token in self._content if not self._is_held(token)]

    @property
    def held_share(self) -> float:
        """The share of the claim's content that the clauses hold."""
        total = sum(len(token.text) for token in self._content)
        strange = sum(len(token.text) for token in self._strange)
        return (total - strange) / total if total else 0.0

    def _is_held(self, token: Token) -> bool:
        text = token.text
        return (
            text in self._words
            or (len(text) > 2 and (text in self._own or any(text in word for word in self._words)))
            or any(fold(mean).lower() in self._own for mean in token.means)
            or _overlaps_any(token.start, token.end, [*self._named, *self._aside])
            or TALK.fullmatch(text) is not None
            or self._claim.plain[token.end - 1 : token.end + 1] in ("市里", "市级", "省里", "省级")
            or (text[0] in _PREPOSITIONS and text[1:] in self._own)
            or _stands_for_another(text, self._near)
            or _is_short_for(text, self._words)
            or (len(text) > 3 and all(text[i : i + 2] in self._own for i in range(0, len(text), 2)))
        )

    def foreign(self) -> Iterator[Span]:
        """Nouns, and what stands right before a thing and narrows it: 「高新|技术企业」."""
        runs: list[list[Token]] = []
        for token in self._strange:
            if runs and runs[-1][-1].end == token.start:
                runs[-1].append(token)
            else:
                runs.append([token])
        tokens = self._claim.reading.tokens
        starts = {t.start for t in tokens if (t.content and t.noun) or t.text == "企业"}
        for run in runs:
            start, end = run[0].start, run[-1].end
            talk = TALK.fullmatch(self._claim.plain[start:end]) is not None
            if end - start > 1 and not talk and (any(t.noun for t in run) or end in starts):
                yield start, end

    def narrows_a_name(self, span: Span) -> bool:
        """Whether the span stands right before a named thing: 「节能|诊断费用」."""
        return any(start == span[1] for start, _ in self._named)

    def is_listed(self, span: Span) -> bool:
        """Whether the span is of an item of its own in a list whose other items are named."""
        reading = self._claim.reading
        start, end = reading.item_of(span[0])
        first, last = reading.phrase_of(span[0])
        others = [s for s in self._named if first <= s[0] < last and not start <= s[0] < end]
        return bool(others) and not any(start <= s[0] < end for s in self._named)

    def instead(self) -> Iterator[Mark]:
        """What clearly stands in another thing's place."""
        yield from self._other_parties()
        yield from self._other_names()
        yield from self._other_kinds()

    def _other_parties(self) -> Iterator[Mark]:
        for match in STRANGER.finditer(self._claim.plain):
            text = match.group()
            printed = text in self._words or (len(text) > 2 and text in self._own)
            held = (
                printed or _stands_for_another(text, self._near) or _overlaps_any(*match.span(), self._aside)
            )
            if not held and not _overlaps_any(*match.span(), self._claim.departments.values()):
                yield self._mark("party", match.span())

    def _other_names(self) -> Iterator[Mark]:
        """Another name in quotation marks, while the one the passage prints is not said."""
        printed = [match.group(1) for match in _QUOTED.finditer(self._near)]
        if not printed or any(name in self._claim.plain for name in printed):
            return
        for match in _QUOTED.finditer(self._claim.plain):
            if match.group(1) not in self._own and not _overlaps_any(*match.span(), self._named):
                yield self._mark("condition", match.span(1))

    def _other_kinds(self) -> Iterator[Mark]:
        """「绿色工厂」 where 「智能工厂」 is printed and nowhere said: another modifier of a printed head."""
        tokens = self._claim.reading.tokens
        for before, head in pairwise(tokens):
            if not head.noun or before.end != head.start or len(before.text) < 2 or len(head.text) < 2:
                continue
            if (
                not (before.noun or (before.content and self._is_name(head)))
                or TALK.fullmatch(before.text)
                or before.text in self._near
            ):
                continue
            if _stands_for_another(before.text, self._near) or (
                before.means and any(fold(mean).lower() in self._near for mean in before.means)
            ):
                continue
            modifiers = {
                match.group(1) for match in re.finditer("([一-鿿]{2})" + re.escape(head.text), self._near)
            }
            said = self._claim.plain
            if (
                modifiers
                and before.text + head.text not in self._own
                and not any(m in said for m in modifiers)
            ):
                yield self._mark("condition", (before.start, head.end), re.compile(re.escape(head.text)))

    def _is_name(self, head: Token) -> bool:
        """Whether the head ends a name of a measure: 「美好安徽」 for 「精品安徽」."""
        measures = [measure for passage in self._passages for measure in passage.measures]
        words = [fold(w).lower() for m in measures for names in m.names for w in names]
        return any(word.endswith(head.text) and len(word) > len(head.text) for word in words)

    def lacks_a_decisive_word(self) -> bool:
        """Whether the claim leaves something unsaid that a foreign thing may stand for."""
        for passage in self._passages:
            for measure in passage.measures:
                if not measure.conditions or not all_said(measure, self._claim):
                    return True
        return not any(passage.measures for passage in self._passages)

    def _mark(self, kind: Kind, span: Span, printed: re.Pattern[str] | None = None) -> Mark:
        for passage in self._passages:
            if printed is not None and (place := passage.find(printed)) is not None:
                return Mark(kind, span, place, passage)
        return Mark(kind, span, self._passages[0].span, self._passages[0])


_PREPOSITIONS = "按从对由在把将给为与和跟"
_QUOTED = re.compile(r"[“\"「『]([^“”\"「」『』]{2,12})[”\"」』]")


def _stands_for_another(text: str, near: str) -> bool:
    return any(pattern.fullmatch(text) and pattern.search(near) for pattern in SAME)


def _is_short_for(text: str, words: Iterable[str]) -> bool:
    """「股交」 for 股权交易中心: both characters in order in one longer word."""
    if len(text) != 2:
        return False
    if any(text[0] + w[1] in words and text[1] + w[1] in words for w in words if len(w) == 2):
        return True  # 「水电」 for 水费 and 电费
    return any(3 <= len(word) <= 8 and 0 <= word.find(text[0]) < word.rfind(text[1]) for word in words)


def held_share(claim: Claim, passage: Passage) -> float:
    """How much of the claim's content the passage has words for, by length; figures and departments apart."""
    content = _content(claim)
    total = sum(len(token.text) for token in content)
    runs = [run for run in claim.question.topic.unheld if run not in passage.folded.text]
    strange = [(claim.plain.find(run), claim.plain.find(run) + len(run)) for run in runs]
    held = sum(
        len(token.text)
        for token in content
        if not _overlaps_any(token.start, token.end, strange)
        and (token.text in passage.plain or any(fold(mean).lower() in passage.plain for mean in token.means))
    )
    return held / total if total >= _LEAST_CONTENT else 0.0


_LEAST_CONTENT = 3
"""Characters: less content than this is said of anything."""


def _content(claim: Claim) -> list[Token]:
    skipped = [(f.start, f.end) for f in claim.figures]
    skipped += [*claim.departments.values(), *((r.start, r.end) for r in claim.question.references)]
    skipped += [match.span() for pattern in SILENT.values() for match in pattern.finditer(claim.plain)]
    return [t for t in claim.reading.tokens if t.content and not _overlaps_any(t.start, t.end, skipped)]


def _overlaps_any(start: int, end: int, spans: Iterable[Span]) -> bool:
    return any(first < end and start < last for first, last in spans)
