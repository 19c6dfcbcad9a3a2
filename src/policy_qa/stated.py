"""The facts a question states, with its figures given the role they play in it.

A figure is a fact, an award the user claims, a sum they aim at, or none of the rules' business (a turnover,
a loan). A figure that is not clearly a fact never becomes one: what is computed from it would look proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from policy_qa.counts import PIECE_UNITS, adds_to, read_count, read_countries
from policy_qa.domain import FactValue
from policy_qa.money import Figure, figures
from policy_qa.payments import CLAIM, read_paid
from policy_qa.rules import Condition, FactRule, PerUnit, RateOf, Rules
from policy_qa.topic import Naming, Reading, Topic, levels_stand_before, occurrences
from policy_qa.vicinity import after, before

_NEGATION = re.compile(
    r"(没有|没能|没|未能|未曾|未|尚未|不是|并非|不算|还没|(?<!是)非|不在|不属于|not|n't|without)[^，。；！？]{0,12}$"
)
_NOT_NEGATING = re.compile(r"(有没有|是不是|没问题|没想到|没多久|不是说|不是.{0,8}吗)[^，。；！？]{0,12}$")
_NEGATION_AFTER = re.compile(
    r"^[^，。；！？、]{0,8}?(没|未|不)(做|办|登|进|入|评|选|拿|过|批|成|通过|完成|上|获|认|去|投|贷|参加|打|中|挂|有我)"
    r"|^[^，。；！？、]{0,8}?(落选|还在(审|办|评|申))"
)
_AWARDED = re.compile(r"^[^，。；]{0,6}?(奖|补|资助|award|subsid)")
_HALF_PIECE = re.compile(r"半(件|个|项|款)")
_COUNT_LIMIT = Decimal(10) ** 6


@dataclass(frozen=True, slots=True)
class Stated:
    """What the user said of themselves, and of the policy."""

    facts: dict[str, FactValue] = field(default_factory=dict)
    claims: tuple[Figure, ...] = ()
    """Award figures the user says the policy grants."""
    target: Decimal | None = None
    """The sum of support the user wants to reach, in yuan."""
    impossible: str | None = None
    """The user's words for a value no one can have: a negative sum, half a patent."""
    inputs: tuple[Figure, ...] = ()
    """The figures that became facts."""


def read_stated(topic: Topic, rules: Rules, *, aims: bool) -> Stated:
    """The facts ``topic``'s question states about its named measures.

    ``aims``: the question runs backwards, so that a sum of support is an aim and not a claim.
    """
    found = figures(topic.reading.text)
    impossible = _impossible(topic, found)
    if impossible:
        return Stated(impossible=impossible)
    facts: dict[str, FactValue] = {**dict(_described(topic.reading, rules)), **dict(_conditions(topic))}
    inputs: list[Figure] = []
    counted: list[Naming] = []
    # The more specific naming takes its figures first: 「国外发明专利」 before 「发明专利」.
    for naming in sorted(topic.named, key=lambda one: (-len(one.words), _type_of(one, rules) != "integers")):
        fresh = [f for f in found if f not in inputs and not _in_denied_case(f, naming, topic.reading)]
        value, used = _quantity(topic, naming, rules, fresh, counted, aims=aims)
        if value is not None and isinstance(naming.measure.benefit, RateOf | PerUnit):
            facts[naming.measure.benefit.fact] = value
            inputs += used
            counted.append(naming)
    rest = [figure for figure in found if figure not in inputs and _is_claim(figure, topic.reading)]
    if aims:
        return Stated(facts, target=_target(topic, found, rest), inputs=tuple(inputs))
    return Stated(facts, tuple(rest), inputs=tuple(inputs))


def _type_of(naming: Naming, rules: Rules) -> str:
    benefit = naming.measure.benefit
    return rules.facts[benefit.fact].type if isinstance(benefit, RateOf | PerUnit) else ""


def _target(topic: Topic, found: Sequence[Figure], claimed: Sequence[Figure]) -> Decimal | None:
    """The sum aimed at: beside a word of awarding, else the only sum that is no contract's."""
    sums = [figure for figure in claimed if figure.unit == "元" and figure.bound == "exact"]
    sums += [f for f in found if f.unit == "元" and "合同" not in before(f, topic.reading)]
    return sums[0].value if sums else None


def _quantity(
    topic: Topic,
    naming: Naming,
    rules: Rules,
    found: Sequence[Figure],
    counted: Sequence[Naming],
    *,
    aims: bool,
) -> tuple[FactValue | None, list[Figure]]:
    benefit = naming.measure.benefit
    if not isinstance(benefit, RateOf | PerUnit):
        return None, []
    rule = rules.facts[benefit.fact]
    if rule.type == "yuan":
        return read_paid(topic, naming, rule, _own_sums(found, rule, topic.reading), aims=aims)
    if aims:
        return None, []
    if rule.type == "integers":
        return read_countries(topic, naming, found)
    own = [figure for figure in found if all(adds_to(naming, other, figure, topic) for other in counted)]
    return read_count(topic, naming, own)


def _own_sums(found: Sequence[Figure], rule: FactRule, reading: Reading) -> list[Figure]:
    """The figures that may be a sum paid: no upper bound, and no mere sum behind a question already asked.

    「付了120万，能补多少？答：80万」: what goes on behind the question is no further instalment.
    """
    own: list[Figure] = []
    for figure in found:
        if figure.unit == "元" and figure.bound == "max":
            continue
        asked = max(reading.text.rfind(mark, 0, figure.start) for mark in "?？")
        if figure.unit == "元" and own and own[-1].end <= asked:
            end = _CASE_END.search(reading.text, figure.end)
            sentence = reading.text[asked + 1 : end.start() if end else len(reading.text)]
            if not any(word in sentence for word in rule.words):
                continue
        own.append(figure)
    return own


