"""rules.yaml as checked rules: one measure is one support with one benefit, bound to its quote.

The figures stand in the YAML as the policy prints them (``10万元``, ``10%``) and are read by money.
What contradicts the policy text is refused at load; completeness is proven by lint.py.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from policy_qa.domain import Clause, FactType, FactValue, Policy
from policy_qa.errors import CorpusError, UsageError
from policy_qa.money import figures, plain, spell
from policy_qa.text import find_quote


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _figure_value(unit: str) -> BeforeValidator:
    def read(printed: object) -> Decimal:
        found = figures(str(printed))
        if len(found) != 1 or (unit and found[0].unit != unit):
            raise ValueError(f"“{printed}”不是一个{'金额' if unit == '元' else '比例' if unit else '数'}")
        return found[0].value

    return BeforeValidator(read)


Yuan = Annotated[Decimal, _figure_value("元")]
Rate = Annotated[Decimal, _figure_value("比例")]
Count = Annotated[Decimal, _figure_value("")]


class Fixed(_Entry):
    """A printed sum, paid when the conditions hold."""

    kind: Literal["fixed"]
    amount: Yuan


class RateOf(_Entry):
    """A printed share of a base the user states, up to a cap where one is printed."""

    kind: Literal["rate"]
    fact: str
    rate: Rate
    base: str
    """What the share is taken of, in the words of the quote."""
    cap: Yuan | None = None


class PerUnit(_Entry):
    """A printed sum a piece; ``limit`` bounds what counts of one entry of a list fact."""

    kind: Literal["per_unit"]
    fact: str
    amount: Yuan
    per: str
    limit: Count | None = None
    cap: Yuan | None = None


class UpTo(_Entry):
    """Only a cap is printed: a bound, never an exact amount."""

    kind: Literal["bound"]
    cap: Yuan


class Unspecified(_Entry):
    """Money without a figure; ``printed`` are the words that stand in its place."""

    kind: Literal["unspecified"]
    printed: str


class Service(_Entry):
    """Help that is no money."""

    kind: Literal["service"]


Benefit = Annotated[Fixed | RateOf | PerUnit | UpTo | Unspecified | Service, Field(discriminator="kind")]


class FactRule(_Entry):
    """A fact the rules read: its type, its unit, the question to ask and the words people use for it."""

    type: FactType
    ask: str
    unit: str | None = None
    words: tuple[str, ...] = ()
    other_words: tuple[str, ...] = ()
    """Words that show that a figure near them is something else (contract value, revenue)."""


class Condition(_Entry):
    """A fact that must be true, with the words of the quote that say so."""

    fact: str
    text: str
    level: str | None = None
    names: tuple[tuple[str, ...], ...] = ()
    """Words that state the fact; the measure's own names where empty."""
    denied: tuple[str, ...] = ()
    """Words that say that it fails."""


class Reviewed(_Entry):
    """Who moved a drafted entry into the rules, and when; ``draft`` is its id in rules.draft.yaml."""

    draft: str
    by: str = Field(min_length=1)
    on: datetime.date


