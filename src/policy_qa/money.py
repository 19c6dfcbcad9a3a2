"""Every figure in Chinese (and plain English) text: its value, unit, bound, party and span.

The flow: ``_view`` folds the text, ``_scan`` reads one figure after the other, ``_join`` makes ranges and
lists of them, ``_bounds_and_parties`` looks at the words around each. All are linear in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from typing import Literal

from policy_qa.text import fold, fold_with_origins

FigureKind = Literal["money", "rate", "count", "year", "date", "number", "label"]
FigureBound = Literal["exact", "max", "min"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as printed: ``text == source[start:end]``, half-open, in code points of the source.

    ``value`` is in ``unit``: yuan for 「元」 (10万元 is 100000), a fraction for 「比例」 (10% is 0.1), pieces
    for a measure word, the plain number otherwise; a date is its digits (20220305, 1231). ``upper`` is the
    end of a range whose begin is ``value``. ``per`` is what each such sum is for (件, 户, 企业, 年, 人·月).
    A ``label`` is a numeral in a name or a reference, never a quantity.
    """

    text: str
    start: int
    end: int
    kind: FigureKind
    value: Decimal
    upper: Decimal | None
    unit: str
    bound: FigureBound
    per: str | None


# ── numerals ────────────────────────────────────────────────────────────────────────────────────

_EXACT = Context(prec=200)
_LONGEST = 40  # longer digit runs are account numbers or noise, never an amount
_ONE = Decimal(1)

_DIGIT_GROUPS = ("零〇", "一壹", "二两贰貳", "三叁叄", "四肆", "五伍", "六陆陸", "七柒", "八捌", "九玖")
_DIGITS = {character: value for value, group in enumerate(_DIGIT_GROUPS) for character in group}
_FORMAL = frozenset("壹贰貳叁叄肆伍陆陸柒捌玖")
_SMALL = {"十": 10, "拾": 10, "百": 100, "佰": 100, "千": 1_000, "仟": 1_000}
_BIG = {"万": 10_000, "萬": 10_000, "亿": 100_000_000, "億": 100_000_000}
_WAN, _YI, _NONE_YET = 10**4, 10**8, 10**9
_MULTIPLIERS = {**_SMALL, **_BIG}
_CHINESE = frozenset(_DIGITS) | frozenset(_MULTIPLIERS)
_VAGUE = frozenset("多余来几")
_ASCII_DIGITS = frozenset("0123456789")
_ASCII_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?")


@dataclass(slots=True)
class _Numeral:
    start: int
    end: int
    value: Decimal
    upper: Decimal | None = None
    scale: Decimal = _ONE
    """The 万 or 亿 at its end, which 「10-20万」 and 「50、30万」 share."""
    bare: bool = False
    """Begins with 百, 千, 万 or 亿 itself: 「千家百亿」."""
    chinese: bool = False


def _times(value: Decimal, factor: Decimal | int) -> Decimal:
    return _EXACT.multiply(value, Decimal(factor))


def _plus(*values: Decimal) -> Decimal:
    total = Decimal(0)
    for value in values:
        total = _EXACT.add(total, value)
    return total


def _numeral(view: str, start: int) -> _Numeral | None:
    """The longest numeral at ``start``: 「1.5亿」, 「五百万零三千」, 「三万五」, 「300多万」."""
    return _NumeralReader(view, start).read()


class _NumeralReader:
    """Reads one numeral: sections below 万, each closed by its 万 or 亿, and a digit awaiting its unit."""

    def __init__(self, view: str, start: int) -> None:
        self._view = view
        self._start = self._at = start
        self._total = self._section = Decimal(0)  # what 万 and 亿 have closed; what they have not
        self._pending: Decimal | None = None  # the digit or number whose multiplier may follow
        self._pending_at = start
        self._fractional = self._zero = self._bare = False
        self._last = 0  # the multiplier read last
        self._small = self._big = _NONE_YET
        self._approximate: int | None = None  # where the second digit of 「两三百万」 stands
        self._closed = (start, Decimal(0))  # where the last 万 or 亿 ended, and the total there

    def read(self) -> _Numeral | None:
        while self._at < len(self._view) and self._step(self._view[self._at]):
            pass
        self._finish()
        if self._at == self._start:
            return None
        value = _tidy(_plus(self._total, self._section))
        scale = _scale(self._view, self._start, self._at)
        chinese = self._view[self._start] not in _ASCII_DIGITS
        return _Numeral(self._start, self._at, value, self._upper(), scale, self._bare, chinese)

    def _upper(self) -> Decimal | None:
        second = self._approximate
        if second is None or self._at <= second:
            return None
        higher = _numeral(self._view[self._start : second - 1] + self._view[second : self._at], 0)
        return higher.value if higher else None

    def _step(self, character: str) -> bool:
        """Reads on from ``character``; False where the numeral ends before it."""
        following = self._view[self._at + 1 : self._at + 2]
        if character in _ASCII_DIGITS or (character == " " and self._last and following in _ASCII_DIGITS):
            return self._figures(blank=character == " ")
        if character in {"零", "〇"} and self._last and self._pending is None:
            return self._filler(following)
        if character in _DIGITS:
            return self._digit(_DIGITS[character], following)
        if character == "点":
            return self._fraction(following)
        if character in _VAGUE:
            return self._vague(following)
        if character in _SMALL:
            return self._multiply(_SMALL[character], following)
        return character in _BIG and self._close(_BIG[character])

    def _figures(self, *, blank: bool) -> bool:
        match = _ASCII_NUMBER.match(self._view, self._at + blank)
        if self._pending is not None or match is None or match.end() - match.start() > _LONGEST:
            return False
        if self._last and not _continues(self._view, match, self._last, blank):
            return False
        self._pending_at = self._at
        self._pending = Decimal(match[0].replace(",", ""))
        self._at = match.end()
        return True

    def _filler(self, following: str) -> bool:
        if self._zero or not (
            following in _DIGITS or following in _ASCII_DIGITS or following in {"十", "拾"}
        ):
            return False
        self._zero, self._pending_at = True, self._at
        self._at += 1
        return True

    def _digit(self, digit: int, following: str) -> bool:
        if self._pending is None:
            self._pending_at = self._pending_at if self._zero else self._at
            self._pending = Decimal(digit)
        elif self._pending_in_figures() or self._at - self._start >= _LONGEST:
            return False
        elif self._is_approximate(digit, following):
            self._approximate = self._at
        elif self._last or self._approximate:
            return False
        else:
            self._pending = self._pending * 10 + digit
        self._at += 1
        return True

    def _is_approximate(self, digit: int, following: str) -> bool:
        """Whether this digit and the one before it are 「七八个」 or 「两三百万」, 7 to 8 and 2 to 3."""
        if self._approximate is not None or not self._pending or self._pending != digit - 1:
            return False
        first = self._last or self._at == self._start + 1
        return following in _MULTIPLIERS or bool(first and _other_measure(self._view, self._at + 1))

    def _pending_in_figures(self) -> bool:
        return self._view[self._at - 1] in _ASCII_DIGITS

    def _fraction(self, following: str) -> bool:
        if (
            following not in _DIGITS
            or self._pending_in_figures()
            or not (self._pending is not None or self._section)
        ):
            return False
        end = self._at + 1
        while end < len(self._view) and self._view[end] in _DIGITS and end - self._at <= _LONGEST:
            end += 1
        fraction = "".join(str(_DIGITS[c]) for c in self._view[self._at + 1 : end])
        whole = _plus(self._section, self._pending or Decimal(0))
        self._section, self._pending = Decimal(0), _plus(whole, Decimal(f"0.{fraction}"))
        self._fractional = True
        self._at = end
        return self._view[end : end + 1] in _MULTIPLIERS

    def _vague(self, following: str) -> bool:
        read = self._pending is not None or (self._last and following in _BIG)
        if not read or following not in _MULTIPLIERS:
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
            self._pending = _ONE
        self._section = _plus(self._section, _times(self._pending, unit))
        self._pending, self._zero, self._small, self._last = None, False, unit, unit
        self._at += 1
        return True

    def _close(self, unit: int) -> bool:
        if self._at == self._start:
            self._bare, self._pending = True, _ONE
        base = _plus(self._section, self._pending or Decimal(0))
        trillions = unit == _YI and self._big == _WAN and self._closed[1] < _YI  # 「1.5万亿」
        if unit >= self._big and not trillions:
            self._at, self._total = self._closed  # 「十万二十万」 are two numerals
            self._section, self._pending, self._zero = Decimal(0), None, False
            return False
        if self._pending is None and not self._section and not trillions:
            return False
        whole = _plus(self._total, base)
        self._total = _times(whole, unit) if trillions else _plus(self._total, _times(base, unit))
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
        tail = self._view[self._pending_at : self._at]
        following = self._view[self._at : self._at + 1]
        formal = not self._last or self._zero or self._last == 10 or self._fractional
        if formal or len(tail.strip()) > 1:
            self._section = _plus(self._section, self._pending)
        elif tail == "两" or following in _MULTIPLIERS or _other_measure(self._view, self._at):
            self._at = self._pending_at
        else:
            self._section = _plus(self._section, _times(self._pending, Decimal(self._last) / 10))


