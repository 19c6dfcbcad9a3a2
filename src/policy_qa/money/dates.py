"""Years and dates, which are no quantities."""

from __future__ import annotations

import re
from decimal import Decimal

from policy_qa.money.numerals import numeral_at
from policy_qa.money.view import Raw

_YEAR = "(?P<y>(?:19|20)[0-9]{2}|[一二][零〇九][零〇一二三四五六七八九]{2})年"
_TO_NINE = "[一二三四五六七八九]"
_DAY = f"(?:3[01]|[12][0-9]|0?[1-9]|三十一?|二?十{_TO_NINE}?|{_TO_NINE})"
_MONTH_DAY = f"(?P<m>1[0-2]|0?[1-9]|十[一二]?|{_TO_NINE})月份?(?:(?P<d>{_DAY})[日号])?"
_CALENDAR = re.compile(f"{_YEAR}(?:{_MONTH_DAY})?")
_MONTH = re.compile(f"(?P<y>){_MONTH_DAY}")
_NUMERIC_DATE = re.compile(
    "(?P<y>(?:19|20)[0-9]{2})(?P<s>[-./])(?P<m>1[0-2]|0?[1-9])(?P=s)(?P<d>3[01]|[12][0-9]|0?[1-9])(?![0-9])"
)


def read_date(text: str, at: int) -> Raw | None:
    match = _NUMERIC_DATE.match(text, at) or _CALENDAR.match(text, at) or _MONTH.match(text, at)
    if match is None:
        return None
    year, month, day = (_numeral_value(match[part]) for part in ("y", "m", "d"))
    if month is None:
        end = match.end() + (text[match.end() : match.end() + 1] == "度")
        return Raw(at, end, "year", year or Decimal(0), "年")
    value = (year or Decimal(0)) * 100 + month
    return Raw(at, match.end(), "date", value if day is None else value * 100 + day)


def _numeral_value(printed: str | None) -> Decimal | None:
    number = numeral_at(printed, 0) if printed else None
    return number.value if number else None
