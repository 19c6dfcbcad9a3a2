"""A claim that follows the wording of a passage, word by word: every change that matters is a mark."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from policy_qa.checking.claims import Claim
from policy_qa.checking.comparison import worked_example
from policy_qa.checking.contrasts import (
    AWARDING,
    Span,
)
from policy_qa.checking.omissions import omissions
from policy_qa.checking.passages import (
    Findings,
    Kind,
    Mark,
    Passage,
    Slot,
    comparable,
    compare_figure,
    measure_of,
    place_of,
    slot_of,
    stated_figures,
)
from policy_qa.money import Figure, paired
from policy_qa.rules import Measure, benefit_figures
from policy_qa.text import fold
from policy_qa.topic import Reading


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text in comparison form; ``key`` is equal for what means the same."""

    start: int
    end: int
    key: str
    content: bool
    noun: bool = False
    figure: Figure | None = None


def words_of(reading: Reading, found: Sequence[Figure], aside: Sequence[Span] = ()) -> tuple[Word, ...]:
    """The words of a reading, each figure one word, without punctuation and what stands ``aside``."""
    words: list[Word] = []
    spans = [*((f.start, f.end) for f in found), *aside]
    for token in reading.tokens:
        if any(start < token.end and token.start < end for start, end in spans):
            continue
        if not any(character.isalnum() for character in token.text):
            continue
        things = token.content or (token.known and len(token.text) > 1 and not AWARDING.fullmatch(token.text))
        words.append(Word(token.start, token.end, token.text, things, token.noun))
    words += [Word(f.start, f.end, f"#{f.kind[0]}{f.value}{f.upper or ''}", True, True, f) for f in found]
    return tuple(sorted(words, key=lambda word: word.start))


Code = tuple[str, int, int, int, int]
"""An edit as difflib codes it: what is done to which words of the passage, and with which of the claim."""


@dataclass(frozen=True)
class Alignment:
    """How far a claim follows a passage word by word; figures apart, since they are what may be altered."""

    passage: Passage
    printed: tuple[Word, ...]
    said: tuple[Word, ...]
    changes: tuple[Code, ...]
    """As difflib codes them, without what the passage prints before and behind the claim."""
    said_share: float
    """Of the claim's characters, those that stand in the passage in the same order."""
    printed_share: float
    """Of the characters of the stretch of the passage that the claim follows, those that the claim says."""

    @property
    def whole(self) -> bool:
        """Nothing of the claim stands otherwise in the passage, and nothing inside it is left out."""
        return self.verbatim and self.said_share == 1.0

    @property
    def verbatim(self) -> bool:
        return all(tag == "equal" for tag, *_ in self.changes)


def align(said: tuple[Word, ...], passage: Passage, printed: tuple[Word, ...]) -> Alignment:
    """The alignment of the words of a claim with those of a passage."""
    matcher = SequenceMatcher(None, [w.key for w in printed], [w.key for w in said], autojunk=False)
    codes: Sequence[Code] = matcher.get_opcodes()
    while codes and codes[0][0] == "delete":
        codes = codes[1:]
    while codes and codes[-1][0] == "delete":
        codes = codes[:-1]
    codes = _trimmed(codes)
    kept = _length(printed[i] for tag, i1, i2, _, _ in codes if tag == "equal" for i in range(i1, i2))
    stretch = _length(printed[codes[0][1] : codes[-1][2]]) if codes else 0
    return Alignment(
        passage, printed, said, tuple(codes), kept / (_length(said) or 1), kept / (stretch or 1)
    )  # fmt: skip


def _trimmed(codes: Sequence[Code]) -> Sequence[Code]:
    """A change at either end holds no more words of the passage than of the claim."""
    if codes and codes[0][0] == "replace":
        tag, i1, i2, j1, j2 = codes[0]
        codes = [(tag, max(i1, i2 - (j2 - j1)), i2, j1, j2), *codes[1:]]
    if codes and codes[-1][0] == "replace":
        tag, i1, i2, j1, j2 = codes[-1]
        codes = [*codes[:-1], (tag, i1, min(i2, i1 + (j2 - j1)), j1, j2)]
    return codes


def _length(words: Iterable[Word]) -> int:
    return sum(word.end - word.start for word in words if word.figure is None)


def compare_wording(claim: Claim, alignment: Alignment) -> Findings:
    """Every change of a claim against the wording it follows."""
    findings = Findings()
    passage = alignment.passage
    listed = _listed(claim, passage)
    example = worked_example(claim, passage.measures)
    for tag, i1, i2, j1, j2 in alignment.changes:
        printed, said = alignment.printed[i1:i2], alignment.said[j1:j2]
        findings.add(_figures_of_change(tag, printed, said, claim, passage, {*listed, *example}))
        if tag != "equal":
            findings.add(_words_of_change(printed, said, claim, alignment))
    for figure, slot in listed.items():
        findings.add(compare_figure(figure, claim.plain, (slot,)))
    sums = {(f.value, f.unit) for f in claim.figures}
    for measure in spoken_of(claim, passage):
        if sums & set(benefit_figures(measure)):
            findings.omitted += omissions(claim, measure, passage)
    return findings