def _continues(view: str, match: re.Match[str], last: int, blank: bool) -> bool:
    """Whether the digits after a multiplier belong to it: 「1亿2000万」, 「1万2」, not 「10万 3个」."""
    printed, following = match[0], view[match.end() : match.end() + 1]
    if not printed.isdigit():
        return False
    if following in _MULTIPLIERS and Decimal(printed) < last:
        return last > _MULTIPLIERS[following]
    if len(printed) == 1:
        return not blank and following not in {"%", "‰", ".", "-", "~"}
    return len(printed) == len(str(last)) - 1 and following not in {"%", "年"}


def _scale(view: str, start: int, end: int) -> Decimal:
    scale = _ONE
    while end > start + 1 and view[end - 1] in _BIG:
        scale = _times(scale, _BIG[view[end - 1]])
        end -= 1
    while end > start + 1 and view[end - 1] in _SMALL and view[end - 2] in _ASCII_DIGITS:
        scale = _times(scale, _SMALL[view[end - 1]])
        end -= 1
    return scale


def _tidy(value: Decimal) -> Decimal:
    """One spelling for each value: no exponent, no zeros at the end."""
    if value == value.to_integral_value():
        return Decimal(int(value))
    return value.normalize(_EXACT)


# ── words around numerals ───────────────────────────────────────────────────────────────────────


def _named(table: str) -> dict[str, str]:
    """``"a b=c"`` as {"a": "a", "b": "c"}: each word with what it is normalised to."""
    pairs = (entry.partition("=") for entry in table.split())
    return {word: name or word for word, _, name in pairs}


_MONEY_UNITS = _named("""
    元 圆=元 块=元 块钱=元 元钱=元 元人民币=元 人民币=元 RMB=元 rmb=元 CNY=元 yuan=元
    美元 美金=美元 USD=美元 dollars=美元 港元 港币=港元 欧元 日元 英镑
""")
_MEASURES = _named("""
    户 家 件 个 名 项 国 年 亩 人 次 台 套 辆 份 座 间 幢 栋 吨 克 升 米 天 日 周 期 批 届 种 类 条 篇 门
    位 支 场 处 所 只 部 本 张 例 笔 株 头 艘 架 岁 倍 分 轮 字 页 股 组 队 颗 箱 枚 盏 款 幅 层 环 村 点
    国家 个国家=国家 工作日 个工作日=工作日 自然日 个自然日=自然日 个月=月 季度 个季度=季度 周年=年 学年
    小时 分钟 平方米 平方=平方米 m2=平方米 m\0=平方米 平方公里 平方千米=平方公里 公里 千米=公里 公顷
    立方米 m3=立方米 m\1=立方米 公斤=千克 千克 毫升 千瓦时 千瓦 兆瓦 课时 学时 周岁=岁 人次 人日 标箱
""")
_TIMES = frozenset(("年", "月", "日", "天", "周", "小时", "分钟", "工作日", "自然日", "季度"))
_ONE_WORDS = re.compile(
    "一(?:次性|定|些|批|起|下|共|律|般|样|并|体|直|旦|致|线|流|切|面|方|站|条龙|揽|门|网|件事|张网|票否|口气|把|会|边"
    "|点(?!五)|手|块(?!钱)|向|如|经|同|系列|类|种|级|部分|道|概|味|再|期|间|带|本|位难)"
)
_AFTER_ONE = frozenset("同统唯任某单逐万专")
_TURNS = frozenset("年次季月轮批届")
"""What makes 一 a part of a word: 同一项, 统一, 唯一."""
_OTHER_WORDS = frozenset(
    _named("""
    年级 年代 年轻 年龄 人工 人员 人社 人均 人才 家庭 国内 国外 国际 国有 条例 条件 分之 分别 分公 分析 天然
    日常 日报 本地 本市 本级 所得 所在 部分 部门 点评 点击 期间 期限 头部 层次 类似 位于 名称 名单 元旦 元素
    元宇 元器 元件 元锂 倍增 场所 次性 门类 门槛 块链 圆满 种植 种子 组织 组合 处理 处置 只能 只要 只有 字号
    件事 户籍 户均 套餐 支持 支付 支出 支撑 批次 台账 环境 村庄 米兰 升级 克服
    """)
)
"""Words that a measure word merely begins: 「4支持」 counts no 支."""
_NOT_TENTHS = frozenset("果立长员功为本绩品熟交套人效就型年因语份")
_CURRENCY = {"RMB": "元", "CNY": "元", "USD": "美元", "US": "美元"}
_UNITS_AND_TEENS = """
    zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
    seventeen eighteen nineteen twenty
"""
_WORD_NUMBERS = {word: Decimal(value) for value, word in enumerate(_UNITS_AND_TEENS.split())}
_ENGLISH_SCALES = {"hundred": 100, "thousand": 1_000, "k": 1_000, "w": 10_000}
_ENGLISH_SCALES |= {"million": 10**6, "mn": 10**6, "m": 10**6, "billion": 10**9, "bn": 10**9}
_NOUNS = frozenset(
    _named("""
    patent country factory workshop product company enterprise invention year month item platform firm
    project award plant nation day person employee certificate title contract expert application piece
""")
)
_STOP_WORDS = frozenset(
    _named("""
    of or and in to the a an is are for from with on at by that this which can one thing more if we i it per
""")
)
_LETTERS = re.compile("[A-Za-z]+")
_TENTH, _HUNDREDTH = Decimal("0.1"), Decimal("0.01")
_PERCENT = re.compile(" ?(?:percentage points?|percent|per cent|pct)")