class Measure(_Entry):
    """One support with one benefit."""

    id: str
    title: str
    clause: str
    quote: str
    names: tuple[tuple[str, ...], ...]
    """Alternatives, each the words that together name the support."""
    weak: tuple[str, ...] = ()
    """Names that name it only where nothing else in the question says otherwise."""
    excludes: tuple[str, ...] = ()
    """Words beside which the names mean something else."""
    level: Literal["国家级", "省级", "市级", "县级"] | None = None
    """Whose recognition is rewarded; another level is another thing."""
    audience: str | None = None
    party: str | None = None
    """The party of the quote a figure of a paired list belongs to."""
    conditions: tuple[Condition, ...] = ()
    benefit: Benefit
    payee: str = "enterprise"
    payer: str | None = None
    once: str | None = None
    cap_scope: str | None = None
    stacking: str | None = None
    """The words of the quote that put it on top of another award."""
    both_with: tuple[str, ...] = ()
    both_note: str | None = None
    """What the text leaves open on holding both."""
    half_of: str | None = None
    """The measure whose other half, paid by another level, this is: asked for only with that one."""
    assumptions: tuple[str, ...] = ()
    reviewed: Reviewed | None = None

    @model_validator(mode="after")
    def _parts_stand_in_the_quote(self) -> Measure:
        printed: dict[str, list[str | None]] = {
            "conditions": [condition.text for condition in self.conditions],
            "once": [self.once],
            "cap_scope": [self.cap_scope],
            "stacking": [self.stacking],
            "audience": [self.audience],
            "party": [self.party],
        }
        if isinstance(self.benefit, Unspecified):
            printed["benefit.printed"] = [self.benefit.printed]
        if isinstance(self.benefit, RateOf):
            printed["benefit.base"] = [self.benefit.base]
        for key, passages in printed.items():
            for passage in passages:
                if passage is not None and find_quote(self.quote, passage) is None:
                    raise ValueError(f"措施“{self.id}”的 {key}“{passage}”不在它的引文里")
        return self

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts the measure reads, conditions first."""
        read = [condition.fact for condition in self.conditions]
        if isinstance(self.benefit, RateOf | PerUnit):
            read.append(self.benefit.fact)
        return tuple(read)

    @property
    def has_figure(self) -> bool:
        return not isinstance(self.benefit, Unspecified | Service)

    @property
    def is_money(self) -> bool:
        return not isinstance(self.benefit, Service)


class NotAward(_Entry):
    """A printed figure that is no award, and why."""

    clause: str
    text: str
    reason: str
    reviewed: Reviewed | None = None


class SetAside(_Entry):
    """A draft that its reviewer dropped because other entries account for its figures, and why."""

    clause: str
    text: str
    reason: str
    reviewed: Reviewed


class Rules(_Entry):
    """The checked content of one rules.yaml."""

    policy: str
    """The id of the policy the rules read."""
    facts: dict[str, FactRule]
    measures: tuple[Measure, ...]
    not_awards: tuple[NotAward, ...] = ()
    set_aside: tuple[SetAside, ...] = ()

    @property
    def reviewed_drafts(self) -> frozenset[str]:
        """The ids of the drafts that a person has decided on."""
        entries: tuple[Measure | NotAward | SetAside, ...] = (
            *self.measures, *self.not_awards, *self.set_aside,
        )  # fmt: skip
        return frozenset(entry.reviewed.draft for entry in entries if entry.reviewed is not None)

    def measure(self, measure_id: str) -> Measure:
        return next(measure for measure in self.measures if measure.id == measure_id)

    def of_clause(self, label: str) -> tuple[Measure, ...]:
        return tuple(measure for measure in self.measures if measure.clause == label)


def check_rules(rules: Rules, policy: Policy) -> Rules:
    """``rules`` themselves where they agree with the text of ``policy``.

    CorpusError says what contradicts what.
    """
    if rules.policy != policy.id:
        raise CorpusError(
            f"rules.yaml 写的是政策“{rules.policy}”的规则，却放在“{policy.id}”里，请改成同一个编号。"
        )
    _refuse_doubles(measure.id for measure in rules.measures)
    for measure in rules.measures:
        _check_measure(measure, rules, policy)
    for entry in rules.not_awards:
        clause = _clause(policy, entry.clause, entry.text)
        if find_quote(clause.text, entry.text) is None:
            raise CorpusError(
                f"rules.yaml 的非奖补数字“{entry.text}”不在条款“{entry.clause}”里，请按原文改正。"
            )
    return rules


def _refuse_doubles(ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for measure_id in ids:
        if measure_id in seen:
            raise CorpusError(f"rules.yaml 里措施“{measure_id}”写了两次，请删去一个。")
        seen.add(measure_id)


def _clause(policy: Policy, label: str, owner: str) -> Clause:
    clause = policy.clause(label)
    if clause is None:
        raise CorpusError(f"rules.yaml 的“{owner}”指向不存在的条款“{label}”，请改成政策里有的条款。")
    return clause


def _check_measure(measure: Measure, rules: Rules, policy: Policy) -> None:
    clause = _clause(policy, measure.clause, measure.id)
    if find_quote(clause.text, measure.quote) is None:
        raise CorpusError(f"措施“{measure.id}”的引文不在条款“{measure.clause}”里，请按原文逐字引用。")
    for fact in measure.facts:
        if fact not in rules.facts:
            raise CorpusError(f"措施“{measure.id}”用到没有声明的事实“{fact}”，请先在 facts 里声明。")
    for fact, allowed in _fact_types(measure):
        if rules.facts[fact].type not in allowed:
            raise CorpusError(
                f"措施“{measure.id}”用到的事实“{fact}”是 {rules.facts[fact].type}，"
                f"应当是 {'或 '.join(allowed)}，请改正它的类型。"
            )
    for value, unit in benefit_figures(measure):
        if not any(figure.value == value and figure.unit == unit for figure in figures(measure.quote)):
            raise CorpusError(f"措施“{measure.id}”的数字 {said(value, unit)} 不在它的引文里，请核对原文。")
    for other in (*measure.both_with, *([measure.half_of] if measure.half_of else [])):
        if other not in {candidate.id for candidate in rules.measures}:
            raise CorpusError(f"措施“{measure.id}”提到不存在的措施“{other}”，请改正。")


def _fact_types(measure: Measure) -> Iterator[tuple[str, tuple[FactType, ...]]]:
    """The facts a measure computes with, each with the types it can compute with."""
    for condition in measure.conditions:
        yield condition.fact, ("bool",)
    match measure.benefit:
        case RateOf(fact=fact):
            yield fact, ("yuan",)
        case PerUnit(fact=fact, limit=limit):
            yield fact, ("integer",) if limit is None else ("integers",)


def benefit_figures(measure: Measure) -> tuple[tuple[Decimal, str], ...]:
    """The (value, unit) of every figure the measure's benefit claims: yuan, shares, counts."""
    match measure.benefit:
        case Fixed(amount=amount):
            return ((amount, "元"),)
        case RateOf(rate=rate, cap=cap):
            return ((rate, "比例"), *(((cap, "元"),) if cap is not None else ()))
        case PerUnit(amount=amount, per=per, limit=limit, cap=cap):
            capped = ((cap, "元"),) if cap is not None else ()
            return ((amount, "元"), *capped, *(((limit, per),) if limit is not None else ()))
        case UpTo(cap=cap):
            return ((cap, "元"),)
        case _:
            return ()