def _listed(claim: Claim, passage: Passage) -> dict[Figure, Slot]:
    """The figures of paired lists by party, whatever their order: 「数字化车间、智能工厂分别30万、50万」."""
    own = dict(paired(passage.plain))
    found: dict[Figure, Slot] = {}
    by_place = {(f.start, f.end): f for f in claim.figures}
    for party, figure in paired(claim.plain):
        printed = next((f for name, f in own.items() if name in party or party in name), None)
        mine = by_place.get((figure.start, figure.end))
        if printed is not None and mine is not None:
            there = replace(printed, start=printed.start + passage.start, end=printed.end + passage.start)
            found[mine] = slot_of(there, passage, None)
    return found


def _figures_of_change(
    tag: str,
    printed: Sequence[Word],
    said: Sequence[Word],
    claim: Claim,
    passage: Passage,
    elsewhere: set[Figure],
) -> Findings:
    findings = Findings()
    there = [word.figure for word in printed if word.figure is not None]
    mine = [word.figure for word in said if word.figure is not None and word.figure not in elsewhere]
    stated = set(stated_figures(claim))
    for figure in mine:
        kin = _counterparts(figure, there, passage)
        span = (figure.start, figure.end)
        if kin:
            own = kin if tag == "equal" else kin[:1]
            slots = [slot_of(f, passage, measure_of(f, passage)) for f in own]
            findings.add(compare_figure(figure, claim.plain, slots))
        elif figure in stated and there and any(f.kind == figure.kind for f in passage.figures):
            findings.contradicted.append(Mark("unit", span, (there[0].start, there[0].end), passage))
        elif figure in stated:
            findings.unprinted.append(span)
    return findings


def _counterparts(figure: Figure, there: Sequence[Figure], passage: Passage) -> list[Figure]:
    """The figures a figure stands for: those in its place, of its value where one has it."""
    kin = [f for f in there if comparable(figure, f)]
    elsewhere = [f for f in passage.figures if comparable(figure, f)]
    equal = [f for f in elsewhere if f.value == figure.value]
    return [f for f in kin if f.value == figure.value] or kin or equal or elsewhere


_BOUND_WORDS = re.compile(
    r"最高|最多|不超过|不低于|至少|以上|以内|封顶|上限|可达|可|达|单个|每|各|个|户|件|家|项|分别|总额"
)


def _words_of_change(
    printed: Sequence[Word], said: Sequence[Word], claim: Claim, alignment: Alignment
) -> Findings:
    findings = Findings()
    passage = alignment.passage
    mine = [w for w in said if _matters(w) and len(w.key) > 1 and not _is_there(w, claim, passage)]
    there = [w for w in printed if _matters(w) and w.key not in claim.plain]
    negated = next((w for w in said if w.key[0] in _NEGATORS and not _BOUND_WORDS.match(w.key)), None)
    if negated is not None and not any(c in _NEGATORS for w in printed for c in w.key):
        at = (printed or alignment.printed)[0]
        findings.contradicted.append(
            Mark("negation", (negated.start, negated.end), (at.start, at.end), passage)
        )
    if mine and there and any(w.noun for w in mine):
        kind: Kind = "party" if any(_PARTY_WORDS.search(w.key) for w in (*mine, *there)) else "condition"
        said_span, printed_span = (mine[0].start, mine[-1].end), (there[0].start, there[-1].end)
        findings.contradicted.append(Mark(kind, said_span, printed_span, passage))
    elif there and _decisive(there, claim, alignment):
        findings.omitted.append(Mark("condition", None, (there[0].start, there[-1].end), passage))
    return findings


_NEGATORS = "不非未没无"


def _matters(word: Word) -> bool:
    return word.content and word.figure is None and not _BOUND_WORDS.fullmatch(word.key)


def _is_there(word: Word, claim: Claim, passage: Passage) -> bool:
    """Whether the passage says the word, or what it stands for, elsewhere."""
    if word.key in passage.plain:
        return True
    token = next((t for t in claim.reading.tokens if t.start == word.start), None)
    return token is not None and any(fold(mean).lower() in passage.plain for mean in token.means)


_PARTY_WORDS = re.compile(
    r"企业|公司|机构|单位|高校|院所|学校|学生|人才|平台|局|委|办|银行|园区|级|冠军|巨人|担保|媒体|电视"
)


def _decisive(words: Sequence[Word], claim: Claim, alignment: Alignment) -> bool:
    """Whether words left out stand in a condition of a measure of money that the claim speaks of."""
    passage = alignment.passage
    places = (
        place_of(condition.text, passage)
        for measure in spoken_of(claim, passage)
        if measure.is_money
        for condition in measure.conditions
    )
    left_out = [w for w in words if not _bears_a_name(w, passage, claim)]
    return any(start <= w.start and w.end <= end for start, end in places for w in left_out)


def _bears_a_name(word: Word, passage: Passage, claim: Claim) -> bool:
    """「中小企业」 left out of 「中小企业公共服务示范平台」: the name itself is said."""
    rest = passage.folded.text[word.end :].lstrip('“"')
    names = (fold(name).lower() for m in passage.measures for names in m.names for name in names)
    return any(rest.startswith(name) and name in claim.plain for name in names if len(name) > 2)


def spoken_of(claim: Claim, passage: Passage) -> Sequence[Measure]:
    """The measures of the passage that the claim names, else those whose sums it states."""
    of_money = any(figure.kind in ("money", "rate") for figure in claim.figures)
    named = {naming.measure.id for naming in (claim.money_namings if of_money else claim.namings)}
    own = [measure for measure in passage.measures if measure.id in named]
    said = {(f.value, f.unit) for f in claim.figures}
    return own or [m for m in passage.measures if said & set(benefit_figures(m))]