def _measure_at(view: str, at: int) -> tuple[str, int] | None:
    """The measure word that begins at ``at`` and where it ends, longest first."""
    for length in (4, 3, 2, 1):
        word = view[at : at + length]
        if len(word) == length and word in _MEASURES:
            other = length == 1 and view[at : at + 2] in _OTHER_WORDS
            return None if other else (_MEASURES[word], at + length)
    return None


def _other_measure(view: str, at: int) -> bool:
    """Whether a measure word other than of money follows: it parts 「十万三户」."""
    return _money_at(view, at) is None and _measure_at(view, at) is not None


def _money_at(view: str, at: int) -> tuple[str, int] | None:
    if view[at : at + 1] == " ":
        at += 1
    for length in (7, 4, 3, 2, 1):
        word = view[at : at + length]
        if len(word) == length and word in _MONEY_UNITS:
            after = view[at + length : at + length + 1]
            if length == 1 and word + after in _OTHER_WORDS:
                return None
            if word[0].isascii() and after.isascii() and after.isalpha():
                return None
            return _MONEY_UNITS[word], at + length
    return None


# ── the scan ────────────────────────────────────────────────────────────────────────────────────


@dataclass(slots=True)
class _Raw:
    """A figure in offsets of the view; kind ``bare`` is a numeral that only a range can save."""

    start: int
    end: int
    kind: Literal["money", "rate", "count", "year", "date", "number", "label", "bare"]
    value: Decimal
    unit: str = ""
    upper: Decimal | None = None
    per: str | None = None
    scale: Decimal = _ONE
    factor: Decimal = _ONE
    """What a bare numeral before it in a range or list is multiplied with, beyond ``scale``."""
    bound: FigureBound = "exact"
    chinese: bool = False


@dataclass(frozen=True, slots=True)
class _View:
    """The folded text; a blank is kept only where it parts two numbers or Latin words."""

    text: str
    origins: tuple[int, ...]
    source: str

    def at_line_start(self, at: int) -> bool:
        origin = self.origins[at] - 1
        while origin >= 0 and self.source[origin].isspace():
            if self.source[origin] in "\r\n":
                return True
            origin -= 1
        return origin < 0


def _view(source: str) -> _View:
    folded = fold_with_origins(source)
    characters: list[str] = []
    origins: list[int] = []
    previous, previous_origin = "", -1
    for character, origin in zip(folded.text, folded.origins, strict=True):
        if previous and origin > previous_origin + 1 and _parted(previous, character):
            characters.append(" ")
            origins.append(previous_origin + 1)
        numeric = character in _ASCII_DIGITS or character in _CHINESE
        marked = numeric and _is_marker(source[origin])
        characters.append(("\0" if character == "2" else "\1") if marked else character)
        origins.append(origin)
        previous, previous_origin = character, origin
    return _View("".join(characters), tuple(origins), source)


def _parted(left: str, right: str) -> bool:
    if left.isascii() and left.isalnum():
        return right.isascii() and right.isalnum()
    if left in _DIGITS and right in _DIGITS:
        return True
    return left in _CHINESE and right in _ASCII_DIGITS


def _is_marker(character: str) -> bool:
    """Circled and raised numerals (①, ㈠, ㎡) number things; they count nothing."""
    return unicodedata.category(character) == "No" or "\u3200" <= character <= "\u33ff"


_SIGNS = frozenset("负-−")
_BEFORE_BURDEN = frozenset("担抱肩胜自欠")
_PERSONS = frozenset("咱他她你我们")
_BEFORE_HALF = frozenset("上下前后一")
_HALVED = frozenset(
    ("个", "件", "年", "月", "天", "小时", "项", "套", "份", "亩", "国", "国家", "户", "家", "倍", "吨")
)
_CANDIDATE = re.compile("[0-9半俩仨负第¥$−-]|[" + "".join(sorted(_CHINESE)) + "]|[A-Za-z]+")
_DOCUMENT = re.compile(r"[〔\[(【][0-9]{4}[〕\])】]第?(?P<serial>[0-9]{1,6})号")
_NTH = "(?:[0-9]{1,9}|[零〇一二两三四五六七八九十百千]{1,9})"
_ORDINAL = re.compile(f"第{_NTH}(?:[、至到~-]第?{_NTH})*")
_ORDINAL_UNITS = frozenset("条款章节项点号期批轮届名次年个季")
_ENGLISH_ORDINAL = re.compile("(?:clause|article|section|item|no\\.) ?$")
_ENGLISH_ENDS = frozenset(" enm.ENM")
_YEAR = "(?P<y>(?:19|20)[0-9]{2}|[一二][零〇九][零〇一二三四五六七八九]{2})年"
_TO_NINE = "[一二三四五六七八九]"
_DAY = f"(?:3[01]|[12][0-9]|0?[1-9]|三十一?|二?十{_TO_NINE}?|{_TO_NINE})"
_MONTH_DAY = f"(?P<m>1[0-2]|0?[1-9]|十[一二]?|{_TO_NINE})月份?(?:(?P<d>{_DAY})[日号])?"
_CALENDAR = re.compile(f"{_YEAR}(?:{_MONTH_DAY})?")
_MONTH = re.compile(f"(?P<y>){_MONTH_DAY}")
_NUMERIC_DATE = re.compile(
    "(?P<y>(?:19|20)[0-9]{2})(?P<s>[-./])(?P<m>1[0-2]|0?[1-9])(?P=s)(?P<d>3[01]|[12][0-9]|0?[1-9])(?![0-9])"
)
_LIST_MARK = re.compile(r"[0-9]{1,3}[.、)](?![0-9])")
_TRINITY = re.compile("[三四五]位一体|三支一扶|三品一标")
_IDIOM = re.compile("一[^一十百千万亿,。、;:0-9 ]一(?![十百千万亿个国件项户家])")


