"""Proof that rules and policy text agree in both directions, and that worked cases come out as written.

Every figure of a rule stands in its quote; every figure printed is claimed by a rule or listed as no award.
The plain reader here shares nothing with money: a figure that money overlooks must
not vanish from the denominator too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal
from pathlib import Path

from policy_qa.cases import CaseResults, run_cases
from policy_qa.corpus import Corpus, Holding
from policy_qa.domain import Clause
from policy_qa.lexicon import LexiconFile, normal
from policy_qa.money import figures, paired, spell
from policy_qa.rules import (
    Fixed,
    Measure,
    NotAward,
    PerUnit,
    RateOf,
    UpTo,
    benefit_figures,
    said,
)
from policy_qa.strict_yaml import read_model
from policy_qa.text import fold

# ── the report ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class ListedFigure:
    """A passage whose figures are no award, and why; ``figures`` counts them."""

    clause: str
    text: str
    reason: str
    figures: int


@dataclass(frozen=True, slots=True)
class Unaccounted:
    """A printed figure that no rule claims and no entry lists.

    ``text`` as printed, folded, with its ``unit``; ``before`` is what stands before it in its folded clause.
    """

    clause: str
    text: str
    unit: str
    before: str
    context: str

    @property
    def problem(self) -> str:
        return (
            f"条款“{self.clause}”的数字“{self.text}”（{self.context}）没有规则认领，"
            "请写进规则，或者列为非奖补并说明理由。"
        )


@dataclass(frozen=True, slots=True)
class PolicyReport:
    """The count of one policy: ``figures`` printed, ``claimed`` by rules, the rest listed or a problem."""

    policy: str
    figures: int
    claimed: int
    not_awards: tuple[ListedFigure, ...]
    coverage: Decimal | None
    """Claimed and listed of all printed, rounded down to four decimals; None where nothing is printed."""
    cases: int
    cases_passed: int
    pending: int = 0
    """Drafts that no person has decided on: what they hold is not reviewed, and no problem yet."""

    @property
    def listed(self) -> int:
        return sum(entry.figures for entry in self.not_awards)


@dataclass(frozen=True, slots=True)
class LintReport:
    """All policies with all that contradicts, each problem one Chinese sentence; sound when there is none."""

    policies: tuple[PolicyReport, ...]
    problems: tuple[str, ...]
    reminders: tuple[str, ...]
    """What contradicts nothing but stands in the wrong file."""


def lint_corpus(corpus: Corpus, folder: Path) -> LintReport:
    """Check the rules, names and worked cases of ``corpus``, which was loaded from ``folder``.

    What rules and cases can get wrong becomes a problem of the report; a lexicon that is gone is CorpusError.
    """
    reports: list[PolicyReport] = []
    problems: list[str] = []
    for holding in corpus.holdings:
        policy = holding.policy
        if holding.rules.policy != policy.id:
            problems.append(
                f"政策“{policy.id}”的 rules.yaml 写的是“{holding.rules.policy}”的规则，请改成同一个编号。"
            )
        problems += contradictions(holding)
        count = _Count.of(holding)
        problems += () if holding.pending else (one.problem for one in count.unaccounted)
        home = holding.home or folder / policy.id
        results = run_cases(holding.rules, policy.id, home / "cases.yaml")
        problems += results.problems
        reports.append(count.report(policy.id, results, len(holding.pending)))
    reminders = tuple(_name_reminders(corpus, folder / "lexicon.yaml"))
    return LintReport(tuple(reports), tuple(problems), reminders)


def contradictions(holding: Holding) -> tuple[str, ...]:
    """What the rules of a policy say against its text, each a Chinese sentence; not what they lack."""
    return (*_rule_problems(holding), *_Count.of(holding).problems)


def unaccounted(holding: Holding) -> tuple[Unaccounted, ...]:
    """The printed figures that no rule claims and no entry lists, in the order printed."""
    return _Count.of(holding).unaccounted


def render(report: LintReport) -> str:
    """The report as people read it: the coverage of each policy, what is no award, the problems."""
    lines: list[str] = []
    for policy in report.policies:
        lines.append(policy.policy)
        lines.append(f"条款数字覆盖率：{_coverage(policy)}")
        lines.append("非奖补的数字：" if policy.not_awards else "没有列为非奖补的数字。")
        lines += [f"  〔{entry.clause}〕{entry.text}：{entry.reason}" for entry in policy.not_awards]
        lines.append(f"算例：{policy.cases_passed}/{policy.cases} 通过")
        if policy.pending:
            lines.append(f"待核对：还有 {policy.pending} 条草拟的规则，金额只引用原文，没有算作覆盖。")
    if report.problems:
        lines.append(f"有 {len(report.problems)} 处不对：")
        lines += [f"  {problem}" for problem in report.problems]
    elif any(policy.pending for policy in report.policies):
        lines.append("已经核对的规则与条文没有矛盾。")
    else:
        lines.append("规则与条文两个方向都对上了。")
    lines += [f"提醒：{reminder}" for reminder in report.reminders]
    return "\n".join(lines)


def _coverage(policy: PolicyReport) -> str:
    if policy.coverage is None:
        return "条文里没有数字"
    accounted = policy.claimed + policy.listed
    share = (policy.coverage * 100).normalize()
    return f"{share:f}%（{accounted}/{policy.figures}：奖补 {policy.claimed}，非奖补 {policy.listed}）"


# ── the plain reader ────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Printed:
    """A numeral of a folded text: ``text[start:end]``, its value in ``unit``, and what follows it."""

    text: str
    start: int
    end: int
    value: Decimal
    unit: str
    after: str

    def equals(self, value: Decimal, unit: str) -> bool:
        """Whether it is ``value`` of ``unit``; 「2个国家」 counts 国家 though the measure word is 个."""
        named = self.unit in {"", "个"} and self.after.startswith(unit)
        return self.value == value and (self.unit == unit or named)


_DIGITS = {character: value for value, group in enumerate(
    ("零〇", "一壹", "二两贰", "三叁", "四肆", "五伍", "六陆", "七柒", "八捌", "九玖")
) for character in group}  # fmt: skip
_TENS = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1000, "仟": 1000}
_MYRIADS = {"万": 10**4, "亿": 10**8}
_HAN = "".join((*_DIGITS, *_TENS, *_MYRIADS))
_UNITS = (
    "元|%|‰|成|倍|折|个|家|户|件|项|名|人|位|台|套|辆|亩|平方米|公里|吨|年|月|日|天|周|小时|次|届|期|批|条|款|级"
    "|种|类|岁|笔|份|支|只|座|处|所|层|幢|间|场|号"
)
_NUMERAL = re.compile(
    rf"(?P<share>百分之)?(?:(?P<arabic>[0-9]{{1,3}}(?:,[0-9]{{3}})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)[多余]?"
    rf"(?P<scale>[{''.join((*_TENS, *_MYRIADS))}]*)|(?P<han>[{_HAN}]+(?:点[{''.join(_DIGITS)}]+[万亿]*)?))"
    rf"(?P<unit>{_UNITS})?"
)
_SHARED = re.compile("[、和或及至到~-]+")
_FACTORS = {"%": Decimal("0.01"), "‰": Decimal("0.001"), "成": Decimal("0.1")}


def _read(text: str, begin: int = 0) -> tuple[_Printed, ...]:
    """The figures of a folded text from ``begin`` on, in order.

    Every Arabic numeral is one, and every Chinese numeral with a unit or of 百 and more.
    """
    found: list[_Printed] = []
    lent, next_start = (Decimal(1), ""), len(text)
    for match in reversed(list(_NUMERAL.finditer(text, begin))):
        number = _arabic(match["arabic"]) if match["arabic"] else _han(match["han"])
        factor, unit = _unit(match)
        factor *= _scale(match["scale"] or "")
        if factor == 1 and not unit and _SHARED.fullmatch(text, match.end(), next_start):
            factor, unit = lent  # 「50、30、10万元」, 「1-2户」
        if match["arabic"] or unit or number >= 100:
            after = text[match.end() : match.end() + 8]
            found.append(_Printed(match[0], match.start(), match.end(), number * factor, unit, after))
            lent, next_start = (factor, unit), match.start()
    return tuple(reversed(found))


def _unit(match: re.Match[str]) -> tuple[Decimal, str]:
    if match["share"]:
        return Decimal("0.01"), "比例"
    unit = match["unit"] or ""
    return (_FACTORS[unit], "比例") if unit in _FACTORS else (Decimal(1), unit)


def _arabic(numeral: str) -> Decimal:
    return Decimal(numeral.replace(",", ""))


def _scale(multipliers: str) -> Decimal:
    scale = Decimal(1)
    for multiplier in multipliers:
        scale *= _TENS.get(multiplier) or _MYRIADS[multiplier]
    return scale


def _han(numeral: str) -> Decimal:
    """The value of a Chinese numeral; 「一点五亿」 too."""
    whole, point, rest = numeral.partition("点")
    if point:
        decimals = rest.rstrip("万亿")
        scale = _scale(rest[len(decimals) :])
        return Decimal(f"{_han(whole)}.{''.join(str(_DIGITS[digit]) for digit in decimals)}") * scale
    if all(character in _DIGITS for character in numeral):
        return Decimal("".join(str(_DIGITS[character]) for character in numeral))
    total = section = digit = 0
    for character in numeral:
        if character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _TENS:
            section, digit = section + (digit or 1) * _TENS[character], 0
        else:
            total, section, digit = (total + (section + digit or 1)) * _MYRIADS[character], 0, 0
    return Decimal(total + section + digit)


def _number_end(clause: Clause, text: str) -> int:
    """Where the clause's own number (「13.」, 「(一)」) ends in its folded text, 0 where it prints none."""
    label = fold(clause.label)
    if "¶" in label:
        return 0
    number = next((label[at:] for at in range(len(label)) if text.startswith(label[at:])), "")
    return len(number) + text.startswith((".", "、"), len(number)) if number else 0


