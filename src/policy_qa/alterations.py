"""True sentences about a policy → the same sentences with one thing changed, so that they are false.

Figures, bounds, clause numbers and departments are altered here, from the sentence and the rules; what only
somebody who knows the policy can turn false (a party, a condition) stands as replacements beside the
sentences. The test of falsehood is cautious: an alteration that may have stayed true is left out.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from policy_qa.corpus import Corpus, Holding
from policy_qa.errors import CorpusError
from policy_qa.evaluation import figures
from policy_qa.references import number_of
from policy_qa.rules import Fixed, Measure, PerUnit, RateOf, UpTo
from policy_qa.strict_yaml import read_model
from policy_qa.text import fold

Kind = Literal[
    "digit",
    "unit",
    "bound",
    "party",
    "condition",
    "omission",
    "clause",
    "negation",
    "department",
    "stacking",
    "modality",
    "count",
]
Origin = Literal["policy", "template", "hand"]
MOST_OF_A_KIND = 4
"""How often one sentence is altered in one kind, so that long sentences do not drown the others."""

# ── the nouns ───────────────────────────────────────────────────────────────────────────────────


def _expression(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"“{pattern}”不是正则表达式") from error
    return pattern


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Claim(_Entry):
    """A true sentence, with the clauses and measures it speaks about."""

    id: str
    origin: Origin
    text: str = Field(min_length=1)
    clauses: tuple[str, ...] = Field(min_length=1)
    measures: tuple[str, ...]
    short: bool = False
    """True as far as it goes, but without a condition of its clause: ``needs_condition`` is right too."""
    keep: tuple[str, ...] = ()
    """Passages whose change would leave the sentence true."""


class Replacement(_Entry):
    """Words that make a sentence about one of ``measures`` false in the place of ``said``."""

    kind: Kind
    said: Annotated[str, AfterValidator(_expression)]
    """A regular expression; every place it fits is replaced at once."""
    instead: tuple[str, ...] = Field(min_length=1)
    measures: tuple[str, ...] = ()
    """Empty: whatever the sentence speaks about."""


class Bench(_Entry):
    """The true sentences of one half, and the replacements that alter them."""

    policy: str
    replacements: tuple[Replacement, ...]
    claims: tuple[Claim, ...] = Field(min_length=1)


@dataclass(frozen=True, slots=True)
class Alteration:
    """``claim`` made false in one thing; the text is the altered sentence."""

    claim: Claim
    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class _Edit:
    start: int
    end: int
    instead: str


_Edits = tuple[_Edit, ...]


def load_bench(path: Path, corpus: Corpus) -> Bench:
    """The sentences of one file, checked against their policy; CorpusError says what is wrong."""
    bench = read_model(path, Bench)
    for reason in _faults(bench, corpus.holding(bench.policy)):
        raise CorpusError(f"“{path.name}”不对：{reason}，请改正后再试。")
    return bench


def _faults(bench: Bench, holding: Holding) -> Iterator[str]:
    known = {measure.id for measure in holding.rules.measures}
    labels = {clause.label for clause in holding.policy.clauses}
    for name, values in (
        ("编号", [claim.id for claim in bench.claims]),
        ("句子", [claim.text for claim in bench.claims]),
    ):
        if twice := [value for value, count in Counter(values).items() if count > 1]:
            yield f"{name}“{twice[0]}”用了两次"
    for claim in bench.claims:
        if odd := set(claim.measures) - known:
            yield f"句子“{claim.id}”的措施“{min(odd)}”不在规则里"
        if odd := set(claim.clauses) - labels:
            yield f"句子“{claim.id}”的条款“{min(odd)}”不在政策里"
        if lost := [passage for passage in claim.keep if passage not in claim.text]:
            yield f"句子“{claim.id}”里没有“{lost[0]}”"
    for replacement in bench.replacements:
        if odd := set(replacement.measures) - known:
            yield f"替换“{replacement.said}”的措施“{min(odd)}”不在规则里"


# ── altering ────────────────────────────────────────────────────────────────────────────────────


class Altering:
    """Alters the sentences of one bench; the same bench gives the same alterations in the same order."""

    def __init__(self, bench: Bench, corpus: Corpus) -> None:
        holding = corpus.holding(bench.policy)
        self._bench = bench
        self._holding = holding
        self._measures = {measure.id: measure for measure in holding.rules.measures}
        self._departments = holding.departments()
        self._policy_text = "".join(fold(clause.text) for clause in holding.policy.clauses)
        self._true = {_spoken(claim.text) for claim in bench.claims}

    def all(self) -> tuple[Alteration, ...]:
        """Every alteration of every sentence, in the order of the bench."""
        return tuple(alteration for claim in self._bench.claims for alteration in self.of(claim))

    def of(self, claim: Claim) -> tuple[Alteration, ...]:
        """The alterations of one sentence, at most ``MOST_OF_A_KIND`` of a kind, no two alike."""
        made: dict[str, Kind] = {}
        for kind, edits in self._changes(claim):
            text = _edited(claim.text, edits)
            if text not in made and self._is_false(claim, edits, text):
                made[text] = kind
        return tuple(
            Alteration(claim, kind, text)
            for kind in dict.fromkeys(made.values())
            for text in _spread([text for text, its in made.items() if its == kind])
        )

    def _is_false(self, claim: Claim, edits: _Edits, text: str) -> bool:
        kept = [
            match.span() for passage in claim.keep for match in re.finditer(re.escape(passage), claim.text)
        ]
        if any(edit.start < end and start < edit.end for edit in edits for start, end in kept):
            return False
        return _spoken(text) not in self._true and _spoken(text) not in self._policy_text

    def _changes(self, claim: Claim) -> Iterator[tuple[Kind, _Edits]]:
        measures = [self._measures[measure] for measure in claim.measures]
        printed = _printed_figures(claim, measures, self._holding)
        yield from (("digit", edits) for edits in _digits(claim.text, printed))
        yield from (("unit", edits) for edits in _units(claim.text, printed))
        yield from (("bound", edits) for edits in _bounds(claim.text, measures))
        yield from (("party", edits) for edits in _swaps(claim.text, measures))
        yield from (("clause", edits) for edits in _references(claim))
        yield from (("department", edits) for edits in self._departments_changed(claim))
        for replacement in self._bench.replacements:
            if not replacement.measures or set(replacement.measures) & set(claim.measures):
                yield from ((replacement.kind, edits) for edits in _replaced(claim.text, replacement))

    def _departments_changed(self, claim: Claim) -> Iterator[_Edits]:
        """A city department of the sentence replaced by one responsible for nothing in its clauses."""
        clauses = [clause for clause in self._holding.policy.clauses if clause.label in claim.clauses]
        segments = [segment for clause in clauses for segment in clause.segments]
        if any(segment.open_ended for segment in segments):
            return
        responsible = {department for segment in segments for department in segment.departments}
        others = [d for d in self._departments if d.startswith("市") and d not in responsible]
        cities = sorted((d for d in responsible if d.startswith("市")), key=len, reverse=True)
        named = "|".join(re.escape(department) for department in cities)
        for match in re.finditer(named, claim.text) if named and others else ():
            yield (_Edit(*match.span(), _chosen(others, claim.text + match[0])),)


def _spread(texts: Sequence[str]) -> Sequence[str]:
    """As many as are wanted, from the first to the last, so that no part of a sentence is spared."""
    if len(texts) <= MOST_OF_A_KIND:
        return texts
    return [texts[step * (len(texts) - 1) // (MOST_OF_A_KIND - 1)] for step in range(MOST_OF_A_KIND)]


def _spoken(text: str) -> str:
    return fold(text).rstrip("。")


def _edited(text: str, edits: _Edits) -> str:
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.instead + text[edit.end :]
    return text


def _chosen(choices: Sequence[str], seed: str) -> str:
    """One of ``choices``, always the same for the same seed."""
    return choices[zlib.crc32(seed.encode()) % len(choices)]


def _replaced(text: str, replacement: Replacement) -> Iterator[_Edits]:
    """Words that already stand in the sentence are left out: the sentence may speak about both."""
    places = [match.span() for match in re.finditer(replacement.said, text)]
    for instead in replacement.instead:
        if places and (not instead or instead not in text):
            yield tuple(_Edit(start, end, instead) for start, end in places)


# ── figures ─────────────────────────────────────────────────────────────────────────────────────

_Value = tuple[Decimal | None, str]
"""A figure by its value and unit, however it is spelled."""
_CIPHERS = "一二三四五六七八九"
_FIGURE = re.compile(
    rf"""
    (?P<part>[百千]分之)?
    (?P<number>\d{{1,3}}(?:,\d{{3}})+ | \d+(?:\.\d+)? | [{_CIPHERS}两贰十][〇零{_CIPHERS}十百]*)
    (?P<unit>\ ?(?:[万亿]?元 | [万亿]?块钱? | [万亿w%％成] | 个国家 | [件户家名人年]) | (?(part)|(?!)))
    """,
    re.VERBOSE,
)
_MONEY = re.compile(" ?(?:[万亿]?(?:元|块钱?)|[万亿w])")
_ONE = re.compile("一[件户家名人年个]")
"""Wording (每家, 一户), no figure of the policy."""


def _stated(text: str) -> Iterator[re.Match[str]]:
    return (match for match in _FIGURE.finditer(text) if not _ONE.fullmatch(match[0]))


def _value(printed: str) -> _Value | None:
    found = figures(printed)
    return (found[0].value, found[0].unit) if len(found) == 1 else None


def _printed_figures(claim: Claim, measures: Sequence[Measure], holding: Holding) -> frozenset[_Value]:
    """What the clauses say of the measures: an altered figure that is among them may be true."""
    clauses = [clause.text for clause in holding.policy.clauses if clause.label in claim.clauses]
    texts = [measure.quote for measure in measures] or clauses
    return frozenset((figure.value, figure.unit) for text in texts for figure in figures(text))


def _digits(text: str, printed: frozenset[_Value]) -> Iterator[_Edits]:
    """Each figure with its first digit changed, and with one zero more or less."""
    for match in _stated(text):
        number = match["number"]
        year = match["unit"].strip() == "年"
        for numbers in (_other_years(number),) if year else (_other_leads(number), _other_lengths(number)):
            for other in _rotated(numbers, text):
                new = _value((match["part"] or "") + other + match["unit"])
                if new is not None and new not in printed and new != _value(match[0]):
                    yield (_Edit(*match.span("number"), other),)
                    break


def _rotated(numbers: Sequence[str], seed: str) -> Sequence[str]:
    shift = zlib.crc32(seed.encode()) % len(numbers) if numbers else 0
    return [*numbers[shift:], *numbers[:shift]]


def _other_leads(number: str) -> list[str]:
    lead, rest = number[0], number[1:]
    if lead.isdigit():
        return [f"{digit}{rest}" for digit in "2345689" if digit != lead]
    if lead == "十":
        return [f"{digit}{number}" for digit in "二三四五六八"]
    return [f"{digit}{rest}" for digit in "三四五六八九" if digit != lead]


def _other_years(number: str) -> list[str]:
    digits = "345689" if number[-1].isdigit() else "三五六八九"
    return [f"{number[:-1]}{digit}" for digit in digits if digit != number[-1]]


def _other_lengths(number: str) -> list[str]:
    if not number[0].isdigit():
        return [number[:-1]] if len(number) > 1 and number[-1] in "十百" else []
    value = Decimal(number.replace(",", ""))
    lengths = [value * 10, *([value / 10] if value % 10 == 0 else [])]
    return [f"{length:,f}" if "," in number else f"{length:f}" for length in lengths]


_OTHER_UNITS = {
    "万元": ("亿元", "元", "千元"),
    "亿元": ("万元", "千万元"),
    "万": ("亿", "元"),
    "亿": ("万",),
    "万块": ("块", "亿块"),
    "万块钱": ("块钱", "亿块钱"),
    "w": ("元", "亿"),
    "元": ("万元", "美元"),
    "%": ("‰", "倍"),
    "％": ("‰", "倍"),
    "成": ("倍", "‰"),
    "户": ("人",),
    "家": ("名",),
    "名": ("家",),
    "人": ("家",),
}


def _units(text: str, printed: frozenset[_Value]) -> Iterator[_Edits]:
    for match in _stated(text):
        end = match.end()
        unit = match["unit"].strip()
        if match["part"]:
            other = {"百分之": "千分之", "千分之": "百分之"}[match["part"]]
            yield (_Edit(*match.span("part"), other),)
        for instead in _OTHER_UNITS.get(unit, ()):
            spoken = match["number"][0].isdigit() or not instead.startswith("千")
            if spoken and _value(match["number"] + instead) not in printed:
                yield (_Edit(end - len(unit), end, instead),)


# ── bounds ──────────────────────────────────────────────────────────────────────────────────────

_FLIPS = {
    "最高不超过": "最低不低于",
    "最高": "最低",
    "最多": "至少",
    "不超过": "不低于",
    "封顶": "保底",
    "上限": "下限",
    "以上": "以下",
}
_BOUND = re.compile("|".join(_FLIPS))
_PHRASES = re.compile("[^，。；：！？]+")
_LISTED = re.compile("[、和或及与] ?$")


def _bounds(text: str, measures: Sequence[Measure]) -> Iterator[_Edits]:
    yield from ((_Edit(*match.span(), _FLIPS[match[0]]),) for match, _ in _bound_words(text))
    if measures and all(isinstance(measure.benefit, UpTo) for measure in measures):
        yield from _unbounded(text)
    yield from _bounded(text, measures)


def _bound_words(text: str) -> Iterator[tuple[re.Match[str], bool]]:
    """The words of a bound that share a phrase with a figure, and whether one follows them there."""
    for phrase in _PHRASES.finditer(text):
        figures_at = [phrase.start() + match.start() for match in _stated(phrase[0])]
        if figures_at:
            for match in _BOUND.finditer(text, *phrase.span()):
                yield match, match.end() <= figures_at[-1]


def _unbounded(text: str) -> Iterator[_Edits]:
    """All bounds taken away, where each goes before its figure; elsewhere the rest would say nothing."""
    found = list(_bound_words(text))
    edits = tuple(_Edit(*match.span(), "") for match, leads in found if leads)
    if found and len(edits) == len(found) and not _BOUND.search(_edited(text, edits)):
        yield edits


def _bounded(text: str, measures: Sequence[Measure]) -> Iterator[_Edits]:
    """A bound put before an exact award or rate; in a list before its first figure only."""
    exact = {value for measure in measures for value in _exact_values(measure)}
    for phrase in _PHRASES.finditer(text):
        if _BOUND.search(phrase[0]):
            continue
        for match in _stated(phrase[0]):
            if _LISTED.search(phrase[0][: match.start()]) or _value(match[0]) not in exact:
                continue
            at = phrase.start() + match.start()
            yield from ((_Edit(at, at, bound),) for bound in ("最高", "不低于"))


def _exact_values(measure: Measure) -> Iterator[tuple[Decimal, str]]:
    match measure.benefit:
        case Fixed(amount=amount) | PerUnit(amount=amount):
            yield amount, "元"
        case RateOf(rate=rate):
            yield rate * 100, "%"


# ── amounts of neighbours ───────────────────────────────────────────────────────────────────────


def _swaps(text: str, measures: Sequence[Measure]) -> Iterator[_Edits]:
    """Two different sums of the sentence's measures in each other's place."""
    sums = {value for measure in measures for value in _sums(measure)}
    found = [match for match in _stated(text) if _MONEY.fullmatch(match["unit"]) and _value(match[0]) in sums]
    for one, other in combinations(found, 2):
        if _value(one[0]) != _value(other[0]):
            yield _Edit(*one.span(), other[0]), _Edit(*other.span(), one[0])


def _sums(measure: Measure) -> Iterator[tuple[Decimal, str]]:
    match measure.benefit:
        case Fixed(amount=amount):
            yield amount, "元"
        case UpTo(cap=cap):
            yield cap, "元"
        case PerUnit(amount=amount, cap=cap):
            yield from ((value, "元") for value in (amount, cap) if value is not None)
        case RateOf(cap=cap):
            yield from ((value, "元") for value in (cap,) if value is not None)


# ── clause numbers ──────────────────────────────────────────────────────────────────────────────

_REFERENCE = re.compile(
    rf"第(?P<ordinal>\d+|[{_CIPHERS}十]+)条|(?<![\d第])(?P<item>\d+)条(?=[：，。写])"
    rf"|三（(?P<heading>[{_CIPHERS}])）(?P<under>\d+)"
)
_ITEMS = {
    10 * tens + ones: f"{('', '十', '二十', '三十')[tens]}{('', *_CIPHERS)[ones]}"
    for tens in range(4)
    for ones in range(10)
}


def _references(claim: Claim) -> Iterator[_Edits]:
    """A clause number one off, far off, or under another heading; never one of the sentence's own."""
    own = {int(label) for label in re.findall(r"(\d+)$", "\n".join(claim.clauses), re.MULTILINE)}
    for match in _REFERENCE.finditer(claim.text):
        group = next(name for name in ("ordinal", "item", "under") if match[name])
        number = number_of(match[group]) or 0
        for other in (number - 1, number + 1, number + 20):
            printed = str(other) if match[group].isdigit() else _ITEMS.get(other)
            if other > 0 and other not in own and printed:
                yield (_Edit(*match.span(group), printed),)
        if match["heading"]:
            others = [cipher for cipher in _CIPHERS[:6] if cipher != match["heading"]]
            yield (_Edit(*match.span("heading"), _chosen(others, claim.text)),)