def _scan(view: _View) -> list[_Raw]:
    text = view.text
    found: list[_Raw] = []
    at = 0
    while (match := _CANDIDATE.search(text, at)) is not None:
        start = match.start()
        raw, end = _read(view, match)
        if raw is not None:
            found.append(raw)
        at = max(end, start + 1)
    return found


def _read(view: _View, match: re.Match[str]) -> tuple[_Raw | None, int]:
    """The figure that begins at this candidate, and where to go on."""
    text, at, first = view.text, match.start(), match[0][0]
    if first == "第":
        return _read_ordinal(text, at)
    if first in _SIGNS:
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


def _read_signed(view: _View, at: int) -> tuple[_Raw | None, int]:
    inner = _CANDIDATE.match(view.text, at + 1)
    raw, end = _read(view, inner) if inner else (None, at + 1)
    if raw is not None and raw.kind in ("money", "count", "rate", "number", "bare"):
        raw.start, raw.value, raw.upper = at, -raw.value, None
        raw.kind = "number" if raw.kind == "bare" else raw.kind
    return raw, end


def _read_word(text: str, match: re.Match[str]) -> tuple[_Raw | None, int]:
    """What a Latin word begins: 「RMB 2.5m」, 「three patents」, the 9001 of 「ISO9001」."""
    word, end = match[0], match.end()
    if word.upper() in _CURRENCY:
        after = end
        while text[after : after + 1] in {" ", "$", "¥"}:
            after += 1
        if text[after : after + 1] in _ASCII_DIGITS:
            return _read_priced(text, match.start(), after, _CURRENCY[word.upper()])
    if word.lower() in _WORD_NUMBERS:
        return _read_english(text, match.start(), end, _WORD_NUMBERS[word.lower()], spelled=True)
    number = _ASCII_NUMBER.match(text, end)
    if number is None:
        return None, end
    return _glued(text, number)


def _glued(text: str, number: re.Match[str]) -> tuple[_Raw | None, int]:
    """A number in a Latin word, as in ISO9001 or 5G: a label up to the end of the word."""
    end = number.end()
    while end < len(text) and text[end].isascii() and text[end].isalnum():
        end += 1
    if number.end() - number.start() > _LONGEST:
        return None, end
    return _Raw(number.start(), end, "label", Decimal(number[0].replace(",", ""))), end


def _read_pair(text: str, at: int) -> tuple[_Raw | None, int]:
    """「俩工厂」 is two 个; 「咱俩」 are persons."""
    if at and text[at - 1] in _PERSONS:
        return None, at + 1
    measure = _measure_at(text, at + 1)
    unit, end = measure if measure and measure[0] != "人" else ("个", at + 1)
    return _Raw(at, end, "count", Decimal(2 if text[at] == "俩" else 3), unit), end


def _read_half(text: str, at: int) -> tuple[_Raw | None, int]:
    measure = _measure_at(text, at + 1)
    if measure is None or measure[0] not in _HALVED or (at and text[at - 1] in _BEFORE_HALF):
        return None, at + 1
    return _Raw(at, measure[1], "count", Decimal("0.5"), measure[0]), measure[1]


def _is_negative(view: _View, at: int) -> bool:
    """Whether this 负 or - is a sign: no 担负, no range, no dash of a list."""
    text = view.text
    before = text[at - 1] if at else ""
    following = text[at + 1 : at + 2]
    if not (following in _ASCII_DIGITS or following in _CHINESE or following in {"¥", "$"}):
        return False
    if text[at] == "负":
        return before not in _BEFORE_BURDEN
    if before.isascii() and (before.isalnum() or before in {"%", ")"}):
        return False
    glued = view.origins[at + 1] == view.origins[at] + 1
    return glued and not (
        before in _CHINESE or before in _MEASURES or before in {"元", "块", "‰", "月", "号"}
    )


def _read_ordinal(text: str, at: int) -> tuple[_Raw | None, int]:
    match = _ORDINAL.match(text, at)
    if match is None:
        return None, at + 1
    number = _numeral(text, at + 1)
    if number is None:
        return None, at + 1
    end = match.end()
    unit = text[end : end + 1]
    numbered = unit in _ORDINAL_UNITS
    if not numbered and number.value < 100 and _spelled(text, at, end):
        return None, end
    return _Raw(at, end + numbered, "label", number.value, unit if numbered else ""), end + numbered


def _read_priced(text: str, start: int, at: int, unit: str) -> tuple[_Raw | None, int]:
    number = _numeral(text, at)
    if number is None:
        return None, at
    value, scale, end = _english_scale(text, number, currency=True)
    if (money := _money_at(text, end)) is not None:
        end = money[1]
    raw = _Raw(start, end, "money", value, unit, scale=scale)
    return _per_suffix(text, raw), raw.end


def _english_scale(text: str, number: _Numeral, *, currency: bool) -> tuple[Decimal, Decimal, int]:
    value, scale, end = number.value, number.scale, number.end
    for _ in range(2):  # 「two hundred thousand」
        at = end + (text[end : end + 1] == " ")
        word = _LETTERS.match(text, at)
        if word is None:
            return value, scale, end
        lower = word[0].lower()
        factor = _ENGLISH_SCALES.get(lower)
        if factor is None or (lower == "m" and not currency and _money_at(text, word.end()) is None):
            return value, scale, end
        if word[0] == "K" and number.value < 10 and not currency:
            return value, scale, end
        value, scale, end = _tidy(_times(value, factor)), _times(scale, factor), word.end()
    return value, scale, end


def _read_english(
    text: str, start: int, end: int, value: Decimal, *, spelled: bool
) -> tuple[_Raw | None, int]:
    """A number and the English words after it: 「3 million yuan」, 「10 percent」, 「three patents」."""
    number = _Numeral(start, end, value)
    scaled, scale, end = _english_scale(text, number, currency=False)
    money = _money_at(text, end)
    if money is not None:
        raw = _Raw(start, money[1], "money", scaled, money[0], scale=scale)
        return _per_suffix(text, raw), raw.end
    if scale >= 10_000 or (scale == 1_000 and text[end - 1] in "kK"):
        raw = _Raw(start, end, "money", scaled, "元", scale=scale)
        return _per_suffix(text, raw), raw.end
    if (percent := _PERCENT.match(text, end)) is not None:
        share = _tidy(_times(scaled, _HUNDREDTH))
        return _Raw(start, percent.end(), "rate", share, "比例", factor=_HUNDREDTH), percent.end()
    if (noun := _noun_at(text, end, any_word=spelled and scaled != 1)) is not None:
        return _Raw(start, noun[1], "count", scaled, noun[0]), noun[1]
    if spelled and scale == 1:
        return None, end
    return _Raw(start, end, "number", scaled, scale=scale), end