def said(value: Decimal, unit: str) -> str:
    """A figure of a benefit as people write it.

    >>> said(Decimal("200000"), "元"), said(Decimal("0.1"), "比例"), said(Decimal(2), "国家")
    ('20万元', '10%', '2国家')
    """
    if unit == "元":
        return spell(value)
    return f"{plain(value * 100)}%" if unit == "比例" else f"{plain(value)}{unit}"


# ── facts a user hands in ───────────────────────────────────────────────────────────────────────


def read_facts(path: Path, rules: Rules) -> dict[str, FactValue]:
    """A facts file as checked facts; UsageError says in one sentence what cannot be used."""
    try:
        text = path.read_text(encoding="utf-8-sig")  # Notepad begins its files with a byte order mark
        raw = json.loads(text, parse_float=Decimal, object_pairs_hook=_single_keys)
    except OSError as error:
        raise UsageError(f"打不开事实文件“{path.name}”，请检查路径和读取权限。") from error
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise UsageError(
            f'事实文件“{path.name}”不是可读的 JSON，请写成一个对象，例如 {{"new_above_scale": true}}。'
        ) from error
    if not isinstance(raw, dict):
        raise UsageError(f'事实文件“{path.name}”应当是一个 JSON 对象，例如 {{"new_above_scale": true}}。')
    return check_facts(raw, rules)


def _single_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """One JSON object; json keeps the last of two equal keys in silence, here it is an error."""
    read: dict[str, object] = {}
    for name, value in pairs:
        if name in read:
            raise UsageError(f"事实“{_short(name)}”写了两次，不知道该信哪一个，请只留一个。")
        read[name] = value
    return read


def _short(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"


def check_facts(raw: Mapping[str, object], rules: Rules) -> dict[str, FactValue]:
    """Facts with known names and possible values of the declared types; UsageError otherwise."""
    checked: dict[str, FactValue] = {}
    for name, value in raw.items():
        if name not in rules.facts:
            raise UsageError(f"不认识的事实“{_short(name)}”，可用的有：{'、'.join(rules.facts)}。")
        checked[name] = _check_value(name, value, rules.facts[name].type)
    return checked


def _check_value(name: str, value: object, fact_type: FactType) -> FactValue:
    match fact_type:
        case "bool" if isinstance(value, bool):
            return value
        case "integer" if (count := _count(value)) is not None:
            return count
        case "integers" if isinstance(value, list | tuple) and len(value) <= _MOST_ENTRIES:
            counts = tuple(count for entry in value if (count := _count(entry)) is not None)
            if len(counts) == len(value):
                return counts
        case "yuan" if (amount := _yuan(value)) is not None:
            return amount
    expected = {
        "bool": "true 或 false",
        "integer": "不小于 0 的整数",
        "integers": f"不小于 0 的整数的列表，例如 [2, 1]，最多 {_MOST_ENTRIES} 项",
        "yuan": "不小于 0 的金额（元），只写数字，例如 1200000 或 345678.9",
    }[fact_type]
    raise UsageError(f"事实“{name}”的值不能用，应当是{expected}。")


_MOST_ENTRIES = 1000
_PLAIN = re.compile(r"[0-9]+(?:\.[0-9]+)?")


def _count(value: object) -> int | None:
    counts = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 10**9
    return int(str(value)) if counts else None


def _yuan(value: object) -> Decimal | None:
    """A sum that all later arithmetic keeps exactly: at most 10^15 yuan, at most ten decimals."""
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal | float):
        return None
    if isinstance(value, str) and not _PLAIN.fullmatch(value, 0, 100):
        return None
    amount = Decimal(str(value))
    if not amount.is_finite() or not 0 <= amount <= Decimal(10) ** 15:
        return None
    return amount if amount == round(amount, 10) else None