# ── every printed figure is claimed or listed ───────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Count:
    """What one policy prints and who accounts for it."""

    figures: int
    claimed: int
    listed: tuple[ListedFigure, ...]
    problems: tuple[str, ...]
    """What is listed wrongly."""
    unaccounted: tuple[Unaccounted, ...]

    @classmethod
    def of(cls, holding: Holding) -> _Count:
        printed = claimed = 0
        listed: list[ListedFigure] = []
        problems: list[str] = []
        missing: list[Unaccounted] = []
        for clause in holding.policy.clauses:
            text = fold(clause.text)
            found = _read(text, _number_end(clause, text))
            awards = {f.start for f in found if _is_claimed(f, text, holding.rules.of_clause(clause.label))}
            entries = [entry for entry in holding.rules.not_awards if entry.clause == clause.label]
            taken: set[int] = set()
            for entry in entries:
                inside = {f.start for f in found if _is_listed(f, text, entry)}
                listed.append(
                    ListedFigure(clause.label, entry.text, entry.reason, len(inside - taken - awards))
                )
                problems += _listing_problems(clause, text, entry, inside, awards)
                taken |= inside
            printed += len(found)
            claimed += len(awards)
            missing += [
                Unaccounted(
                    clause.label, figure.text, figure.unit, text[: figure.start], _context(text, figure)
                )
                for figure in found
                if figure.start not in awards | taken
            ]
        return cls(printed, claimed, tuple(listed), tuple(problems), tuple(missing))

    def report(self, policy: str, results: CaseResults, pending: int) -> PolicyReport:
        accounted = self.claimed + sum(entry.figures for entry in self.listed)
        share = Decimal(accounted) / self.figures if self.figures else None
        coverage = None if share is None else share.quantize(Decimal("0.0001"), ROUND_FLOOR)
        cases = (results.run, results.passed)
        return PolicyReport(policy, self.figures, self.claimed, self.listed, coverage, *cases, pending)