def _noun_at(text: str, at: int, *, any_word: bool) -> tuple[str, int] | None:
    """The noun counted and where it ends: 「foreign patents」 are patents; ``any_word`` takes what comes."""
    first: tuple[str, int] | None = None
    known: tuple[str, int] | None = None
    for _ in range(4):
        word = _LETTERS.match(text, at + (text[at : at + 1] == " "))
        if word is None or word[0].lower() in _STOP_WORDS:
            break
        at, noun = word.end(), _singular(word[0].lower())
        first = first or (noun, at)
        if noun in _NOUNS:
            known = noun, at
        elif known:
            break
    return known or (first if any_word else None)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return f"{word[:-3]}y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") else word


def _read_numeral(view: _View, at: int) -> tuple[_Raw | None, int]:
    text = view.text
    before = text[at - 1] if at else ""
    if (document := _DOCUMENT.match(text, at - 1) if at else None) is not None:
        return _Raw(at - 1, document.end(), "label", Decimal(document["serial"]), "号"), document.end()
    if (dated := _read_date(text, at) or _read_share(text, at)) is not None:
        return dated, dated.end
    if text[at] in _CHINESE and text.startswith("分之几", at + 1):
        return None, at + 4
    if text[at] == "一" and (skip := _skip_one(text, at, before)):
        return None, skip
    if (trinity := _TRINITY.match(text, at)) is not None:
        return None, trinity.end()
    if text.startswith("一半", at):
        return _Raw(at, at + 2, "rate", Decimal("0.5"), "比例"), at + 2
    number = _numeral(text, at)
    if number is None:
        digits = _ASCII_NUMBER.match(text, at)
        return None, digits.end() if digits else at + 1
    following = text[number.end : number.end + 1]
    if not number.chinese:
        return _read_figures(view, number, before, following)
    single = number.end == at + 1
    if single and text[at] in _FORMAL and following not in {"元", "圆"}:
        return None, number.end
    if single and text[at] in {"零", "〇"} and following != "元":
        return None, number.end
    return _with_unit(text, number, before)


def _read_figures(view: _View, number: _Numeral, before: str, following: str) -> tuple[_Raw | None, int]:
    """A numeral printed in Arabic figures: first what makes it a mark, then its unit."""
    text, at = view.text, number.start
    mark = _LIST_MARK.match(text, at)
    listed = mark is not None and number.end == mark.end() - 1
    if listed and (view.at_line_start(at) or (before == "(" and text[number.end] == ")")):
        return _Raw(at, number.end, "label", number.value), number.end
    if before in _ENGLISH_ENDS and _ENGLISH_ORDINAL.search(text[max(0, at - 8) : at].lower()):
        return _Raw(at, number.end, "label", number.value), number.end
    if before == "%" and (digits := _ASCII_NUMBER.match(text, at)) is not None:
        return _glued(text, digits)  # %E5%9B: an address
    if following == " " or (following.isascii() and following.isalpha()):
        return _read_latin(text, number)
    return _with_unit(text, number, before)


def _read_latin(text: str, number: _Numeral) -> tuple[_Raw | None, int]:
    """Figures before a Latin word: 「300w」, 「50k yuan」, 「10 percent」, 「60m²」, or the label 「5G」."""
    if text[number.end] != " ":
        word = _LETTERS.match(text, number.end)
        name = word[0] if word else ""
        if name == "m" and _measure_at(text, number.end) is not None:
            return _with_unit(text, number, "")
        known = name.lower() in _ENGLISH_SCALES or name in _MONEY_UNITS or name.lower() in ("percent", "pct")
        screen = name == "K" and number.value < 10  # 4K
        digits = _ASCII_NUMBER.match(text, number.start)
        if (not known or screen) and digits is not None:
            return _glued(text, digits)
    return _read_english(text, number.start, number.end, number.value, spelled=False)


def _skip_one(text: str, at: int, before: str) -> int:
    """Where a word that merely begins with 一 ends (一次性, 统一, 一企一策), 0 where it is a numeral."""
    if before in _AFTER_ONE and text[at + 1 : at + 2] not in _MULTIPLIERS:
        return at + 1
    if before in {"上", "下"} and text[at + 1 : at + 2] in _TURNS:
        return at + 1
    if (idiom := _IDIOM.match(text, at)) is not None:
        return idiom.end() + (text[idiom.end() : idiom.end() + 1] not in _ASCII_DIGITS)
    word = _ONE_WORDS.match(text, at)
    return word.end() if word else 0


def _read_date(text: str, at: int) -> _Raw | None:
    match = _NUMERIC_DATE.match(text, at) or _CALENDAR.match(text, at) or _MONTH.match(text, at)
    if match is None:
        return None
    year, month, day = (_numeral_value(match[part]) for part in ("y", "m", "d"))
    if month is None:
        end = match.end() + (text[match.end() : match.end() + 1] == "度")
        return _Raw(at, end, "year", year or Decimal(0), "年")
    value = (year or Decimal(0)) * 100 + month
    return _Raw(at, match.end(), "date", value if day is None else value * 100 + day)


def _numeral_value(printed: str | None) -> Decimal | None:
    number = _numeral(printed, 0) if printed else None
    return number.value if number else None


_SHARE_BASES = {"百分之": _HUNDREDTH, "千分之": Decimal("0.001"), "万分之": Decimal("0.0001")}
_TO = re.compile("——|[-—–~至到]")


_RATE_WORDS = {"%": _HUNDREDTH, "‰": Decimal("0.001")}
_RATE_WORDS |= dict.fromkeys(("个百分点", "百分点", "个点"), _HUNDREDTH)


def _read_share(text: str, at: int) -> _Raw | None:
    """「百分之五点五」, 「千分之二」, 「百分之五至十」."""
    factor = _SHARE_BASES.get(text[at : at + 3])
    number = _numeral(text, at + 3) if factor is not None else None
    if factor is None or number is None:
        return None
    value = _tidy(_times(number.value, factor))
    to = _TO.match(text, number.end)
    other = _numeral(text, to.end()) if to else None
    if other is not None and other.value > number.value and not _unit_at(text, other.end):
        upper = _tidy(_times(other.value, factor))
        return _Raw(at, other.end, "rate", value, "比例", upper, factor=factor)
    return _Raw(at, number.end, "rate", value, "比例", factor=factor)


def _unit_at(text: str, at: int) -> bool:
    return _money_at(text, at) is not None or _measure_at(text, at) is not None or text[at : at + 2] == "分之"


