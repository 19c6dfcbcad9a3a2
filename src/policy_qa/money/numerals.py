"""Numerals in figures and in Chinese: their value and where they end."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Context, Decimal

from policy_qa.money.units import other_measure

EXACT = Context(prec=200)
LONGEST = 40  # longer digit runs are account numbers or noise, never an amount
ONE = Decimal(1)

_DIGIT_GROUPS = ("零〇", "一壹", "二两贰貳", "三叁叄", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
DIGITS = {character: value for value, group in enumerate(_DIGIT_GROUPS) for character in group}
FORMAL = frozenset("壹贰貳叁叄肆伍陆陸柒捌玖")
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
BIG = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_WAN, _YI, _NONE_YET = 10**4, 10**8, 10**9
MULTIPLIERS = {**_SMALL, **BIG}
CHINESE = frozenset(DIGITS) | frozenset(MULTIPLIERS)
VAGUE = frozenset("多余来几")
ASCII_DIGITS = frozenset("0123456789")
ASCII_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")


@dataclass(slots=True)
class Numeral:
    start: int
    end: int
    value: Decimal
    upper: Decimal | None = None
    scale: Decimal = ONE
    """The 万 or 亿 at its end, which 「10-20万」 and 「50、30万」 share."""
    bare: bool = False
    """Begins with 百, 千, 万 or 亿 itself: 「千家百亿」."""
    chinese: bool = False


def times(value: Decimal, factor: Decimal | int) -> Decimal:
    return EXACT.multiply(value, Decimal(factor))


def negated(value: Decimal) -> Decimal:
    """``-value`` to the last digit; the sign of Python rounds to 28."""
    return EXACT.minus(value)


def plus(*values: Decimal) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = EXACT.add(total, value)
    return total


def numeral_at(view: str, start: int) -> Numeral | None:
    """The longest numeral at ``start``: 「1.5亿」, 「五百万零三千」, 「三万五」, 「300多万」."""
    return _NumeralReader(view, start).read()


class _NumeralReader:
    """Reads one numeral: sections below 万, each closed by its 万 or 亿, and a digit awaiting its unit."""

    def __init__(self, view: str, start: int) -> None:
        self.view_of = view
        self._start = self._at = start
        self._total = self._section = Decimal(0)  # what 万 and 亿 have closed; what they have not
        self._pending: Decimal | None = None  # the digit or number whose multiplier may follow
        self._pending_at = start
        self._fractional = self._zero = self._bare = False
        self._last = 0  # the multiplier read last
        self._small = self._big = _NONE_YET
        self._approximate: int | None = None  # where the second digit of 「两三百万」 stands
        self._closed = (start, Decimal(0))  # where the last 万 or 亿 ended, and the total there

    def read(self) -> Numeral | None:
        while self._at < len(self.view_of) and self._step(self.view_of[self._at]):
            pass
        self._finish()
        if self._at == self._start:
            return None
        value = tidy(plus(self._total, self._section))
        scale = _scale(self.view_of, self._start, self._at)
        chinese = self.view_of[self._start] not in ASCII_DIGITS
        return Numeral(self._start, self._at, value, self._upper(), scale, self._bare, chinese)

    def _upper(self) -> Decimal | None:
        second = self._approximate
        if second is None or self._at <= second:
            return None
        higher = numeral_at(self.view_of[self._start : second - 1] + self.view_of[second : self._at], 0)
        return higher.value if higher else None

    def _step(self, character: str) -> bool:
        """Reads on from ``character``; False where the numeral ends before it."""
        following = self.view_of[self._at + 1 : self._at + 2]
        if character in ASCII_DIGITS or (character == " " and self._last and following in ASCII_DIGITS):
            return self._figures(blank=character == " ")
        if character in {"零", "〇"} and self._last and self._pending is None:
            return self._filler(following)
        if character in DIGITS:
            return self._digit(DIGITS[character], following)
        if character == "点":
            return self._fraction(following)
        if character in VAGUE:
            return self._vague(following)
        if character in _SMALL:
            return self._multiply(_SMALL[character], following)
        return character in BIG and self._close(BIG[character])

    def _figures(self, *, blank: bool) -> bool:
        match = ASCII_NUMBER.match(self.view_of, self._at + blank)
        if self._pending is not None or match is None or match.end() - match.start() > LONGEST:
            return False
        if self._last and not _continues(self.view_of, match, self._last, blank):
            return False
        self._pending_at = self._at
        self._pending = Decimal(match[0].replace(",", ""))
        self._at = match.end()
        return True

    def _filler(self, following: str) -> bool:
        if self._zero or not (following in DIGITS or following in ASCII_DIGITS or following in {"十", "拾"}):
            return False
        self._zero, self._pending_at = True, self._at
        self._at += 1
        return True

    def _digit(self, digit: int, following: str) -> bool:
        if self._pending is None:
            self._pending_at = self._pending_at if self._zero else self._at
            self._pending = Decimal(digit)
        elif self._pending_in_figures() or self._at - self._start >= LONGEST:
            return False
        elif self._is_approximate(digit, following):
            self._approximate = self._at
        elif self._last or self._approximate:
            return False
        else:
            self._pending = plus(times(self._pending, 10), Decimal(digit))
        self._at += 1
        return True

    def _is_approximate(self, digit: int, following: str) -> bool:
        """Whether this digit and the one before it are 「七八个」 or 「两三百万」, 7 to 8 and 2 to 3."""
        if self._approximate is not None or not self._pending or self._pending != digit - 1:
            return False
        first = self._last or self._at == self._start + 1
        return following in MULTIPLIERS or bool(first and other_measure(self.view_of, self._at + 1))

    def _pending_in_figures(self) -> bool:
        return self.view_of[self._at - 1] in ASCII_DIGITS

    def _fraction(self, following: str) -> bool:
        if (
            following not in DIGITS
            or self._pending_in_figures()
            or not (self._pending is not None or self._section)
        ):
            return False
        end = self._at + 1
        while end < len(self.view_of) and self.view_of[end] in DIGITS and end - self._at <= LONGEST:
            end += 1
        fraction = "".join(str(DIGITS[c]) for c in self.view_of[self._at + 1 : end])
        whole = plus(self._section, self._pending or Decimal(0))
        self._section, self._pending = Decimal(0), plus(whole, Decimal(f"0.{fraction}"))
        self._fractional = True
        self._at = end
        return self.view_of[end : end + 1] in MULTIPLIERS

    def _vague(self, following: str) -> bool:
        read = self._pending is not None or (self._last and following in BIG)
        if not read or following not in MULTIPLIERS:
            return False
        self._at += 1
        return True

    def _multiply(self, unit: int, following: str) -> bool:
        if unit >= self._small or (unit == 1_000 and following in {"瓦", "克", "米", "伏"}):
            return False
        if self._pending is None:
            if self._at == self._start:
                self._bare = unit > 10
            elif unit != 10 or not (self._zero or self._small < _NONE_YET):
                return False
            self._pending = ONE
        self._section = plus(self._section, times(self._pending, unit))
        self._pending, self._zero, self._small, self._last = None, False, unit, unit
        self._at += 1
        return True

    def _close(self, unit: int) -> bool:
        if self._at == self._start:
            self._bare, self._pending = True, ONE
        base = plus(self._section, self._pending or Decimal(0))
        trillions = unit == _YI and self._big == _WAN and self._closed[1] < _YI  # 「1.5万亿」
        if unit >= self._big and not trillions:
            self._at, self._total = self._closed  # 「十万二十万」 are two numerals
            self._section, self._pending, self._zero = Decimal(0), None, False
            return False
        if self._pending is None and not self._section and not trillions:
            return False
        whole = plus(self._total, base)
        self._total = times(whole, unit) if trillions else plus(self._total, times(base, unit))
        self._section, self._pending, self._zero = Decimal(0), None, False
        self._small, self._big, self._last = _NONE_YET, unit, unit
        self._at += 1
        self._closed = (self._at, self._total)
        return True

    def _finish(self) -> None:
        """Adds what waits: 「三万五」 is 35000, 「三万零五」 is 30005, 「十万三户」 ends at 万."""
        if self._pending is None:
            self._at = self._pending_at if self._zero else self._at
            return
        tail = self.view_of[self._pending_at : self._at]
        following = self.view_of[self._at : self._at + 1]
        formal = not self._last or self._zero or self._last == 10 or self._fractional
        if formal or len(tail.strip()) > 1:
            self._section = plus(self._section, self._pending)
        elif tail == "两" or following in MULTIPLIERS or other_measure(self.view_of, self._at):
            self._at = self._pending_at
        else:
            self._section = plus(self._section, times(self._pending, Decimal(self._last) / 10))


def _continues(view: str, match: re.Match[str], last: int, blank: bool) -> bool:
    """Whether the digits after a multiplier belong to it: 「1亿2000万」, 「1万2」, not 「10万 3个」."""
    printed, following = match[0], view[match.end() : match.end() + 1]
    if not printed.isdigit():
        return False
    if following in MULTIPLIERS and Decimal(printed) < last:
        return last > MULTIPLIERS[following]
    if len(printed) == 1:
        return not blank and following not in {"%", "‰", ".", "-", "~"}
    return len(printed) == len(str(last)) - 1 and following not in {"%", "年"}


def _scale(view: str, start: int, end: int) -> Decimal:
    scale = ONE
    while end > start + 1 and view[end - 1] in BIG:
        scale = times(scale, BIG[view[end - 1]])
        end -= 1
    while end > start + 1 and view[end - 1] in _SMALL and view[end - 2] in ASCII_DIGITS:
        scale = times(scale, _SMALL[view[end - 1]])
        end -= 1
    return scale


def tidy(value: Decimal) -> Decimal:
    """One spelling for each value: no exponent, no zeros at the end."""
    if value == value.to_integral_value():
        return Decimal(int(value))
    return value.normalize(EXACT)