def _is_claimed(figure: _Printed, text: str, measures: Iterable[Measure]) -> bool:
    """Whether a measure whose quote holds the figure pays by it, or pays as often as it says (一次性)."""
    for measure in measures:
        quote = fold(measure.quote)
        for begin in _places(text, quote):
            if not begin <= figure.start < figure.end <= begin + len(quote):
                continue
            if any(figure.equals(value, unit) for value, unit in benefit_figures(measure)):
                return True
            if measure.once and _inside(figure, text, fold(measure.once)):
                return True
    return False


def _is_listed(figure: _Printed, text: str, entry: NotAward) -> bool:
    return _inside(figure, text, fold(entry.text))


def _inside(figure: _Printed, text: str, passage: str) -> bool:
    """Whether one of the places where the passage stands in the text covers the figure."""
    return any(
        begin <= figure.start and figure.end <= begin + len(passage) for begin in _places(text, passage)
    )


def _places(text: str, passage: str) -> Iterator[int]:
    begin = text.find(passage) if passage else -1
    while begin >= 0:
        yield begin
        begin = text.find(passage, begin + 1)


def _listing_problems(
    clause: Clause, text: str, entry: NotAward, inside: set[int], awards: set[int]
) -> Iterator[str]:
    if fold(entry.text) not in text:
        yield f"非奖补数字“{entry.text}”不在条款“{clause.label}”里，请按原文改正。"
    elif not inside:
        yield f"条款“{clause.label}”的非奖补条目“{entry.text}”里没有数字，请删去。"
    if inside & awards:
        yield f"条款“{clause.label}”的“{entry.text}”既是奖补又列为非奖补，请只留一处。"