def _with_unit(text: str, number: _Numeral, before: str) -> tuple[_Raw | None, int]:
    """What the word after a numeral makes of it."""
    at, end = number.start, number.end
    raw = _Raw(at, end, "number", number.value, "", number.upper, scale=number.scale, chinese=number.chinese)
    vague = end + (text[end : end + 1] in _VAGUE)
    if (rate := _read_rate(text, raw, end)) is not None:
        return rate, rate.end
    spelled = _spelled(text, at, end)
    if number.bare and before == "几" and spelled:
        return None, number.end  # 「几万」 asks
    if number.bare and (label := _read_name(text, number)) is not None:
        return label, label.end
    if text[vague : vague + 2] in ("个亿", "個亿"):
        raw.value, raw.scale, raw.end = _tidy(_times(raw.value, 10**8)), Decimal(10**8), vague + 2
        raw.kind, raw.unit = "money", "元"
        if (money := _money_at(text, raw.end)) is not None:
            raw.unit, raw.end = money
        return _per_suffix(text, raw), raw.end
    if (money := _money_at(text, vague)) is not None and not _counts_pieces(text, number, money):
        raw.kind, (raw.unit, raw.end) = "money", money
        _small_change(text, raw)
        return _per_suffix(text, raw), raw.end
    measure = _measure_at(text, vague)
    if measure is not None:
        return _counted(text, raw, number, measure, before)
    if any(character in _BIG for character in text[at:end]):
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
    return _ASCII_DIGITS.isdisjoint(text[start:end])


def _read_rate(text: str, raw: _Raw, end: int) -> _Raw | None:
    """「10%」, 「2‰」, 「10个百分点」, 「三成五」, 「八折」, 「三分之一」."""
    if text.startswith("分之", end) and raw.value > 0:
        part = _numeral(text, end + 2)
        share = _tidy(Context(prec=28).divide(part.value, raw.value)) if part else raw.value
        return _Raw(raw.start, part.end, "rate", share, "比例") if part else None
    factor, until = _rate_factor(text, raw.value, end)
    if factor is None:
        return None
    rate = replace(raw, kind="rate", unit="比例", end=until, scale=_ONE, factor=factor)
    rate.value = _tidy(_times(raw.value, factor))
    rate.upper = None if raw.upper is None else _tidy(_times(raw.upper, factor))
    if text[end : end + 1] == "成" and _is_half_tenth(text, until):
        rate.value, rate.end = _plus(rate.value, _times(_HUNDREDTH, _DIGITS[text[until]])), until + 1
    return rate


def _is_half_tenth(text: str, at: int) -> bool:
    """Whether the digit here is the 五 of 「三成五」, not the begin of another figure."""
    digit, beyond = text[at : at + 1], text[at + 1 : at + 2]
    return bool(_DIGITS.get(digit)) and not _goes_on(beyond)


def _rate_factor(text: str, value: Decimal, end: int) -> tuple[Decimal | None, int]:
    for word, factor in _RATE_WORDS.items():
        if text.startswith(word, end):
            return factor, end + len(word)
    following, beyond = text[end : end + 1], text[end + 1 : end + 2]
    if following == "成" and value <= 10 and beyond not in _NOT_TENTHS:
        return _TENTH, end + 1
    if following == "折" and 0 < value < 100 and beyond not in {"算", "旧", "合", "叠"}:
        return (_TENTH if value < 10 else _HUNDREDTH), end + 1
    return None, end


def _read_name(text: str, number: _Numeral) -> _Raw | None:
    """「千家」, 「百亿」, 「百年老店」: a numeral without a digit names, unless it is 「百万元」."""
    money = _money_at(text, number.end)
    if money is not None and number.end > number.start + 1 and money[0] != "块":
        return None
    measure = _measure_at(text, number.end)
    end = measure[1] if measure else money[1] if money else number.end
    return _Raw(number.start, end, "label", number.value, measure[0] if measure else "")


def _counts_pieces(text: str, number: _Numeral, money: tuple[str, int]) -> bool:
    """「两块加起来」 counts parts; 「十块」, 「两块钱」 are money."""
    single = number.chinese and number.end == number.start + 1 and number.value < 10
    change = text[money[1] : money[1] + 1]
    return single and text[money[1] - 1] == "块" and change not in _DIGITS


def _small_change(text: str, raw: _Raw) -> None:
    """Adds the 角 of 「3元5角」 and 「五块五」."""
    digit, unit = text[raw.end : raw.end + 1], text[raw.end + 1 : raw.end + 2]
    if raw.unit != "元" or not (digit in _ASCII_DIGITS or digit in _DIGITS):
        return
    tenths = _times(_TENTH, int(digit) if digit in _ASCII_DIGITS else _DIGITS[digit])
    if unit in {"角", "毛"}:
        raw.value, raw.end = _tidy(_plus(raw.value, tenths)), raw.end + 2
    elif text[raw.end - 1] == "块" and raw.scale == 1 and not _goes_on(unit):
        raw.value, raw.end = _tidy(_plus(raw.value, tenths)), raw.end + 1


def _goes_on(character: str) -> bool:
    """Whether this character makes the digit before it the begin of another figure."""
    numeral = character in _ASCII_DIGITS or character in _CHINESE
    return numeral or character in _MEASURES or character in {"%", ".", "成", "折"}


_PER_ENGLISH = re.compile(" ?(?:per|each|for each) ([A-Za-z]+)")
_PIECES = frozenset("件个项户家台套人亩份")


def _per_suffix(text: str, raw: _Raw) -> _Raw:
    """Reads the party after the sum: 「元/亩」, 「元/平方米·月」, 「万元每户」, 「per patent」."""
    at = raw.end
    parties: list[str] = []
    while len(parties) < 2 and (mark := text[at : at + 1]) in {"/", "每", *(("·", "•") if parties else ())}:
        word = _per_word(text, at + 1 + (mark != "每" and text[at + 1 : at + 2] == "每"))
        if word is None:
            break
        parties.append(word[0])
        at = word[1]
    if parties:
        raw.per, raw.end = "·".join(parties), at
        raw.unit = f"{raw.unit}/{raw.per}"
    elif text[at : at + 1] == "一" and (one := _measure_at(text, at + 1)) is not None and one[0] in _PIECES:
        raw.per = one[0]
    elif (english := _PER_ENGLISH.match(text, at)) is not None:
        raw.per = _singular(english[1].lower())
    return raw


_RANKS = frozenset(("届", "期", "级", "批"))
_QUOTES = frozenset('“‘「『"')


def _counted(
    text: str, raw: _Raw, number: _Numeral, measure: tuple[str, int], before: str
) -> tuple[_Raw | None, int]:
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
        raw.value, raw.end = _plus(raw.value, Decimal("0.5")), end + 1
        if unit == "个" and (half_of := _measure_at(text, end + 1)) is not None:
            raw.unit, raw.end = half_of
        if unit == "个" and text[end + 1 : end + 2] == "月":
            raw.unit, raw.end = "月", end + 2
    return raw, raw.end


