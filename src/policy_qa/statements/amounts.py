"""The amounts a clause prints, and the passages they stand in: sentences, and the cells of tables.

An amount is one figure, or a range that is printed as two (「20万元以上30万元以下」). All offsets are of the
folded clause, whose ``origins`` lead back to the printed text.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from policy_qa.money import Figure, figures
from policy_qa.money.numerals import times
from policy_qa.statements.tables import Cell, cells, is_cap_heading, printed_unit
from policy_qa.text import Folded, fold_with_origins

ValueBound = Literal["exact", "max", "min"]
AmountKind = Literal["money", "rate", "ratio", "count"]


@dataclass(frozen=True, slots=True)
class Value:
    """One printed value: money in its currency per what it is paid for, a rate as printed, a count.

    ``unit`` is 「元」, 「元/件」, 「元/人·月」, 「美元」; 「%」, 「‰」, 「百分点」 (10% is 10); 「倍」 for
    what is paid to each 1 of another (1:1 is 1); a measure word (「年」) for the limits beside an award.
    """

    value: Decimal
    unit: str
    bound: ValueBound


@dataclass(frozen=True, slots=True)
class Amount:
    """One figure, or two that are one range; ``per`` is what each such sum is for."""

    start: int
    end: int
    kind: AmountKind
    values: tuple[Value, ...]
    per: str | None
    is_counted: bool = False
    """True where ``per`` is what the recipient brings (「每认定1家给予10万元」), not the recipient itself."""

    @property
    def is_range(self) -> bool:
        return len(self.values) > 1

    @property
    def is_cap(self) -> bool:
        return all(value.bound == "max" for value in self.values)

    def bounded(self, bound: ValueBound) -> Amount:
        """The same amount with another bound, as a list shares the one printed at its end or begin."""
        return replace(self, values=tuple(replace(value, bound=bound) for value in self.values))


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence, or a cell of a table with its row and the heading of its column."""

    start: int
    end: int
    row: tuple[int, int] | None = None
    heading: str = ""
    may_award: bool = True
    """False for a cell of a column that does not hold what is paid."""

    @property
    def frame(self) -> tuple[int, int]:
        """What stands in one statement with it: itself, or its row."""
        return self.row or (self.start, self.end)


@dataclass(frozen=True, slots=True)
class Reading:
    """A clause in comparison form with its amounts; ``breaks`` are where its paragraphs end."""

    folded: Folded
    breaks: tuple[int, ...]
    passages: tuple[Passage, ...]
    amounts: tuple[Amount, ...]

    @property
    def text(self) -> str:
        return self.folded.text

    def amounts_in(self, start: int, end: int) -> tuple[Amount, ...]:
        first = bisect_left(self.amounts, start, key=_start)
        return self.amounts[first : bisect_left(self.amounts, end, key=_start)]

    def passage_at(self, at: int) -> Passage:
        return self.passages[bisect_right(self.passages, at, key=_start) - 1]

    def same_paragraph(self, earlier: int, later: int) -> bool:
        return bisect_left(self.breaks, earlier) == bisect_right(self.breaks, later)


def _start(one: Amount | Passage) -> int:
    return one.start


def read(text: str) -> Reading:
    """The amounts of a clause's text and the passages they stand in."""
    folded = fold_with_origins(text)
    in_tables = [_cell_passage(folded, cell) for cell in cells(text) if text[cell.start : cell.end].strip()]
    breaks = _line_breaks(text, folded) | {at for cell in in_tables for at in cell.frame}
    rows = {cell.frame for cell in in_tables}
    found = [*_figured(text, folded), *_ratios(folded.text)]
    whole = {at for amount in found for at in range(amount.start + 1, amount.end)}
    sentences = [
        Passage(start, end)
        for start, end in _sentences(folded.text, breaks, whole)
        if (start, end) not in rows
    ]
    sums = sorted(one.start for one in found if one.kind != "count")
    stated = [amount for cell in in_tables for amount in _in_stated_unit(folded.text, cell, sums)]
    ordered = sorted((_capped(one, in_tables) for one in [*found, *stated]), key=lambda amount: amount.start)
    passages = tuple(sorted([*sentences, *in_tables], key=lambda passage: passage.start))
    return Reading(folded, tuple(sorted(breaks)), passages, tuple(_ranges(folded.text, ordered)))


# ── passages ────────────────────────────────────────────────────────────────────────────────────

_SENTENCE_ENDS = frozenset("。;!?")
_TITLE_LENGTH = 20


