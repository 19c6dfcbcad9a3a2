"""One figure after the other: numerals with what the words right around them make of them."""

from __future__ import annotations

import re
from decimal import Decimal

from policy_qa.money.dates import read_date
from policy_qa.money.numerals import (
    ASCII_DIGITS,
    ASCII_NUMBER,
    BIG,
    CHINESE,
    DIGITS,
    FORMAL,
    LONGEST,
    MULTIPLIERS,
    VAGUE,
    Numeral,
    negated,
    numeral_at,
    plus,
    tidy,
    times,
)
from policy_qa.money.rates import goes_on, read_rate, read_share, unit_at
from policy_qa.money.units import (
    AFTER_ONE,
    CURRENCY,
    ENGLISH_SCALES,
    HUNDREDTH,
    LETTERS,
    MEASURES,
    MONEY_UNITS,
    NOUNS,
    ONE_WORDS,
    PERCENT,
    STOP_WORDS,
    TENTH,
    TURNS,
    WORD_NUMBERS,
    measure_at,
    money_at,
    per_word,
)
from policy_qa.money.view import Raw, View

SIGNS = frozenset("负-−")
_BEFORE_BURDEN = frozenset("担抱肩胜自欠")
_PERSONS = frozenset("咱他她你我们")
_BEFORE_HALF = frozenset("上下前后一")
_HALVED = frozenset(
    ("个", "件", "年", "月", "天", "小时", "项", "套", "份", "亩", "国", "国家", "户", "家", "倍", "吨")
)
_CANDIDATE = re.compile("[0-9半俩仨负第¥$−-]|[" + "".join(sorted(CHINESE)) + "]|[A-Za-z]+")
_DOCUMENT = re.compile(r"[〔\[(【][0-9]{4}[〕\])】]第?(?P<serial>[0-9]{1,6})号")
_NTH = "(?:[0-9]{1,9}|[零〇一二两三四五六七八九十百千]{1,9})"
_ORDINAL = re.compile(f"第{_NTH}(?:[、至到~-]第?{_NTH})*")
_ORDINAL_UNITS = frozenset("条款章节项点号期批轮届名次年个季")
_ENGLISH_ORDINAL = re.compile("(?:clause|article|section|item|no\\.) ?$")
_ENGLISH_ENDS = frozenset(" enm.ENM")
_LIST_MARK = re.compile(r"[0-9]{1,3}[.、)](?![0-9])")
_TRINITY = re.compile("[三四五]位一体|三支一扶|三品一标")
_IDIOM = re.compile("一[^一十百千万亿,。、;:0-9 ]一(?![十百千万亿个国件项户家])")


def scan(view: View) -> list[Raw]:
    text = view.text
    found: list[Raw] = []
    at = 0
    while (match := _CANDIDATE.search(text, at)) is not None:
        start = match.start()
        raw, end = _read(view, match)
        if raw is not None:
            found.append(raw)
        at = max(end, start + 1)
    return found


def _read(view: View, match: re.Match[str]) -> tuple[Raw | None, int]:
    """The figure that begins at this candidate, and where to go on."""
    text, at, first = view.text, match.start(), match[0][0]
    if first == "第":
        return _read_ordinal(text, at)
    if first in SIGNS:
        return _read_signed(view, at) if _is_negative(view, at) else (None, at + 1)
    if first in {"¥", "$"}:
        return _read_priced(text, at, at + 1, "元" if first == "¥" else "美元")
    if first.isascii() and first.isalpha():
        return _read_word(text, match)
    if first in {"俩", "仨"}:
        return _read_pair(text, at)
    if first == "半":
        return _read_half(text, at)
    return _read_numeral(view, at)


def _read_signed(view: View, at: int) -> tuple[Raw | None, int]:
    inner = _CANDIDATE.match(view.text, at + 1)
    raw, end = _read(view, inner) if inner else (None, at + 1)
    if raw is not None and raw.kind in ("money", "count", "rate", "number", "bare"):
        raw.start, raw.value, raw.upper = at, negated(raw.value), None
        raw.kind = "number" if raw.kind == "bare" else raw.kind
    return raw, end


