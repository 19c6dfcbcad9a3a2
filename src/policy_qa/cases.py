"""Worked cases: cases.yaml beside the rules, sentences with facts and what must come out, calculated again.

They are data, so that a change of a rule shows in the language of the policy; a rule with a figure must be
shown on both sides of each of its caps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from policy_qa.calculation import FEN, Outcome, calculate, evaluate
from policy_qa.domain import Bound, FactValue, Item
from policy_qa.errors import CorpusError, UsageError
from policy_qa.money import parse_amount, spell
from policy_qa.rules import Measure, PerUnit, RateOf, Rules, check_facts
from policy_qa.strict_yaml import read_model


def _amount(value: object) -> object:
    """A sum in any spelling money reads; YAML floats are refused, since they are not exact."""
    if value is None:
        return None
    read = None if isinstance(value, bool | float) else parse_amount(str(value))
    if read is None:
        raise ValueError(f"“{value}”不是金额，请写成 50万元 或者加引号的数字")
    return read


Amount = Annotated[Decimal | None, BeforeValidator(_amount)]
Verdict = Literal["eligible", "not_eligible", "unknown"]
_VERDICTS: Mapping[bool | None, Verdict] = {True: "eligible", False: "not_eligible", None: "unknown"}


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Expected(_Entry):
    """What one measure must bring; ``missing`` are the facts it must still ask for."""

    amount: Amount
    bound: Bound
    verdict: Verdict = "eligible"
    missing: tuple[str, ...] = ()


class Case(_Entry):
    """One worked case: a sentence, the facts, what each measure brings, and the total."""

    name: str = Field(min_length=1)
    facts: dict[str, object]
    expect: dict[str, Expected] = Field(min_length=1)
    total: Amount = None
    bound: Bound | None = None

    @model_validator(mode="after")
    def _several_have_a_total(self) -> Case:
        if len(self.expect) > 1 and self.bound is None:
            raise ValueError(f"算例“{self.name}”有几项措施，要写明 total 和 bound")
        return self

    @property
    def expected_total(self) -> tuple[Decimal | None, Bound]:
        """The total as written; that of the only measure where none is."""
        if self.bound is not None:
            return self.total, self.bound
        only = next(iter(self.expect.values()))
        return only.amount, only.bound


class CaseFile(_Entry):
    """The content of cases.yaml."""

    policy: str
    cases: tuple[Case, ...]

    @model_validator(mode="after")
    def _names_differ(self) -> CaseFile:
        names = [case.name for case in self.cases]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"算例“{name}”写了两次")
        return self


@dataclass(frozen=True, slots=True)
class CaseResults:
    """How many cases were calculated, how many came out as written, and what did not."""

    run: int
    passed: int
    problems: tuple[str, ...]


def run_cases(rules: Rules, policy: str, path: Path) -> CaseResults:
    """Each worked case of ``path`` calculated again, and the sides of caps that none of them shows.

    A file that cannot be used is a problem too, so that one report names all that is wrong.
    """
    try:
        content = read_model(path, CaseFile)
    except CorpusError as error:
        return CaseResults(0, 0, (str(error),))
    problems: list[str] = []
    if content.policy != policy:
        problems.append(f"政策“{policy}”的 cases.yaml 写的是“{content.policy}”的算例，请改成同一个编号。")
    passed = 0
    shown: dict[str, set[str]] = {measure.id: set() for measure in rules.measures}
    for case in content.cases:
        differences = tuple(_case_differences(case, rules, shown))
        problems += [f"算例“{case.name}”不符：{difference}。" for difference in differences]
        passed += not differences
    for measure in rules.measures:
        lacking = [side for side in _sides_wanted(measure) if side not in shown[measure.id]]
        if lacking:
            problems.append(f"措施“{measure.id}”缺少算例：{'、'.join(lacking)}，请在 cases.yaml 补上。")
    return CaseResults(len(content.cases), passed, tuple(problems))


def _case_differences(case: Case, rules: Rules, shown: Mapping[str, set[str]]) -> Iterator[str]:
    try:
        facts = check_facts(case.facts, rules)
    except UsageError as error:
        yield str(error).removesuffix("。")
        return
    known = {measure.id: measure for measure in rules.measures}
    if unknown := [name for name in case.expect if name not in known]:
        yield f"没有措施“{'”“'.join(unknown)}”"
        return
    measures = [known[name] for name in case.expect]
    calculation = calculate(measures, facts)
    for measure, item in zip(measures, calculation.items, strict=True):
        outcome = evaluate(measure, facts)
        shown[measure.id].update(_sides_shown(outcome, facts))
        expected = case.expect[measure.id]
        got = _expectation(item, outcome)
        if got != expected:
            yield f"{measure.id} 应为{_words(expected)}，算出{_words(got)}"
    wanted = case.expected_total
    if wanted != (calculation.total, calculation.bound):
        yield f"合计应为{_sum_words(*wanted)}，算出{_sum_words(calculation.total, calculation.bound)}"


def _expectation(item: Item, outcome: Outcome) -> Expected:
    return Expected.model_construct(
        amount=item.amount, bound=item.bound, verdict=_VERDICTS[outcome.verdict], missing=outcome.missing
    )


def _words(expected: Expected) -> str:
    asks = f"，还缺 {'、'.join(expected.missing)}" if expected.missing else ""
    return f"{_sum_words(expected.amount, expected.bound)} {expected.verdict}{asks}"


def _sum_words(amount: Decimal | None, bound: Bound) -> str:
    return f"“{'无数额' if amount is None else spell(amount)}”（{bound}）"


_HOLDS, _FAILS, _OPEN = "条件成立", "条件不成立", "条件未知"
_BELOW, _AT, _ABOVE = "低于上限", "正好到上限", "超过上限"
_FEWER, _AS_MANY, _MORE = "少于每项个数", "正好每项个数", "多于每项个数"
_UNSTATED, _NOTHING = "没有说数目", "数目为 0"


def _sides_wanted(measure: Measure) -> tuple[str, ...]:
    """What the worked cases of a measure must show; 「正好」 only where a sum in fen can meet the cap."""
    if not measure.has_figure:
        return ()
    wanted = [_HOLDS, _FAILS, _OPEN] if measure.conditions else [_HOLDS]
    benefit = measure.benefit
    if isinstance(benefit, RateOf | PerUnit):
        wanted += [_UNSTATED, _NOTHING]
        if benefit.cap is not None:
            wanted += [_BELOW, _AT, _ABOVE] if _meets_cap(benefit, benefit.cap) else [_BELOW, _ABOVE]
    if isinstance(benefit, PerUnit) and benefit.limit is not None:
        wanted += [_FEWER, _AS_MANY, _MORE]
    return tuple(wanted)


def _meets_cap(benefit: RateOf | PerUnit, cap: Decimal) -> bool:
    if isinstance(benefit, PerUnit):
        return cap % benefit.amount == 0
    return (cap / benefit.rate).quantize(FEN, ROUND_FLOOR) * benefit.rate == cap


def _sides_shown(outcome: Outcome, facts: Mapping[str, FactValue]) -> Iterator[str]:
    yield {True: _HOLDS, False: _FAILS, None: _OPEN}[outcome.verdict]
    benefit = outcome.measure.benefit
    if outcome.verdict is not True and outcome.measure.conditions:
        return
    if not isinstance(benefit, RateOf | PerUnit):
        return
    if benefit.fact not in facts:
        yield _UNSTATED
        return
    value = facts[benefit.fact]
    entries = value if isinstance(value, tuple) else ()
    limit = benefit.limit if isinstance(benefit, PerUnit) else None
    if limit is not None:
        yield from (_side(Decimal(entry), limit, _FEWER, _AS_MANY, _MORE) for entry in entries if entry)
        base = sum((min(Decimal(entry), limit) for entry in entries), Decimal(0))
    else:
        base = sum(map(Decimal, entries), Decimal(0)) if isinstance(value, tuple) else Decimal(value)
    if base == 0:
        yield _NOTHING
    elif benefit.cap is not None:
        factor = benefit.rate if isinstance(benefit, RateOf) else benefit.amount
        yield _side(base * factor, benefit.cap, _BELOW, _AT, _ABOVE)


def _side(value: Decimal, mark: Decimal, below: str, at: str, above: str) -> str:
    return below if value < mark else at if value == mark else above