def _named_by_hundred(text: str, at: int) -> int | None:
    """Where 「四个一百」 ends, whose second numeral counts nothing; None for 「两个一百万元」."""
    number = _numeral(text, at) if text[at : at + 1] in _CHINESE else None
    if number is None or number.value < 100 or number.scale > 1 or _unit_at(text, number.end):
        return None
    return number.end


# ── ranges and lists ────────────────────────────────────────────────────────────────────────────

_LIST_LINKS = frozenset(("、", "/", "或", "和", "及"))


def _join(text: str, raws: list[_Raw]) -> list[_Raw]:
    """Ranges become one figure; 「50、30、10万元」 shares its unit."""
    joined: list[_Raw] = []
    for raw in reversed(raws):
        after = joined[-1] if joined else None
        if after is not None and after.start - raw.end <= 2:
            link = text[raw.end : after.start]
            if _TO.fullmatch(link) and (merged := _range(text, raw, after)) is not None:
                joined[-1] = merged
                continue
            if link in _LIST_LINKS and raw.kind == "number" and not raw.chinese and raw.upper is None:
                _take_unit(raw, after)
            if link == "" and raw.kind == "money" and raw.per and after.kind == "count" and after.value == 1:
                joined.pop()  # 「1万元一件」: 一件 is the party, and nobody has one piece
        joined.append(raw)
    joined.reverse()
    return [raw for raw in joined if raw.kind != "bare"]


def _take_unit(raw: _Raw, after: _Raw) -> None:
    if after.kind not in ("money", "rate", "count") or (after.kind == "count" and after.unit == ""):
        return
    raw.kind, raw.unit, raw.per, raw.factor = after.kind, after.unit, after.per, after.factor
    if raw.scale == 1:
        raw.value = _tidy(_times(_times(raw.value, after.scale), after.factor))
        raw.scale = after.scale


def _range(text: str, low: _Raw, high: _Raw) -> _Raw | None:
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


def _short(text: str, low: _Raw, high: _Raw) -> bool:
    """Whether two plain numbers may be a range: 「2019-2021」, not 「0554-6678901」."""
    printed = not (low.chinese or high.chinese) and text[low.start] != "0"
    return printed and low.end - low.start <= 4 and high.end - high.start <= 4


def _scaled_like(text: str, low: _Raw, high: _Raw) -> Decimal:
    """The value of 「10」 in 「10-20万」, of 「三」 in 「三到五百万」, of 「5」 in 「5-10%」."""
    scale, mantissa = high.scale, high.value / high.scale / high.factor
    if low.chinese and high.chinese and low.value < 10 and text[high.start] in _DIGITS:
        while mantissa >= 10 and mantissa % 10 == 0:
            mantissa, scale = mantissa / 10, scale * 10
    if low.scale != 1 or (low.value >= mantissa and high.kind != "rate"):
        return low.value
    return _tidy(_times(_times(low.value, scale), high.factor))


# ── the words around ────────────────────────────────────────────────────────────────────────────

_BREAKS = re.compile(r"[,;。!?:()\n《》]")
_BEFORE = re.compile(
    "(?P<max>不超过|不得超过|不能超过|不超出|不高于|不得高于|不多于|不大于|最高(?!人民|法院|检察|学历|级|层)|最多"
    "|最大|上限|封顶|至多|顶格|up to|at most|no more than|not exceed|maximum|capped at)"
    "|(?P<min>不低于|不得低于|不少于|不得少于|不小于|至少|最少|最低(?!生活|工资|限度)|起码"
    "|at least|no less than|minimum)"
    "|(?P<over>超过|超出|超(?![市额级前])|高于|多于|大于|more than|over )"
    "|(?P<under>低于|少于|小于|不足|未满|不满|less than|under )"
)
_CLOSE = re.compile(" ?(?:[了的过约为]|人民币){0,3} ?")
_AFTER = re.compile(
    r"(?:人民币)?(?:\(含\)|\(不含\)|\(含本数\))?(?:及|或)?(?:\(含\))?"
    "(?:(?P<min>以上(?!述)|起步|打底|起(?![草来到诉点作重]))"
    "|(?P<max>以内|以下(?![简列条方统称])|之内|封顶|为上限|为限|(?P<inside>内(?![部容设外]))))"
)
_EACH = re.compile("每(?P<each>)|单(?P<single>[个户家件笔台人])")
_SINGLE_NOUNS = re.compile(
    "企业|项目|平台|园区|产品|单位|机构|主体|个人|品牌|基地|载体|合同|学生|团队|人才|村|镇|县|学校|楼宇|街道"
)


def _per_word(text: str, at: int) -> tuple[str, int] | None:
    if (noun := _SINGLE_NOUNS.match(text, at)) is not None:
        return noun[0], noun.end()
    if text[at : at + 1] == "月":
        return "月", at + 1
    for length in (4, 3, 2, 1):
        word = text[at : at + length]
        if len(word) == length and word in _MEASURES:
            return _MEASURES[word], at + length
    return None


def _bounds_and_parties(text: str, raws: list[_Raw]) -> None:
    """Sets bound and per of each figure from its own comma-delimited phrase, up to the figure before."""
    lowered = text.lower() if len(text.lower()) == len(text) else text
    before: _Raw | None = None
    bound: FigureBound = "exact"
    one: str | None = None  # the party that 「每新增1户」 and 「一个企业」 name for the next figure
    for raw in raws:
        if raw.kind == "label":
            continue
        window = lowered[before.end if before else 0 : raw.start]
        listed = before is not None and window in _LIST_LINKS and before.kind == raw.kind
        phrase = _BREAKS.split(window)[-1]
        if not listed:
            bound = _bound_before(phrase)
        one = one if phrase == window else None
        if raw.kind in ("money", "rate", "count", "number"):
            raw.bound = _bound_after(lowered, raw) or bound
            raw.per = raw.per or (before.per if before and listed else _party(phrase))
            if raw.kind == "money":
                raw.per = raw.per or one
        one = _one_of(text, raw, phrase)
        before = raw


def _one_of(text: str, raw: _Raw, phrase: str) -> str | None:
    if raw.kind != "count" or raw.value != 1:
        return None
    if not ("每" in phrase or (text[raw.start] == "一" and raw.unit in _PIECES)):
        return None
    noun = _SINGLE_NOUNS.match(text, raw.end) if raw.unit == "个" else None
    return noun[0] if noun else raw.unit


def _bound_before(phrase: str) -> FigureBound:
    found: FigureBound = "exact"
    for match in _BEFORE.finditer(phrase):
        close = _CLOSE.fullmatch(phrase, match.end()) is not None
        if match["max"]:
            found = "max"
        elif match["min"]:
            found = "min"
        elif close:
            found = "min" if match["over"] else "max"
    return found


def _bound_after(text: str, raw: _Raw) -> FigureBound | None:
    match = _AFTER.match(text, raw.end)
    if match is None or (match["inside"] and raw.unit not in _TIMES):
        return None
    return "max" if match["max"] else "min"