def _read_word(text: str, match: re.Match[str]) -> tuple[Raw | None, int]:
    """What a Latin word begins: 「RMB 2.5m」, 「three patents」, the 9001 of 「ISO9001」."""
    word, end = match[0], match.end()
    if word.upper() in CURRENCY:
        after = end
        while text[after : after + 1] in {" ", "$", "¥"}:
            after += 1
        if text[after : after + 1] in ASCII_DIGITS:
            return _read_priced(text, match.start(), after, CURRENCY[word.upper()])
    if word.lower() in WORD_NUMBERS:
        return _read_english(text, match.start(), end, WORD_NUMBERS[word.lower()], spelled=True)
    number = ASCII_NUMBER.match(text, end)
    if number is None:
        return None, end
    return _glued(text, number)


def _glued(text: str, number: re.Match[str]) -> tuple[Raw | None, int]:
    """A number in a Latin word, as in ISO9001 or 5G: a label up to the end of the word."""
    end = number.end()
    while end < len(text) and text[end].isascii() and text[end].isalnum():
        end += 1
    if number.end() - number.start() > LONGEST:
        return None, end
    return Raw(number.start(), end, "label", Decimal(number[0].replace(",", ""))), end


def _read_pair(text: str, at: int) -> tuple[Raw | None, int]:
    """「俩工厂」 is two 个; 「咱俩」 are persons."""
    if at and text[at - 1] in _PERSONS:
        return None, at + 1
    measure = measure_at(text, at + 1)
    unit, end = measure if measure and measure[0] != "人" else ("个", at + 1)
    return Raw(at, end, "count", Decimal(2 if text[at] == "俩" else 3), unit), end


def _read_half(text: str, at: int) -> tuple[Raw | None, int]:
    measure = measure_at(text, at + 1)
    if measure is None or measure[0] not in _HALVED or (at and text[at - 1] in _BEFORE_HALF):
        return None, at + 1
    return Raw(at, measure[1], "count", Decimal("0.5"), measure[0]), measure[1]


def _is_negative(view: View, at: int) -> bool:
    """Whether this 负 or - is a sign: no 担负, no range, no dash of a list."""
    text = view.text
    before = text[at - 1] if at else ""
    following = text[at + 1 : at + 2]
    if not (following in ASCII_DIGITS or following in CHINESE or following in {"¥", "$"}):
        return False
    if text[at] == "负":
        return before not in _BEFORE_BURDEN
    if before.isascii() and (before.isalnum() or before in {"%", ")"}):
        return False
    glued = view.origins[at + 1] == view.origins[at] + 1
    return glued and not (before in CHINESE or before in MEASURES or before in {"元", "块", "‰", "月", "号"})


def _read_ordinal(text: str, at: int) -> tuple[Raw | None, int]:
    match = _ORDINAL.match(text, at)
    if match is None:
        return None, at + 1
    number = numeral_at(text, at + 1)
    if number is None:
        return None, at + 1
    end = match.end()
    unit = text[end : end + 1]
    numbered = unit in _ORDINAL_UNITS
    if not numbered and number.value < 100 and _spelled(text, at, end):
        return None, end
    return Raw(at, end + numbered, "label", number.value, unit if numbered else ""), end + numbered


def _read_priced(text: str, start: int, at: int, unit: str) -> tuple[Raw | None, int]:
    number = numeral_at(text, at)
    if number is None:
        return None, at
    value, scale, end = _english_scale(text, number, currency=True)
    if (money := money_at(text, end)) is not None:
        end = money[1]
    raw = Raw(start, end, "money", value, unit, scale=scale)
    return _per_suffix(text, raw), raw.end


def _english_scale(text: str, number: Numeral, *, currency: bool) -> tuple[Decimal, Decimal, int]:
    value, scale, end = number.value, number.scale, number.end
    for _ in range(2):  # 「two hundred thousand」
        at = end + (text[end : end + 1] == " ")
        word = LETTERS.match(text, at)
        if word is None:
            return value, scale, end
        lower = word[0].lower()
        factor = ENGLISH_SCALES.get(lower)
        if factor is None or (lower == "m" and not currency and money_at(text, word.end()) is None):
            return value, scale, end
        if word[0] == "K" and number.value < 10 and not currency:
            return value, scale, end
        value, scale, end = tidy(times(value, factor)), times(scale, factor), word.end()
    return value, scale, end


