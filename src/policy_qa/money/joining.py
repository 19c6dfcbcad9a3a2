"""Ranges become one figure; the members of a list share their unit."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

from policy_qa.money.numerals import DIGITS, EXACT, tidy, times
from policy_qa.money.rates import TO
from policy_qa.money.view import Raw

_ASIDE = re.compile(r"\((?:不?含|含本数)\)")
"""Stands behind the begin of a range: 「300（含）—1000万元」."""
_LONGEST_LINK = 7
LIST_LINKS = frozenset(("、", "/", "或", "和", "及"))


def join(text: str, raws: list[Raw]) -> list[Raw]:
    """Ranges become one figure; 「50、30、10万元」 shares its unit."""
    joined: list[Raw] = []
    for raw in reversed(raws):
        after = joined[-1] if joined else None
        if after is not None and after.start - raw.end <= _LONGEST_LINK:
            link = _ASIDE.sub("", text[raw.end : after.start])
            if TO.fullmatch(link) and (merged := _range(text, raw, after)) is not None:
                joined[-1] = merged
                continue
            if link in LIST_LINKS and raw.kind == "number" and not raw.chinese and raw.upper is None:
                _take_unit(raw, after)
            if link == "" and raw.kind == "money" and raw.per and after.kind == "count" and after.value == 1:
                joined.pop()  # 「1万元一件」: 一件 is the party, and nobody has one piece
        joined.append(raw)
    joined.reverse()
    return [raw for raw in joined if raw.kind != "bare"]


def _take_unit(raw: Raw, after: Raw) -> None:
    if after.kind not in ("money", "rate", "count") or (after.kind == "count" and after.unit == ""):
        return
    raw.kind, raw.unit, raw.per, raw.factor = after.kind, after.unit, after.per, after.factor
    if raw.scale == 1:
        raw.value = tidy(times(times(raw.value, after.scale), after.factor))
        raw.scale = after.scale


def _range(text: str, low: Raw, high: Raw) -> Raw | None:
    if low.upper is not None or high.upper is not None or high.kind in ("label", "bare"):
        return None
    value = low.value
    if low.kind in ("number", "bare"):
        if low.kind == high.kind == "number" and not _short(text, low, high):
            return None
        if high.kind == "date" and not value < high.value <= 12:
            return None
        value = _scaled_like(text, low, high)
    elif low.kind != high.kind or low.unit != high.unit or low.kind == "date":
        return None
    if not 0 <= value < high.value:
        return None
    return replace(high, start=low.start, value=value, upper=high.value)


def _short(text: str, low: Raw, high: Raw) -> bool:
    """Whether two plain numbers may be a range: 「2019-2021」, not 「0554-6678901」."""
    printed = not (low.chinese or high.chinese) and text[low.start] != "0"
    return printed and low.end - low.start <= 4 and high.end - high.start <= 4


def _scaled_like(text: str, low: Raw, high: Raw) -> Decimal:
    """The value of 「10」 in 「10-20万」, of 「三」 in 「三到五百万」, of 「5」 in 「5-10%」."""
    scale, mantissa = high.scale, EXACT.divide(EXACT.divide(high.value, high.scale), high.factor)
    if low.chinese and high.chinese and low.value < 10 and text[high.start] in DIGITS:
        while mantissa >= 10 and EXACT.remainder(mantissa, Decimal(10)) == 0:
            mantissa, scale = EXACT.divide(mantissa, Decimal(10)), scale * 10
    if low.scale != 1 or (low.value >= mantissa and high.kind != "rate"):
        return low.value
    return tidy(times(times(low.value, scale), high.factor))
