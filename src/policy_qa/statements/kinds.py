"""What kind of statement an entry is, by its amounts, its words and the steps beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise

from policy_qa.statements.amounts import Amount, Reading
from policy_qa.statements.entry import ONE_RECIPIENT, Entry, StatementKind, is_whole
from policy_qa.statements.roles import linked


def settle(reading: Reading, entries: Sequence[Entry]) -> None:
    """Gives each award of a clause its kind; ``entries`` are in the order printed."""
    given = [entry for entry in entries if entry.is_award]
    steps = {id(entry) for entry in (*_listed_steps(reading, given), *_printed_steps(reading, given))}
    for entry in given:
        entry.kind = "tier" if id(entry) in steps else _kind(reading, entry)


# ── tiers ───────────────────────────────────────────────────────────────────────────────────────


def _listed_steps(reading: Reading, given: Sequence[Entry]) -> Iterator[Entry]:
    """The awards of a list that pairs with as many conditions: 「达500家、1000家的分别奖励2万元、5万元」."""
    for passage, group in groupby(given, key=lambda entry: entry.passage):
        entries: dict[Amount, list[Entry]] = {}
        for entry in group:
            entries.setdefault(entry.main, []).append(entry)
        conditions: list[Amount] = []
        for run in linked(reading.text, reading.amounts_in(passage.start, passage.end)):
            listed = [entry for amount in run for entry in entries.get(amount, ())]
            if len(listed) > 1 and len(listed) == len(conditions):
                yield from listed
            if listed or len(run) > 1:
                conditions = [] if listed else run


@dataclass(frozen=True, slots=True)
class _Condition:
    """What a recipient has to reach, and the last two characters of what is measured: 「收入」."""

    amount: Amount
    noun: str


def settle_siblings(clauses: Sequence[tuple[Reading, Sequence[Entry]]]) -> None:
    """Makes tiers of steps that are items of one list: 「1.达到1亿元的，奖10万元；2.达到3亿元的，…」."""
    for (reading, entries), (other, others) in pairwise(clauses):
        first, second = ([entry for entry in one if entry.is_award] for one in (entries, others))
        if len(first) != 1 or len(second) != 1 or first[0].main.values == second[0].main.values:
            continue
        if _are_steps(_conditions(reading, first[0], 0), _conditions(other, second[0], 0)):
            first[0].kind = second[0].kind = "tier"


def _printed_steps(reading: Reading, given: Sequence[Entry]) -> Iterator[Entry]:
    """Awards in a row, each for its step of one measure: 「1亿元以上奖20万元；5亿元以上奖50万元」."""
    end = 0
    own = {amount for entry in given for amount in (*entry.amounts, *entry.limits)}
    conditions: list[list[_Condition]] = []
    for entry in given:
        conditions.append([one for one in _conditions(reading, entry, end) if one.amount not in own])
        end = max(end, entry.main.end)
    for (first, low), (second, high) in pairwise(zip(given, conditions, strict=True)):
        if first.main.values != second.main.values and _are_steps(low, high):
            yield from (first, second)


def _conditions(reading: Reading, entry: Entry, end: int) -> list[_Condition]:
    """What its recipient has to reach: the bounded amounts between the award before it and it."""
    between = reading.amounts_in(max(entry.passage.frame[0], end), entry.start)
    return [
        _Condition(one, _noun(reading, one))
        for one in between
        if one.kind != "rate" and (one.is_range or one.values[0].bound != "exact")
    ]


def _are_steps(low: Sequence[_Condition], high: Sequence[_Condition]) -> bool:
    return any(
        one.amount.values[-1].unit == other.amount.values[-1].unit
        and one.amount.values != other.amount.values
        and other.noun in ("", one.noun)
        for one in low
        for other in high
    )


_BOUND_WORDS = re.compile("(?:满|达到?|超过?|在|为|的|不低于|不少于|首次|至)+$")


def _noun(reading: Reading, amount: Amount) -> str:
    """The last two characters of what is measured: 「收入」 before 「达到5000万元」."""
    begin = reading.passage_at(amount.start).start
    phrase = re.split("[,;:。、]", reading.text[begin : amount.start])[-1]
    return _BOUND_WORDS.sub("", phrase)[-2:]


# ── the others ──────────────────────────────────────────────────────────────────────────────────

_NUMERALS = "0-9一二两三四五六七八九十"
_IN_PARTS = re.compile(
    f"分[{_NUMERALS}]*(?:个?年度?|期|批|次)(?:按[^,;。]{{0,30}})?(?:等额|平均|均衡)?(?:兑现|拨付|发放|给予|补贴|补助|奖励|支付|兑付|拨款)"
)
_STAGED = re.compile(
    f"{_IN_PARTS.pattern}|(?:[前后第][{_NUMERALS}至到、-]+|首)年(?![内度])"
    "|(?:先期|首期|预先|先行)(?:拨付|兑现|支付|预拨)|拨付(?:剩余)?[0-9.]+%|剩余|余款|尾款"
)
_INTEREST = re.compile("(?:给予|予以)[^,]{0,12}贴息|LPR|报价利率|基准利率")
_MATCHING = re.compile(
    "(?:给予|予以|进行|按)[^,]{0,20}配套(?!企业|项目|设施|产业)|配套(?:奖励|补助|资金|资助|支持|比例)|比例配套"
)


def _kind(reading: Reading, entry: Entry) -> StatementKind:
    main, (start, end) = entry.main, entry.span(reading)
    words = reading.text[start:end]
    if main.kind == "ratio" or (main.kind == "rate" and _MATCHING.search(words)):
        return "match"
    if "贴息" in words and (main.kind == "rate" or _INTEREST.search(words)):
        return "interest"
    if _STAGED.search(words):
        return "staged"
    if main.is_range:
        return "range"
    parts = _IN_PARTS.search(reading.text, entry.end, entry.passage.end)
    if parts is not None and parts.start() <= _reach(reading, entry):
        return "staged"
    if main.kind == "rate":
        return "rate+cap" if any(_is_limit(amount, main) for amount in entry.amounts[1:]) else "rate"
    if main.per and not (main.is_cap and is_whole(main.per)):
        return "fixed" if main.per in ONE_RECIPIENT and not main.is_counted else "per_unit"
    return "cap" if main.is_cap else "fixed"


def _is_limit(amount: Amount, main: Amount) -> bool:
    """Whether it bounds what the rate comes to: a sum, or a share of the whole (「合计不超过30%」)."""
    return amount.kind == "money" or (amount.is_cap and not main.is_cap)


def _reach(reading: Reading, entry: Entry) -> int:
    """Where what is said of an award ends: at the next amount after its list, or with its passage."""
    after = max(entry.end, entry.list_end)
    later = reading.amounts_in(after, entry.passage.end)
    return next((amount.start for amount in later if amount.kind != "count"), entry.passage.end)