def _read_english(
    text: str, start: int, end: int, value: Decimal, *, spelled: bool
) -> tuple[Raw | None, int]:
    """A number and the English words after it: 「3 million yuan」, 「10 percent」, 「three patents」."""
    number = Numeral(start, end, value)
    scaled, scale, end = _english_scale(text, number, currency=False)
    money = money_at(text, end)
    if money is not None:
        raw = Raw(start, money[1], "money", scaled, money[0], scale=scale)
        return _per_suffix(text, raw), raw.end
    if scale >= 10_000 or (scale == 1_000 and text[end - 1] in "kK"):
        raw = Raw(start, end, "money", scaled, "元", scale=scale)
        return _per_suffix(text, raw), raw.end
    if (percent := PERCENT.match(text, end)) is not None:
        share = tidy(times(scaled, HUNDREDTH))
        return Raw(start, percent.end(), "rate", share, "比例", factor=HUNDREDTH), percent.end()
    if (noun := _noun_at(text, end, any_word=spelled and scaled != 1)) is not None:
        return Raw(start, noun[1], "count", scaled, noun[0]), noun[1]
    if spelled and scale == 1:
        return None, end
    return Raw(start, end, "number", scaled, scale=scale), end


def _noun_at(text: str, at: int, *, any_word: bool) -> tuple[str, int] | None:
    """The noun counted and where it ends: 「foreign patents」 are patents; ``any_word`` takes what comes."""
    first: tuple[str, int] | None = None
    known: tuple[str, int] | None = None
    for _ in range(4):
        word = LETTERS.match(text, at + (text[at : at + 1] == " "))
        if word is None or word[0].lower() in STOP_WORDS:
            break
        at, noun = word.end(), _singular(word[0].lower())
        first = first or (noun, at)
        if noun in NOUNS:
            known = noun, at
        elif known:
            break
    return known or (first if any_word else None)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _read_numeral(view: View, at: int) -> tuple[Raw | None, int]:
    text = view.text
    before = text[at - 1] if at else ""
    if (document := _DOCUMENT.match(text, at - 1) if at else None) is not None:
        return Raw(at - 1, document.end(), "label", Decimal(document["serial"]), "号"), document.end()
    if (dated := read_date(text, at) or read_share(text, at)) is not None:
        return dated, dated.end
    if text[at] in CHINESE and text.startswith("分之几", at + 1):
        return None, at + 4
    if text[at] == "一" and (skip := _skip_one(text, at, before)):
        return None, skip
    if (trinity := _TRINITY.match(text, at)) is not None:
        return None, trinity.end()
    if text.startswith("一半", at):
        return Raw(at, at + 2, "rate", Decimal("0.5"), "比例"), at + 2
    number = numeral_at(text, at)
    if number is None:
        digits = ASCII_NUMBER.match(text, at)
        return None, digits.end() if digits else at + 1
    following = text[number.end : number.end + 1]
    if not number.chinese:
        return _read_figures(view, number, before, following)
    single = number.end == at + 1
    if single and text[at] in FORMAL and following not in {"元", "圆"}:
        return None, number.end
    if single and text[at] in {"零", "〇"} and following != "元":
        return None, number.end
    return _with_unit(text, number, before)


def _read_figures(view: View, number: Numeral, before: str, following: str) -> tuple[Raw | None, int]:
    """A numeral printed in Arabic figures: first what makes it a mark, then its unit."""
    text, at = view.text, number.start
    mark = _LIST_MARK.match(text, at)
    listed = mark is not None and number.end == mark.end() - 1
    if listed and (view.at_line_start(at) or (before == "(" and text[number.end] == ")")):
        return Raw(at, number.end, "label", number.value), number.end
    if before in _ENGLISH_ENDS and _ENGLISH_ORDINAL.search(text[max(0, at - 8) : at].lower()):
        return Raw(at, number.end, "label", number.value), number.end
    if before == "%" and (digits := ASCII_NUMBER.match(text, at)) is not None:
        return _glued(text, digits)  # %E5%9B: an address
    if following == " " or (following.isascii() and following.isalpha()):
        return _read_latin(text, number)
    return _with_unit(text, number, before)