def describes_the_firm(reading: Reading, position: int) -> bool:
    """「我们是专精特新企业」: the phrase around ``position`` says what the firm is, up to there."""
    return bool(_WE_ARE.search(reading.text, reading.phrase_of(position)[0], position))


_WE_ARE = re.compile(
    r"(?:我|咱|俺|本|我们|公司|企业|厂|单位)[^，。；！？]{0,6}?(?:(?<!是不)是|属于|评上|获评|入选|认定为)(?!不是)"
)


def _described(reading: Reading, rules: Rules) -> Iterator[tuple[str, bool]]:
    """Conditions with words of their own that the user says the firm meets, whatever is asked."""
    for measure in rules.measures:
        for condition in measure.conditions:
            for words in condition.names:
                found = [span for word in words for span in occurrences(word, reading)]
                if found and all(describes_the_firm(reading, start) for start, _ in found):
                    verdict = condition_stated(condition, words, reading)
                    if verdict is not None:
                        yield condition.fact, verdict


def _conditions(topic: Topic) -> Iterator[tuple[str, bool]]:
    for naming in topic.named:
        for condition in naming.measure.conditions:
            verdict = condition_stated(condition, naming.words, topic.reading)
            if verdict is not None:
                yield condition.fact, verdict


def condition_stated(condition: Condition, named_by: tuple[str, ...], reading: Reading) -> bool | None:
    """Whether the question says that the condition holds or fails; None where it says nothing.

    A condition without words of its own is stated by the words the measure is named by.
    """
    if _affirmed_elsewhere(condition, reading):
        return True
    if any(word in reading.text for word in condition.denied):
        return False
    if condition.level and _other_level_stated(condition, reading):
        return False
    stated = None
    for words in condition.names or (named_by,):
        found = {word: occurrences(word, reading) for word in words}
        if all(found.values()) and levels_stand_before(found, reading):
            start = min(spans[0][0] for spans in found.values())
            end = max(spans[0][1] for spans in found.values())
            if _denied(reading, start, end):
                return False
            stated = True
    return stated


_CASE_END = re.compile(r"[；;。！!？?]")


def _cases(reading: Reading) -> list[str]:
    """The sentences and half-sentences of a question: 「甲合同…登记完成；乙合同…没登记」 are two cases."""
    return [case for case in _CASE_END.split(reading.text) if case]


def _affirmed_elsewhere(condition: Condition, reading: Reading) -> bool:
    """One case denies the condition, another states it: it holds for the other."""
    denied = [case for case in _cases(reading) if any(word in case for word in condition.denied)]
    others = [case for case in _cases(reading) if case not in denied]
    return bool(denied) and any(all(w in case for w in words) for case in others for words in condition.names)


def _in_denied_case(figure: Figure, naming: Naming, reading: Reading) -> bool:
    """A figure of a case that a condition is denied for, while it holds for another case."""
    for condition in naming.measure.conditions:
        if _affirmed_elsewhere(condition, reading):
            left = max((m.end() for m in _CASE_END.finditer(reading.text, 0, figure.start)), default=0)
            right = _CASE_END.search(reading.text, figure.end)
            case = reading.text[left : right.start() if right else len(reading.text)]
            if any(word in case for word in condition.denied):
                return True
    return False


def _denied(reading: Reading, start: int, end: int) -> bool:
    ahead = reading.text[reading.phrase_of(start)[0] : start]
    behind = reading.text[end : reading.phrase_of(max(start, end - 1))[1]]
    denied = _NEGATION.search(ahead) and not _NOT_NEGATING.search(ahead)
    return bool(denied or _NEGATION_AFTER.search(behind))


def _other_level_stated(condition: Condition, reading: Reading) -> bool:
    """「只是市级专精特新」 says of a condition on the provincial level that it fails."""
    for words in (words for words in condition.names if condition.level in words):
        rest = [word for word in words if word != condition.level]
        levels = {
            term.means[0]
            for term in reading.terms
            if term.kind == "level" and any(word in reading.text[term.end : term.end + 6] for word in rest)
        }
        if levels and condition.level not in levels:
            return True
    return False


def _impossible(topic: Topic, found: Sequence[Figure]) -> str | None:
    negative = next(
        (f.text for f in found if f.value < 0 and (f.unit in PIECE_UNITS or f.unit == "元")), None
    )
    if negative is not None or (not topic.candidates and not topic.rejected):
        return negative
    half = _HALF_PIECE.search(topic.reading.text)
    if half:
        return half.group()
    for figure in found:
        fractional = figure.unit in PIECE_UNITS and figure.value != figure.value.to_integral_value()
        excessive = figure.unit in PIECE_UNITS and figure.value > _COUNT_LIMIT
        if figure.value < 0 or fractional or excessive:
            return figure.text
    return None


def _is_claim(figure: Figure, reading: Reading) -> bool:
    """A sum or share the user says is granted: it stands beside a word of awarding."""
    if figure.unit not in ("元", "比例"):
        return False
    ahead, behind = before(figure, reading), after(figure, reading)
    return bool(CLAIM.search(ahead) or _AWARDED.search(behind) or figure.bound == "max")