def _context(text: str, figure: _Printed) -> str:
    return f"…{text[max(0, figure.start - 10) : figure.end + 8]}…"


# ── every figure of a rule is printed ───────────────────────────────────────────────────────────


def _rule_problems(holding: Holding) -> Iterator[str]:
    clauses = {clause.label: fold(clause.text) for clause in holding.policy.clauses}
    for measure in holding.rules.measures:
        if measure.clause not in clauses:
            yield f"措施“{measure.id}”指向不存在的条款“{measure.clause}”，请改成政策里有的条款。"
        elif not fold(measure.quote) or fold(measure.quote) not in clauses[measure.clause]:
            yield f"措施“{measure.id}”的引文不在条款“{measure.clause}”里，请按原文逐字引用。"
        printed = _read(fold(measure.quote))
        for value, unit in benefit_figures(measure):
            if not any(figure.equals(value, unit) for figure in printed):
                yield f"措施“{measure.id}”的数字 {said(value, unit)} 不在它的引文里，请核对原文。"
        yield from _bound_problems(measure)
        yield from _party_problems(measure)
    labels = set(clauses)
    for entry in holding.rules.not_awards:
        if entry.clause not in labels:
            yield f"非奖补数字“{entry.text}”指向不存在的条款“{entry.clause}”，请改成政策里有的条款。"
    read = {fact for measure in holding.rules.measures for fact in measure.facts}
    for fact in holding.rules.facts:
        if fact not in read:
            yield f"事实“{fact}”没有一项措施读它，请删去，或者写进措施的条件。"


def _caps(measure: Measure) -> tuple[Decimal, ...]:
    match measure.benefit:
        case RateOf(cap=cap) | PerUnit(cap=cap) | UpTo(cap=cap) if cap is not None:
            return (cap,)
    return ()


def _bound_problems(measure: Measure) -> Iterator[str]:
    """A sum printed as 最高 is no award, and a sum printed plainly is no cap."""
    printed = {(figure.value, figure.bound) for figure in figures(measure.quote) if figure.unit == "元"}
    for cap in _caps(measure):
        if (cap, "max") not in printed:
            yield f"措施“{measure.id}”把{spell(cap)}当作上限，引文却没有写“最高”“不超过”，请核对原文。"
    if isinstance(measure.benefit, Fixed | PerUnit) and (measure.benefit.amount, "exact") not in printed:
        amount = spell(measure.benefit.amount)
        yield f"措施“{measure.id}”把{amount}当作确定的数额，引文却只写作上限或下限，请核对原文。"


def _party_problems(measure: Measure) -> Iterator[str]:
    """In a paired list the figure must be that of the measure's own party."""
    if measure.party is None:
        return
    own = {(f.value, f.unit) for party, f in paired(measure.quote) if fold(measure.party) in fold(party)}
    for value, unit in benefit_figures(measure):
        if (value, unit) not in own:
            yield (
                f"措施“{measure.id}”的数字 {said(value, unit)} 不是引文里“{measure.party}”对应的数字，"
                "请按先后顺序核对。"
            )


# ── the names of the measures ───────────────────────────────────────────────────────────────────


def _name_reminders(corpus: Corpus, lexicon: Path) -> Iterator[str]:
    """Name words that no policy prints and no spoken word stands for: the lexicon is the place for those."""
    content = read_model(lexicon, LexiconFile)
    known = {normal(mean) for entry in content.entries for mean in entry.means}
    known |= {normal(word) for level, words in content.levels.items() for word in (level, *words)}
    known |= corpus.lexicon.generic
    for holding in corpus.holdings:
        printed = normal("".join(fold(clause.text) for clause in holding.policy.clauses))
        strange = [
            f"{word}（{measure.id}）"
            for measure in holding.rules.measures
            for word in _name_words(measure)
            if normal(word) not in known and normal(word) not in printed
        ]
        if strange:
            yield (
                f"政策“{holding.policy.id}”有 {len(strange)} 个名称用词条文没有写，也不是词库里的政策用语，"
                f"如果只是人们的说法，请移到 lexicon.yaml 的 say 里：{'、'.join(strange)}。"
            )


def _name_words(measure: Measure) -> tuple[str, ...]:
    """Every word of the names of a measure and of its conditions, each once."""
    alternatives = (*measure.names, *(words for condition in measure.conditions for words in condition.names))
    return tuple(dict.fromkeys(word for alternative in alternatives for word in alternative))