def _read_latin(text: str, number: Numeral) -> tuple[Raw | None, int]:
    """Figures before a Latin word: 「300w」, 「50k yuan」, 「10 percent」, 「60m²」, or the label 「5G」."""
    if text[number.end] != " ":
        word = LETTERS.match(text, number.end)
        name = word[0] if word else ""
        if name == "m" and measure_at(text, number.end) is not None:
            return _with_unit(text, number, "")
        known = name.lower() in ENGLISH_SCALES or name in MONEY_UNITS or name.lower() in ("percent", "pct")
        screen = name == "K" and number.value < 10  # 4K
        digits = ASCII_NUMBER.match(text, number.start)
        if (not known or screen) and digits is not None:
            return _glued(text, digits)
    return _read_english(text, number.start, number.end, number.value, spelled=False)


def _skip_one(text: str, at: int, before: str) -> int:
    """Where a word that merely begins with 一 ends (一次性, 统一, 一企一策), 0 where it is a numeral."""
    if before in AFTER_ONE and text[at + 1 : at + 2] not in MULTIPLIERS:
        return at + 1
    if before in {"上", "下"} and text[at + 1 : at + 2] in TURNS:
        return at + 1
    if (idiom := _IDIOM.match(text, at)) is not None:
        return idiom.end() + (text[idiom.end() : idiom.end() + 1] not in ASCII_DIGITS)
    word = ONE_WORDS.match(text, at)
    return word.end() if word else 0


def _with_unit(text: str, number: Numeral, before: str) -> tuple[Raw | None, int]:
    """What the word after a numeral makes of it."""
    at, end = number.start, number.end
    raw = Raw(at, end, "number", number.value, "", number.upper, scale=number.scale, chinese=number.chinese)
    vague = end + (text[end : end + 1] in VAGUE)
    if (rate := read_rate(text, raw, end)) is not None:
        return rate, rate.end
    spelled = _spelled(text, at, end)
    if number.bare and before == "几" and spelled:
        return None, number.end  # 「几万」 asks
    if number.bare and (label := _read_name(text, number)) is not None:
        return label, label.end
    if text[vague : vague + 2] in ("个亿", "個亿"):
        raw.value, raw.scale, raw.end = tidy(times(raw.value, 10**8)), Decimal(10**8), vague + 2
        raw.kind, raw.unit = "money", "元"
        if (money := money_at(text, raw.end)) is not None:
            raw.unit, raw.end = money
        return _per_suffix(text, raw), raw.end
    if (money := money_at(text, vague)) is not None and not _counts_pieces(text, number, money):
        raw.kind, (raw.unit, raw.end) = "money", money
        _small_change(text, raw)
        return _per_suffix(text, raw), raw.end
    measure = measure_at(text, vague)
    if measure is not None:
        return _counted(text, raw, number, measure, before)
    if any(character in BIG for character in text[at:end]):
        raw.kind, raw.unit = "money", "元"
        return _per_suffix(text, raw), raw.end
    if text[end : end + 1] == "号":
        raw.kind, raw.unit, raw.end = "label", "号", end + 1
        return raw, raw.end
    if before == "(" and text[end : end + 1] == ")" and not number.chinese:
        raw.kind = "label"
    if spelled and number.value < 100:
        raw.kind, raw.upper = "bare", None
    return raw, raw.end


def _spelled(text: str, start: int, end: int) -> bool:
    """Whether no Arabic figure stands here: those are never passed over in silence."""
    return ASCII_DIGITS.isdisjoint(text[start:end])


def _read_name(text: str, number: Numeral) -> Raw | None:
    """「千家」, 「百亿」, 「百年老店」: a numeral without a digit names, unless it is 「百万元」."""
    money = money_at(text, number.end)
    if money is not None and number.end > number.start + 1 and money[0] != "块":
        return None
    measure = measure_at(text, number.end)
    end = measure[1] if measure else money[1] if money else number.end
    return Raw(number.start, end, "label", number.value, measure[0] if measure else "")