def _line_breaks(text: str, folded: Folded) -> frozenset[int]:
    """Where a line ends that ends a paragraph too: after a mark, after a title."""
    breaks: set[int] = set()
    start = 0
    for line in text.split("\n"):
        start += len(line) + 1
        printed = line.strip()
        title = len(printed) <= _TITLE_LENGTH and printed[-1:] not in "，,、"
        if title or printed[-1:] in "。；;：:!！?？":
            breaks.add(bisect_left(folded.origins, start))
    return frozenset(breaks)


_LONGEST_SENTENCE = 400
"""Half as long again as any seen in print: what an amount is for is looked for all over its sentence."""


def _sentences(text: str, breaks: Set[int], whole: Set[int]) -> Iterator[tuple[int, int]]:
    """The sentences; one without end is cut, but not at the places in ``whole``, inside an amount."""
    start = depth = 0
    for at, character in enumerate(text):
        depth = max(0, depth + (character in "(《") - (character in ")》"))
        ends = character in _SENTENCE_ENDS and (depth == 0 or character == "。")
        ends = ends or (at + 1 - start >= _LONGEST_SENTENCE and at + 1 not in whole)
        if ends or at + 1 in breaks or at + 1 == len(text):
            yield start, at + 1
            start, depth = at + 1, 0


def _cell_passage(folded: Folded, cell: Cell) -> Passage:
    start, end = _folded_span(folded, cell.start, cell.end)
    row = _folded_span(folded, *cell.row)
    return Passage(start, end, row, cell.heading, cell.may_award)


def _folded_span(folded: Folded, start: int, end: int) -> tuple[int, int]:
    return bisect_left(folded.origins, start), bisect_left(folded.origins, end)


_BARE_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?(?![0-9.,]*[%‰个户家年月人件项名倍次万亿元])")


def _in_stated_unit(text: str, cell: Passage, sums: Sequence[int]) -> Iterator[Amount]:
    """The bare numbers of a column whose heading states their unit: 「50以上」 under 「奖励（万元）」.

    ``sums`` are the places of what is printed with its unit, in order: a cell that holds one is read already.
    """
    unit = printed_unit(cell.heading)
    if unit is None or bisect_left(sums, cell.start) < bisect_left(sums, cell.end):
        return
    printed, origins = "", []
    at = cell.start
    for number in _BARE_NUMBER.finditer(text, cell.start, cell.end):
        printed += text[at : number.end()] + unit
        origins += [*range(at, number.end()), *[number.end() - 1] * len(unit)]
        at = number.end()
    printed += text[at : cell.end]
    origins += range(at, cell.end)
    for amount in _figured(printed, fold_with_origins(printed)):
        yield replace(amount, start=origins[amount.start], end=origins[amount.end - 1] + 1)


def _capped(amount: Amount, cells: Sequence[Passage]) -> Amount:
    """The amount; a cap where the heading of its column says so."""
    at = bisect_right(cells, amount.start, key=_start) - 1
    holds = at >= 0 and amount.start < cells[at].end and is_cap_heading(cells[at].heading)
    if not holds or amount.kind == "count" or amount.is_range or amount.values[0].bound != "exact":
        return amount
    return amount.bounded("max")


# ── amounts ─────────────────────────────────────────────────────────────────────────────────────

_HUNDRED, _THOUSAND = Decimal(100), Decimal(1000)
_RATIO = re.compile(r"(?<![\d:.])(\d{1,3}(?:\.\d{1,2})?):(\d{1,3}(?:\.\d{1,2})?)(?![\d:.])")


_EACH_SO_MANY = re.compile(
    "每(?P<per>[0-9]+(?:平方米|立方米|公斤|千克|吨|亩|公里|千瓦时?|标箱|[个台套件人米度辆]|[万亿]?美?元))[^0-9,;。]{0,12}$"
)
_EACH_NAMED = re.compile("每(?P<per>[^0-9,;。、每给奖补最不超高约达增新实完满]{1,2})$")
_EACH_BROUGHT = re.compile(
    "每(?:新|净)?(?:增加?|实现|增长|设立?|认定|引进|引荐|介绍|推荐|输送|招引|招用|招收|吸纳|接收|留用|培育|培养|完成|达到?|超过?|满|获得|取得|通过|承办|举办|孵化)"
    "[^,;。每]{0,12}?(?P<count>[0-9.]+|一)(?P<unit>[万亿]?(?:美?元|USD|美金)|[家户个项人名件场次台套亩吨])[^0-9;。每]{0,20}(?:每(?P<time>[年月])[^0-9;。每]{0,8})?$"
)
_REACHED = re.compile("(?:(?<!可)达到?|突破|(?<!不)超过?|(?<!不)高于|大于|满)$")
_BELOW = re.compile("(?:上限|限额|小于|低于|少于)$")
_ASIDE = re.compile(r"\([^()]*\)?$")


