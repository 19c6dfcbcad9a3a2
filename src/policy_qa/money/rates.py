"""Shares in all their spellings: 10%, 百分之十, 三成五, 八折, 三分之一."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Context, Decimal

from policy_qa.money.numerals import ASCII_DIGITS, CHINESE, DIGITS, ONE, numeral_at, plus, tidy, times
from policy_qa.money.units import HUNDREDTH, MEASURES, NOT_TENTHS, TENTH, measure_at, money_at
from policy_qa.money.view import Raw

_SHARE_BASES = {"百分之": HUNDREDTH, "千分之": Decimal("0.001"), "万分之": Decimal("0.0001")}
TO = re.compile("——|[-—–~至到]")
_RATE_WORDS = {"%": HUNDREDTH, "‰": Decimal("0.001")}
_RATE_WORDS |= dict.fromkeys(("个百分点", "百分点", "个点"), HUNDREDTH)


def read_share(text: str, at: int) -> Raw | None:
    """「百分之五点五」, 「千分之二」, 「百分之五至十」."""
    factor = _SHARE_BASES.get(text[at : at + 3])
    number = numeral_at(text, at + 3) if factor is not None else None
    if factor is None or number is None:
        return None
    value = tidy(times(number.value, factor))
    to = TO.match(text, number.end)
    other = numeral_at(text, to.end()) if to else None
    if other is not None and other.value > number.value and not unit_at(text, other.end):
        upper = tidy(times(other.value, factor))
        return Raw(at, other.end, "rate", value, "比例", upper, factor=factor)
    return Raw(at, number.end, "rate", value, "比例", factor=factor)


def unit_at(text: str, at: int) -> bool:
    return money_at(text, at) is not None or measure_at(text, at) is not None or text[at : at + 2] == "分之"


def read_rate(text: str, raw: Raw, end: int) -> Raw | None:
    """「10%」, 「2‰」, 「10个百分点」, 「三成五」, 「八折」, 「三分之一」."""
    if text.startswith("分之", end) and raw.value > 0:
        part = numeral_at(text, end + 2)
        share = tidy(Context(prec=28).divide(part.value, raw.value)) if part else raw.value
        return Raw(raw.start, part.end, "rate", share, "比例") if part else None
    factor, until = _rate_factor(text, raw.value, end)
    if factor is None:
        return None
    rate = replace(raw, kind="rate", unit="比例", end=until, scale=ONE, factor=factor)
    rate.value = tidy(times(raw.value, factor))
    rate.upper = None if raw.upper is None else tidy(times(raw.upper, factor))
    if text[end : end + 1] == "成" and _is_half_tenth(text, until):
        rate.value, rate.end = plus(rate.value, times(HUNDREDTH, DIGITS[text[until]])), until + 1
    return rate


def _is_half_tenth(text: str, at: int) -> bool:
    """Whether the digit here is the 五 of 「三成五」, not the begin of another figure."""
    digit, beyond = text[at : at + 1], text[at + 1 : at + 2]
    return bool(DIGITS.get(digit)) and not goes_on(beyond)


def _rate_factor(text: str, value: Decimal, end: int) -> tuple[Decimal | None, int]:
    for word, factor in _RATE_WORDS.items():
        if text.startswith(word, end):
            return factor, end + len(word)
    following, beyond = text[end : end + 1], text[end + 1 : end + 2]
    if following == "成" and value <= 10 and beyond not in NOT_TENTHS:
        return TENTH, end + 1
    if following == "折" and 0 < value < 100 and beyond not in {"算", "旧", "合", "叠"}:
        return (TENTH if value < 10 else HUNDREDTH), end + 1
    return None, end


def goes_on(character: str) -> bool:
    """Whether this character makes the digit before it the begin of another figure."""
    numeral = character in ASCII_DIGITS or character in CHINESE
    return numeral or character in MEASURES or character in {"%", ".", "成", "折"}