def _party(phrase: str) -> str | None:
    parties: list[str] = []
    for match in _EACH.finditer(phrase):
        if match["single"]:
            noun = _SINGLE_NOUNS.match(phrase, match.end()) if match["single"] == "个" else None
            parties = [noun[0] if noun else match["single"]]
        elif (word := _per_word(phrase, match.end())) is not None:
            together = bool(parties) and word[0] in _TIMES
            parties = [*parties, word[0]] if together and word[0] not in parties else [word[0]]
    return "·".join(parties) or None


# ── what others call ────────────────────────────────────────────────────────────────────────────


def figures(text: str) -> tuple[Figure, ...]:
    """Every figure of ``text``, in order, none overlapping; offsets are code points of ``text``.

    Never raises. Single Chinese digits without a unit (三品, 十三五, 一次性) are words, not figures.

    >>> [(f.text, f.value, f.bound, f.per) for f in figures("每户企业最高贴息 50万元")]
    [('50万元', Decimal('500000'), 'max', '户')]
    """
    view = _view(text)
    raws = _join(view.text, _scan(view))
    _bounds_and_parties(view.text, raws)
    return tuple(_figure(view, raw) for raw in raws)


def _figure(view: _View, raw: _Raw) -> Figure:
    start, end = view.origins[raw.start], view.origins[raw.end - 1] + 1
    kind: FigureKind = "number" if raw.kind == "bare" else raw.kind
    return Figure(
        view.source[start:end], start, end, kind, raw.value, raw.upper, raw.unit, raw.bound, raw.per
    )


def parse_amount(text: str) -> Decimal | None:
    """The one amount of yuan that ``text`` is, in any spelling; None for none, several or a range.

    >>> parse_amount("四十万零五千元"), parse_amount("345678.9"), parse_amount("两千八")
    (Decimal('405000'), Decimal('345678.9'), Decimal('2800'))
    """
    found = [figure for figure in figures(text) if figure.kind != "label"]
    if not found:
        return chinese_number(text)
    if len(found) != 1 or found[0].upper is not None:
        return None
    figure = found[0]
    if figure.kind == "money":
        return figure.value if figure.unit == "元" else None
    return figure.value if figure.kind == "number" and fold(figure.text) == fold(text) else None


def chinese_number(text: str) -> Decimal | None:
    """The value of a text that is one numeral and nothing else, 「一百二」 as people say it (120).

    >>> chinese_number("五百万零三千"), chinese_number("负两千八"), chinese_number("三件")
    (Decimal('5003000'), Decimal('-2800'), None)
    """
    folded = _view(text).text.strip()
    negative = folded[:1] in _SIGNS
    printed = folded[negative:]
    if printed == "半":
        return Decimal("-0.5") if negative else Decimal("0.5")
    number = _numeral(printed, 0) if printed else None
    if number is None or number.end != len(printed) or number.upper is not None:
        return None
    return -number.value if negative else number.value


_REACH = 400  # no sentence that pairs is longer
_SENTENCE_ENDS = re.compile("[。;!?]")
_PHRASE_ENDS = re.compile("[,:]")
_BASIS = re.compile("按|根据|依|经")
_LEAD = re.compile("^(?:对于|对|在|给予|将|为|按照?|获得|获评|获|被?评为|被?认定为|入选)+")
_TAIL = re.compile("的|分别|最高|最多|给予|奖励|奖补|补助|资助|不超过|一次性|每|各|按|可获|可得")
_AND = re.compile("、|以及|和|及|与|或")


def paired(text: str) -> tuple[tuple[str, Figure], ...]:
    """The figures of lists such as 「分别给予50万元、30万元」, each with its party, in the order printed.

    Empty where the list of parties before them has another length: nothing is guessed.
    """
    pairs: list[tuple[str, Figure]] = []
    for group in _groups(text, [f for f in figures(text) if f.kind in ("money", "rate", "count")]):
        reach = group[0].start
        parties = _parties(fold(text[max(0, reach - _REACH) : reach]), len(group))
        pairs += zip(parties, group, strict=True) if parties else ()
    return tuple(pairs)


def _groups(text: str, found: Sequence[Figure]) -> list[list[Figure]]:
    """The lists of two and more figures that only 、 和 or 或 part."""
    groups: list[list[Figure]] = []
    for figure in found:
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and last.kind == figure.kind
            and fold(text[last.end : figure.start]) in _LIST_LINKS
        ):
            groups[-1].append(figure)
        else:
            groups.append([figure])
    return [group for group in groups if len(group) > 1]


def _parties(before: str, wanted: int) -> Sequence[str]:
    """The nearest list of a sentence, if it names as many parties as ``wanted``."""
    sentence = _SENTENCE_ENDS.split(before)[-1]
    for phrase in reversed(_PHRASE_ENDS.split(sentence)):
        items = phrase.split("、")
        if len(items) != wanted and not _BASIS.match(phrase):
            items = _AND.split(phrase)
        if len(items) == wanted:
            return _names(items)
        if "、" in phrase:
            return ()
    return ()


def _names(items: Sequence[str]) -> list[str]:
    """The parties without the words before the first and after the last: 「国家级」, 「省级」."""
    first, *middle = [_LEAD.sub("", items[0]), *items[1:-1]]
    last = items[-1]
    if (tail := _TAIL.search(last, 1)) is not None:
        last = last[: tail.start()]
    kin = (middle or [first])[-1][-1:]
    if kin and (shared := last.find(kin)) > 0:
        last = last[: shared + 1]
    numbered = all(item and all(c in _CHINESE for c in item) for item in (first, *middle))
    suffix = last.lstrip("".join(_CHINESE)) if numbered else ""
    return [f"{item}{suffix}" for item in (first, *middle)] + [last]


def spell(amount: Decimal) -> str:
    """Yuan as people read it, always exact: in 亿 or 万 where two decimals suffice, else in full.

    >>> spell(Decimal("500000")), spell(Decimal("3456000")), spell(Decimal("345678.9"))
    ('50万元', '345.6万元', '345678.9元')
    """
    for name, unit in (("亿", 8), ("万", 4)):
        scaled = amount.scaleb(-unit, _EXACT)
        if abs(scaled) >= 1 and scaled == scaled.quantize(Decimal("0.01"), context=_EXACT):
            return f"{plain(scaled)}{name}元"
    return f"{plain(amount)}元"


def plain(amount: Decimal) -> str:
    """An amount as the JSON prints it: plain digits, no exponent, no padding, never 「-0」.

    >>> plain(Decimal("345678.90")), plain(Decimal("5E+5")), plain(Decimal("-0.00"))
    ('345678.9', '500000', '0')
    """
    return f"{_tidy(amount) if amount else Decimal(0):f}"