def _counts_pieces(text: str, number: Numeral, money: tuple[str, int]) -> bool:
    """「两块加起来」 counts parts; 「十块」, 「两块钱」 are money."""
    single = number.chinese and number.end == number.start + 1 and number.value < 10
    change = text[money[1] : money[1] + 1]
    return single and text[money[1] - 1] == "块" and change not in DIGITS


def _small_change(text: str, raw: Raw) -> None:
    """Adds the 角 of 「3元5角」 and 「五块五」."""
    digit, unit = text[raw.end : raw.end + 1], text[raw.end + 1 : raw.end + 2]
    if raw.unit != "元" or not (digit in ASCII_DIGITS or digit in DIGITS):
        return
    tenths = times(TENTH, int(digit) if digit in ASCII_DIGITS else DIGITS[digit])
    if unit in {"角", "毛"}:
        raw.value, raw.end = tidy(plus(raw.value, tenths)), raw.end + 2
    elif text[raw.end - 1] == "块" and raw.scale == 1 and not goes_on(unit):
        raw.value, raw.end = tidy(plus(raw.value, tenths)), raw.end + 1


_PER_ENGLISH = re.compile(" ?(?:per|each|for each) ([A-Za-z]+)")
PIECES = frozenset("件个项户家台套人亩份")


def _per_suffix(text: str, raw: Raw) -> Raw:
    """Reads the party after the sum: 「元/亩」, 「元/平方米·月」, 「万元每户」, 「per patent」."""
    at = raw.end
    parties: list[str] = []
    while len(parties) < 2 and (mark := text[at : at + 1]) in {"/", "每", *(("·", "•") if parties else ())}:
        word = per_word(text, at + 1 + (mark != "每" and text[at + 1 : at + 2] == "每"))
        if word is None:
            break
        parties.append(word[0])
        at = word[1]
    if parties:
        raw.per, raw.end = "·".join(parties), at
        raw.unit = f"{raw.unit}/{raw.per}"
    elif text[at : at + 1] == "一" and (one := measure_at(text, at + 1)) is not None and one[0] in PIECES:
        raw.per = one[0]
    elif (english := _PER_ENGLISH.match(text, at)) is not None:
        raw.per = _singular(english[1].lower())
    return raw


_RANKS = frozenset(("届", "期", "级", "批"))
_QUOTES = frozenset('“‘「『"')


def _counted(
    text: str, raw: Raw, number: Numeral, measure: tuple[str, int], before: str
) -> tuple[Raw | None, int]:
    """A numeral with its measure word: a count, unless the two are part of a name."""
    unit, end = measure
    raw.kind, raw.unit, raw.end = "count", unit, end
    rank = unit in _RANKS and number.value < 100
    if (rank or (unit == "分" and number.value == 10)) and _spelled(text, raw.start, number.end):
        return None, end
    if number.chinese and text[end - 1] == "个" and (name := _named_by_hundred(text, end)) is not None:
        raw.kind, raw.unit, raw.end = "label", "", name
        return raw, raw.end
    if number.chinese and before in _QUOTES and end - number.start <= 4:
        raw.kind = "label"  # 「“四条路径”」
    if text[end : end + 1] == "半" and unit in ("个", "年", "天", "小时"):
        raw.value, raw.end = plus(raw.value, Decimal("0.5")), end + 1
        if unit == "个" and (half_of := measure_at(text, end + 1)) is not None:
            raw.unit, raw.end = half_of
        if unit == "个" and text[end + 1 : end + 2] == "月":
            raw.unit, raw.end = "月", end + 2
    return raw, raw.end


def _named_by_hundred(text: str, at: int) -> int | None:
    """Where 「四个一百」 ends, whose second numeral counts nothing; None for 「两个一百万元」."""
    number = numeral_at(text, at) if text[at : at + 1] in CHINESE else None
    if number is None or number.value < 100 or number.scale > 1 or unit_at(text, number.end):
        return None
    return number.end