def _figured(text: str, folded: Folded) -> Iterator[Amount]:
    rate_unit = "%"
    for figure in reversed(figures(text)):
        if figure.kind != "money" and figure.kind != "rate" and figure.kind != "count":
            continue
        start = bisect_left(folded.origins, figure.start)
        end = bisect_right(folded.origins, figure.end - 1)
        before = folded.text[max(0, start - 40) : start]
        if figure.kind == "rate":
            rate_unit = _rate_unit(figure.text) or rate_unit
        brought = _EACH_BROUGHT.search(before) if figure.kind == "money" else None
        per = _per(figure, brought, before)
        amount = Amount(start, end, figure.kind, _values(figure, per, rate_unit), per, brought is not None)
        if figure.kind != "rate" and figure.bound == "exact" and not amount.is_range:
            amount = amount.bounded(_bound_beyond(before))
        yield amount


def _bound_beyond(before: str) -> ValueBound:
    """The bound by words of conditions, also beyond a parenthesis: 「达到5000万元」, 「上限（30万元）」."""
    said = _ASIDE.sub("", before)
    if _REACHED.search(said):
        return "min"
    return "max" if said != before and _BELOW.search(said) else "exact"


def _per(figure: Figure, brought: re.Match[str] | None, before: str) -> str | None:
    """What each such sum is for; 「每50公斤」 and 「每增加1亿元」 are more than one piece."""
    if figure.kind != "money" or (figure.per and not brought):
        return figure.per
    if brought is None:
        each = _EACH_SO_MANY.search(before) or _EACH_NAMED.search(before)
        return each["per"] if each else None
    unit = re.sub("USD|美金", "美元", brought["unit"])
    one = brought["count"] in ("1", "一") and "元" not in unit
    piece = unit if one else f"{brought['count']}{unit}"
    return f"{piece}·{brought['time']}" if brought["time"] else piece


def _rate_unit(printed: str) -> str | None:
    """The unit of a printed rate; None for the 「3」 of 「3、2、1个百分点」, which shares the last one's."""
    if "‰" in printed or "千分之" in printed:
        return "‰"
    if "点" in printed and "百分之" not in printed:
        return "百分点"
    return None if printed.strip().replace(".", "").isdigit() else "%"


def _values(figure: Figure, per: str | None, rate_unit: str) -> tuple[Value, ...]:
    unit, factor = figure.unit, Decimal(1)
    if figure.kind == "rate":
        unit, factor = rate_unit, _THOUSAND if rate_unit == "‰" else _HUNDRED
    elif figure.kind == "money" and per and "/" not in unit:
        unit = f"{unit}/{per}"
    low = times(figure.value, factor)
    if figure.upper is None:
        return (Value(low, unit, figure.bound),)
    return Value(low, unit, "min"), Value(times(figure.upper, factor), unit, "max")


def _ratios(text: str) -> Iterator[Amount]:
    """「1:1」, 「1:0.5」: what is paid for each 1 of another."""
    for match in _RATIO.finditer(text):
        of, paid = Decimal(match[1]), Decimal(match[2])
        if of:
            yield Amount(match.start(), match.end(), "ratio", (Value(paid / of, "倍", "exact"),), None)


_SIDE = r"(?:\((?:不?含|含本数)\)|及?以上|起)*"
_FROM = re.compile(rf"{_SIDE}(?:至|到|-|—|~|,|且|但|、?不满|、?不足)*(?:低于|不足|不满|小于|不超过)?")
_TO = re.compile(rf"{_SIDE}(?:至|到|-|—|~)")


def _ranges(text: str, found: Sequence[Amount]) -> Iterator[Amount]:
    """「50万元以上至100万元以下」 is one amount with two bounds."""
    waiting: Amount | None = None
    for amount in found:
        if waiting is not None and _is_upper(text, waiting, amount):
            low, high = waiting.bounded("min").values[0], amount.bounded("max").values[0]
            yield replace(amount, start=waiting.start, values=(replace(low, unit=high.unit), high))
            waiting = None
            continue
        if waiting is not None:
            yield waiting
        waiting = amount
    if waiting is not None:
        yield waiting


def _is_upper(text: str, low: Amount, high: Amount) -> bool:
    if low.kind != high.kind or low.is_range or high.is_range or low.kind == "ratio":
        return False
    (bottom,), (top,) = low.values, high.values
    if bottom.unit.partition("/")[0] != top.unit.partition("/")[0] or bottom.value >= top.value:
        return False
    link = text[low.end : high.start]
    if bottom.bound == "max" or top.bound == "min":
        return False
    sides = (bottom.bound, top.bound) == ("min", "max")
    return bool(link) and ((sides and bool(_FROM.fullmatch(link))) or bool(_TO.fullmatch(link)))
