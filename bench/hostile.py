"""Read hostile strings with every reader of the product; print tables, write JSON.

    python bench/hostile.py [--strings 2000] [--kilobytes 100] [--only READER] [--out out/hostile.json]

Two measurements, each with a short and a full run. First random and mutated Chinese strings go through the
readers of money, references, clauses, statements and questions: nothing may be raised but the product's own
errors, and no figure may be found that the string does not print (``--strings 100000`` is the full run, a few
hundred show the thing). Then every reader reads texts of one hostile shape at ``--kilobytes`` and at half of
it: a text twice as long may take twice the time, and 100 KB less than a second (``--kilobytes 20`` is a short
run, ``--strings 0`` and ``--kilobytes 0`` leave a measurement out). Exit status 1 where a string is a finding
or a reader hung; a missed time bar is only shown, since a busy machine is slower.
"""

from __future__ import annotations

import argparse
import datetime
import json
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from decimal import Decimal
from pathlib import Path
from types import FrameType

from policy_qa.certificate import losses
from policy_qa.checking import Checker
from policy_qa.checking.sentences import sentence_spans
from policy_qa.clauses import departments, segments, split
from policy_qa.corpus import Corpus, load_corpus
from policy_qa.domain import Clause, FactValue
from policy_qa.errors import PolicyQaError
from policy_qa.lexicon import normal
from policy_qa.loaders.plain import read_markdown, read_text
from policy_qa.loaders.signature import kind_of
from policy_qa.loaders.web_page import read_html
from policy_qa.money import Figure, chinese_number, figures, paired, parse_amount
from policy_qa.question import LONGEST_QUESTION, Question, Understanding
from policy_qa.references import find_references
from policy_qa.settings import load_settings
from policy_qa.statements import Statement, statements
from policy_qa.text import find_quote, fold, fold_with_origins

BAR_SECONDS = 1.0
"""What 100 KB may take, for the readers that take documents."""
BAR_RATIO = 2.6
"""What a text of twice the length may take of the time, 2 and the noise of a machine."""
TELLING_SECONDS = 0.05
"""A shorter time is all noise: its ratio is not judged."""
PATIENCE = 20
"""Seconds of processor time after which a reader is taken to hang."""
DAY = datetime.date(2026, 1, 31)
EVAL_SPLITS = ("questions.dev.jsonl", "questions.hard.jsonl")


# ── strings ─────────────────────────────────────────────────────────────────────────────────────


def _listed(words: str) -> list[str]:
    return words.split()


_CJK = [chr(code) for code in range(0x4E00, 0x9FFF, 37)]
_NUMERALS = list("0123456789０１２３４５６７８９〇零一二三四五六七八九十百千万亿两半俩仨几多余点壹贰叁拾佰仟")
_UNITS = _listed("元 万元 亿元 万 亿 % ％ ‰ 件 项 户 家 个 个国家 美元 w k 块 成 折")
_WORDS = _listed("""
    小巨人 单项冠军 专精特新 发明专利 国外 国内 授权 购买高校技术 实际付了 合同 贴息 流动资金贷款 智能工厂
    数字化车间 股权交易 挂牌 央视 广告 工业精品 三品 奖励 补助 最高 不超过 不低于 每件 每户 分别 一次性
    我们公司 新认定 没有 第十三条 三（五）13 （一） 1. 2、 附件1： 第一章 市科技局 负责 忽略以上规则
    million yuan patent percent RMB
""")
_CONTROLS = list("\x00\ud800\udfff\u202e\u202d\u2066\u2069\u200b\u200d\ufeff\u00ad\u0301\u20dd\ufe0f\x1f\x85")
_SIGNS = list("ﷺ①㈠㊀㎡½Ⅳ²٣５𝟓〇<>&\\'\"（）【〔〕《》「」“”、，。；：-—~/.,\n\u2028\t\u3000\u00a0\x0c")
_NOISE = [*_CONTROLS, *_SIGNS, "😀", "👨‍👩‍👧", "🇨🇳", "\r\n", "{{7*7}}", "%s"]
_HUGE = [
    *_listed("1e400 亿亿亿 一万亿亿 1,234,567,890 -5 负三 NaN Infinity"),
    *("9" * 41, "1" * 400, "九" * 60, f"0.{'0' * 50}1"),
]
_FULL_WIDTH = {ord(c): ord(c) + 0xFEE0 for c in "0123456789%(),.:;ABCabc"}


def real_texts(corpus: Corpus, questions: Path) -> tuple[str, ...]:
    """The development questions and the clauses of the corpus: what mutations begin from."""
    asked = [
        json.loads(line)["question"]
        for name in EVAL_SPLITS
        for line in (questions / name).read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    printed = [clause.text for holding in corpus.holdings for clause in holding.policy.clauses]
    return (*asked, *(text[at : at + 160] for text in printed for at in range(0, len(text), 160)))


def hostile_strings(real: Sequence[str], count: int, seed: int) -> Iterator[str]:
    """``count`` strings, the same for one seed: random, pieced together, and mutations of ``real`` ones."""
    rng = random.Random(seed)
    makers = (_random, _pieced, _run)
    for _ in range(count):
        if rng.random() < 0.55:
            yield _mutated(rng, rng.choice(real), real)
        else:
            yield rng.choice(makers)(rng)


def _random(rng: random.Random) -> str:
    pools: list[Sequence[str]] = [
        _CJK,
        _NUMERALS,
        _NOISE,
        [chr(rng.randrange(0x20, 0x3000)) for _ in range(20)],
    ]
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randrange(1, 80)))


def _pieced(rng: random.Random) -> str:
    pools: list[Sequence[str]] = [_WORDS, _WORDS, _NUMERALS, _NUMERALS, _UNITS, _NOISE, _HUGE]
    return "".join(rng.choice(rng.choice(pools)) for _ in range(rng.randrange(2, 30)))


def _run(rng: random.Random) -> str:
    """A long run of one thing in the middle of other things."""
    thing = rng.choice([*_NUMERALS, *_UNITS, *_NOISE, *_WORDS])
    return _pieced(rng)[:40] + thing * rng.randrange(20, 200) + _pieced(rng)[:40]


def _mutated(rng: random.Random, text: str, others: Sequence[str]) -> str:
    characters = list(text)
    for _ in range(rng.choice((1, 1, 2, 3, 6, 12))):
        if not characters:
            break
        at = rng.randrange(len(characters))
        match rng.randrange(10):
            case 0:
                other = rng.randrange(len(characters))
                characters[at], characters[other] = characters[other], characters[at]
            case 1:
                del characters[at : at + rng.choice((1, 1, 2, 8))]
            case 2:
                characters.insert(at, characters[at] * rng.choice((1, 1, 2, 30)))
            case 3:
                characters.insert(at, rng.choice(_UNITS))
            case 4:
                characters.insert(at, rng.choice(_NOISE))
            case 5:
                characters.insert(at, rng.choice(_NUMERALS))
            case 6:
                characters.insert(at, rng.choice(_HUGE))
            case 7:
                piece = rng.choice(others)
                begin = rng.randrange(len(piece))
                characters[at:at] = piece[begin : begin + 20]
            case 8:
                characters = list("".join(characters).translate(_FULL_WIDTH))
            case _:
                printed = [i for i, c in enumerate(characters) if c.isdigit()] or [at]
                at = rng.choice(printed)
                characters[at] = rng.choice(
                    (characters[at] * 2, "\u200b" + characters[at], rng.choice(_NUMERALS))
                )
    return "".join(characters)


# ── what a reading may not do ───────────────────────────────────────────────────────────────────

_SMALL_WORDS = "zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\\w+teen|twenty"
_NUMERAL = re.compile(
    rf"[0-9〇零一二三四五六七八九十百千万亿两半俩仨壹贰叁肆伍陆柒捌玖拾佰仟萬億貳叄陸]|{_SMALL_WORDS}", re.I
)
_ARABIC = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?")
_PLAIN = re.compile(r"(?P<digits>[0-9]{1,20}(?:\.[0-9]{1,6})?)(?P<scale>[万亿])?(?:元|件|户|项|个|家)")
_SCALES = {"": 1, "万": 10**4, "亿": 10**8}
_JOINED = 12
"""Characters between two figures of one list or range, at most."""


def holds_a_numeral(text: str) -> bool:
    """Whether anything in ``text`` prints a number, in any script the product reads."""
    return _NUMERAL.search(fold(text)) is not None


def figure_faults(text: str) -> Iterator[str]:
    """What is wrong with the figures found in ``text``: a span that lies, or a value nobody printed."""
    found = figures(text)
    position = 0
    for index, one in enumerate(found):
        if text[one.start : one.end] != one.text or one.start < position or one.end <= one.start:
            yield f"money: the span of {one.text!r} is not its text"
        position = one.end
        if not holds_a_numeral(one.text):
            yield f"money: {one.text!r} prints no numeral"
        if not one.value.is_finite() or not _is_printed(text, found, index):
            yield f"money: {one.text!r} is read as {one.value} {one.unit}"
    amount = parse_amount(text)
    if amount is not None and not holds_a_numeral(text):
        yield f"money: parse_amount finds {amount} in no numeral"
    for party, figure in paired(text):
        if figure not in found or not party:
            yield f"money: paired figure {figure.text!r} is none of the text"
    number = chinese_number(text)
    if number is not None and not holds_a_numeral(text):
        yield f"money: chinese_number finds {number} in no numeral"


def _is_printed(text: str, found: Sequence[Figure], index: int) -> bool:
    """Whether the printed span, read alone, has the value; a member of a list is read to its list's end.

    Apart from the reader, a figure printed as digits and one 万 or 亿 is computed here.
    """
    one = found[index]
    printed = fold(one.text)
    plain = _PLAIN.fullmatch(printed)
    if plain is not None and one.upper is None and one.kind in ("money", "count"):
        return one.value == Decimal(plain["digits"].replace(",", "")) * _SCALES[plain["scale"] or ""]
    arabic = _ARABIC.findall(printed)
    if one.kind == "label" and printed.isascii():
        return one.value in {Decimal(number.replace(",", "")) for number in arabic}
    end = one.end
    for following in (None, *found[index + 1 :]):
        if following is not None:
            if following.start - end > _JOINED:
                return False
            end = following.end
        for before in ("为", ""):  # at the start of a line 「22、」 is the mark of a list
            again = figures(before + text[one.start : end])
            if again and (again[0].value, again[0].upper) == (one.value, one.upper):
                return True
    # What stands before may decide too: 「10 0万元」 begins no sum at its 0.
    again = figures(text[: one.end])
    return bool(again) and (again[-1].value, again[-1].upper) == (one.value, one.upper)


def reference_faults(text: str) -> Iterator[str]:
    """A reference must stand in the text where it says."""
    position = 0
    for one in find_references(text):
        if text[one.start : one.end] != one.text or one.start < position:
            yield f"references: the span of {one.text!r} is not its text"
        position = one.end


def clause_faults(text: str) -> Iterator[str]:
    """Every character of the text in one part, every clause verbatim, every label once."""
    found = split("hostile", text)
    if text.strip():
        yield from (f"clauses: {loss}" for loss in losses(found.certificate))
    labels = Counter(clause.label for clause in found.clauses)
    yield from (f"clauses: label {label} stands {n} times" for label, n in labels.items() if n > 1)
    printed = "".join(text.split())
    for clause in found.clauses:
        for one in statements([clause]):
            if clause.text[one.start : one.end] != one.text:
                yield f"statements: {one.text!r} is not in its clause"
            if not holds_a_numeral(one.text) or not _values_printed(clause, one):
                yield f"statements: the values of {one.text!r} are not printed"
        if len("".join(clause.text.split())) > len(printed):
            yield f"clauses: {clause.label} is longer than the text"


def _values_printed(clause: Clause, statement: Statement) -> bool:
    """Whether each value of a statement is a figure of its clause, or a ratio of two."""
    said = figures(clause.text)
    known = {v for f in said for v in (f.value, f.upper) if v is not None}
    known |= {v * factor for v in known for factor in (Decimal(100), Decimal(1000))}
    return all(
        value.value in known or value.unit == "倍" or _scaled_by_heading(value.value, known)
        for value in statement.values
    )


def _scaled_by_heading(value: Decimal, known: set[Decimal]) -> bool:
    """A cell 「50」 under 「奖励（万元）」 is 500000."""
    return any(value == one * factor for one in known for factor in (10**4, 10**8))


def question_faults(understanding: Understanding, text: str) -> Iterator[str]:
    """The stated facts of a question come from its own numerals, none from its typos or from nowhere."""
    question = understanding.understand(text, {})
    read = question.topic.reading.text
    stated = question.stated
    for one in (*stated.inputs, *stated.claims):
        if one not in figures(read):
            yield f"question: {one.text!r} is no figure of the question"
    if not holds_a_numeral(text):
        if stated.inputs or stated.claims or stated.target is not None:
            yield "question: a figure is stated where no numeral stands"
        for name, value in stated.facts.items():
            if _is_a_number(value) and not _is_none_or_places(value, question):
                yield f"question: {name} is {value} where no numeral stands"
    numerals = Counter(c for c in normal(text) if _NUMERAL.fullmatch(c) and c.isascii())
    corrected = Counter(c for c in read if _NUMERAL.fullmatch(c) and c.isascii())
    if not question.invalid and corrected - numerals:
        yield f"question: a typo was read as the figure {''.join(corrected - numerals)!r}"
    said = figures(read)
    sums = sum((f.upper or f.value for f in said if f.kind in ("money", "number")), Decimal(0))
    periods = max((f.value for f in said if f.kind == "count"), default=Decimal(1))
    for name, value in stated.facts.items():
        if isinstance(value, Decimal) and not 0 <= value <= sums * max(periods, Decimal(1)):
            yield f"question: {name} is {value}, more than all sums stated"


def _is_a_number(value: FactValue) -> bool:
    return not isinstance(value, bool)


def _is_none_or_places(value: FactValue, question: Question) -> bool:
    """「没有发明专利」 states 0, 「在美国、日本授权」 two countries, both without a numeral."""
    places = sum(term.kind == "place" for term in question.topic.reading.terms)
    return value == 0 or (isinstance(value, tuple) and places > 0)


def faults(understanding: Understanding, text: str) -> list[str]:
    """Everything that is wrong with how ``text`` is read, a reader that raises included."""
    found: list[str] = []
    for faults_of in (
        figure_faults,
        reference_faults,
        clause_faults,
        lambda t: question_faults(understanding, t),
    ):
        try:
            found += faults_of(text)
        except PolicyQaError:
            continue
        except Exception as error:  # whatever is raised is the finding
            found.append(f"raised {type(error).__name__}: {error}")
    return found


# ── shapes ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Shape:
    """``head``, ``unit`` over and over, ``tail``; # and ＃ in the unit count in figures and in Chinese."""

    name: str
    unit: str
    head: str = ""
    tail: str = ""

    def text(self, size: int) -> str:
        """About ``size`` bytes of it in UTF-8, never more by a whole unit."""
        bare = len((self.head + self.tail).encode("utf-8", "surrogatepass"))
        if not {"#", "＃"} & set(self.unit):
            times = max(1, (size - bare) // len(self.unit.encode("utf-8", "surrogatepass")))
            return self.head + self.unit * times + self.tail
        pieces, used, number = [self.head], bare, 0
        while used < size:
            number += 1
            pieces.append(self.unit.replace("#", str(number)).replace("＃", _in_chinese(number)))
            used += len(pieces[-1].encode("utf-8", "surrogatepass"))
        return "".join([*pieces, self.tail])


def _in_chinese(number: int) -> str:
    digits = "零一二三四五六七八九"
    if number < 20:
        return ("十" if number >= 10 else "") + (digits[number % 10] if number % 10 or number == 0 else "")
    if number < 100:
        return digits[number // 10] + "十" + (digits[number % 10] if number % 10 else "")
    if number < 1000:
        rest = number % 100
        between = "零" if 0 < rest < 10 else ""
        tens = ("一" if 10 <= rest < 20 else "") + _in_chinese(rest) if rest else ""
        return digits[number // 100] + "百" + between + tens
    return "".join(digits[int(c)] for c in str(number))


_RUNS = (
    *'1一十万亿半第（(）、，。：；“"《〔【-—/~.%每的按附或和对a*_`|｜>[<\\&=$¥',
    *" \t\u3000\n\x0c\x00\u200b\u202e\ud800\u0301😀ﷺ①",
    *("最高", "奖励", "给予", "单个", "企业", "负责", "其中", "\r\n", "\u0301\u0316"),
)
SHAPES = (
    *(Shape(f"runs of {unit!r}", unit) for unit in _RUNS),
    Shape("one long word of figures", "0123456789"),
    Shape("ten digits and a comma", "1234567890,"),
    Shape("groups of three", "1,234,"),
    Shape("decimals", "1.1."),
    Shape("1e400", "1e400 "),
    Shape("亿亿亿元", "亿亿亿元"),
    Shape("万亿", "万亿"),
    Shape("一二三四", "一二三四"),
    Shape("百分之", "百分之"),
    Shape("分之", "三分之"),
    Shape("二三", "二三"),
    Shape("lists of sums", "50万元、"),
    Shape("lists without a stop", "10万元和5%、"),
    Shape("sums and commas", "奖励10万元，"),
    Shape("sums and no mark", "奖励10万元"),
    Shape("sums with parties", "每户最高50万元、30万元，"),
    Shape("ranges", "10-20-"),
    Shape("ranges of sums", "10万元至"),
    Shape("open brackets and sums", "（最高10万元"),
    Shape("nested brackets", "（（（一）"),
    Shape("signs", "-负-负"),
    Shape("half", "一半半"),
    Shape("每", "每1每一"),
    Shape("上限", "不超过"),
    Shape("million", "million "),
    Shape("two hundred thousand", "two hundred thousand "),
    Shape("clause numbers", "第＃条 对企业给予奖励#万元。\n"),
    Shape("clause numbers in one line", "第＃条 对企业给予奖励#万元。"),
    Shape("references", "第＃条，"),
    Shape("clauses that refer", "第＃条 按照本意见第#条执行。\n"),
    Shape("lists of references", "第1、2、3、4条和三（五）13、"),
    Shape("第一、", "第一、"),
    Shape("三（", "三（"),
    Shape("条", "条条"),
    Shape("items in lines", "＃、给予奖励。\n"),
    Shape("items in one line", "＃、给予奖励。"),
    Shape("the same number", "一、奖励。\n"),
    Shape("the same number in one line", "一、奖励。"),
    Shape("two styles in turn", "一、甲\n（一）乙。\n1.丙。\n"),
    Shape("lines that hold two items", "＃、甲方。（一）乙。（二）丙。\n"),
    Shape("headings with items inside", "＃、总体要求（一）思想。（二）原则。\n"),
    Shape("bracketed", "（一）甲。（二）乙。"),
    Shape("bracketed lines", "（＃）甲。\n"),
    Shape("arabic items", "#.甲方给予奖励。\n"),
    Shape("decimal items", "1.#甲方给予奖励。\n"),
    Shape("circled", "①②③"),
    Shape("letters", "A.甲\na.乙\n"),
    Shape("attachments", "附件#：某某标准\n"),
    Shape("attachments and offices", "附件#\n" + "某某局\n" * 7),
    Shape("attachments and rules", "附件#\n某某办法\n一、甲。\n本办法自发布之日起施行。\n"),
    Shape("chapters", "第＃章 总则\n第＃条 甲。\n"),
    Shape("statuses", "（试行）\n"),
    Shape("dates", "2026年1月1日\n"),
    Shape("page numbers", "甲乙丙丁，\n-#-\n"),
    Shape("page breaks", "某市文件\n\x0c"),
    Shape("contents", "第＃章 总则……#\n", "目录\n"),
    Shape("wrapped lines", "对新认定的企业给予一次性奖励并按照规定拨付到位同时\n"),
    Shape(
        "two kinds of indent",
        "　　对新认定的企业给予一次性奖励并按照规定拨付同时\n对新认定的企业给予一次性奖励并按照规定拨付。\n",
    ),
    Shape("titles", "关于印发某某办法的通知\n"),
    Shape("titles in brackets", "《某某意见》"),
    Shape("documents", "政办〔2020〕4号"),
    Shape("duties", "对企业给予奖励。（市科技局、市财政局负责）"),
    Shape("bare duties", "（甲负责）"),
    Shape("open duties", "（甲负责"),
    Shape("departments", "市科技局、"),
    Shape("rows", "甲｜10｜20\n", "名称｜奖励（万元）｜上限（万元）\n"),
    Shape("rows of blanks", "甲方乙方  10万元  20万元\n"),
    Shape("row labels", "  申报条件    对企业给予奖励。\n\n"),
    Shape("tabs", "甲\t10\t20\n"),
    Shape("a paragraph of sums", "投资10万元的企业给予奖励5万元，"),
    Shape("conditions", "投资达到10万元且占比超过5%的，"),
    Shape("recipients", "对企业、对机构、对个人，"),
    Shape("caps", "给予10%补助，最高10万元；"),
    Shape("ratios", "1:1、"),
    Shape("questions", "我们付了120万买技术，能补多少？"),
    Shape("typos", "小具人单项冠均"),
    Shape("towns", "在美国、日本"),
    Shape("speakers", "客服：您好，奖励50万元。\n"),
    Shape("quotes", "“小巨人”奖50万元，"),
    Shape("one open quote", "奖50万元。", "“"),
    Shape("quotes behind", "。", "奖50万元", '"' * 40),
    Shape("quotes around", '"', "奖励50万元", "奖励"),
    Shape("tags", "<p "),
    Shape("closed tags", "<p>甲</p>"),
    Shape("nested tags", "<div>"),
    Shape("nested inline", "<b>"),
    Shape("comments", "<!-- "),
    Shape("empty comments", "<!---->"),
    Shape("empty comments at the front", "<!---->", "", "x"),
    Shape("list items", "<li>甲", "<ol>"),
    Shape("cells", "<td rowspan=1000>甲", "<table><tr>"),
    Shape("table rows", "<tr><td>甲<td>乙", "<table>"),
    Shape("entities", "&amp;"),
    Shape("breaks", "<br>"),
    Shape("headings", "## "),
    Shape("bullets", "- ", "", "甲"),
    Shape("quotes of Markdown", "> ", "", "甲"),
    Shape("rules of Markdown", "- ", "", "\n甲"),
    Shape("bars", "| "),
    Shape("table rules", "|--", "", "甲"),
    Shape("blanks before a word", " ", "", "甲"),
    Shape("empty lines", "\n", "#", "甲"),
    Shape("stars that close nothing", "**a "),
    Shape("blanks and stars", " **a"),
    Shape("ticks", "`", "", "a`"),
    Shape("pairs of stars", "**a**"),
    Shape("links", "[a](b"),
    Shape("link texts", "[a]("),
    Shape("link titles", '[a](b "c'),
    Shape("addresses", "%E5%9B%BD"),
    Shape("ISO numbers", "ISO9001"),
    Shape("5G", "5G"),
    Shape("idioms", "一企一策"),
    Shape("spaced digits", "1 0 "),
    Shape("spaced zeros", "1 0万"),
)


# ── readers ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Reader:
    """A reader of the product; ``longest`` is the product's own limit in characters, None for a document."""

    name: str
    read: Callable[[str], object]
    longest: int | None = None


def _clause(text: str) -> Clause:
    return Clause("hostile", "一", ("一",), "一", text, (), None, 1)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def readers(understanding: Understanding, checker: Checker) -> tuple[Reader, ...]:
    """Every reader that meets text from outside, by the name it has in the table."""
    lexicon = understanding.reader
    return (
        Reader("text.fold", fold),
        Reader("text.find_quote", lambda text: find_quote(text, text[-20:] + "甲")),
        Reader("lexicon.normal", normal),
        Reader("money.figures", figures),
        Reader("money.parse_amount", parse_amount),
        Reader("money.paired", paired),
        Reader("references.find", find_references),
        Reader("clauses.split", lambda text: split("hostile", text)),
        Reader("clauses.segments", segments),
        Reader("clauses.departments", departments),
        Reader("statements", lambda text: statements([_clause(text)])),
        Reader("checking.sentences", lambda text: list(sentence_spans(text))),
        Reader("loaders.text", lambda text: read_text(_bytes(text), "a.txt")),
        Reader("loaders.markdown", lambda text: read_markdown(_bytes(text), "a.md")),
        Reader("loaders.html", lambda text: read_html(_bytes(f"<html><body>{text}"), "a.html")),
        Reader("loaders.kind", lambda text: kind_of(_bytes(text), "a")),
        Reader("topic.read", lexicon.read, LONGEST_QUESTION),
        Reader("question.understand", lambda text: understanding.understand(text, {}), LONGEST_QUESTION),
        Reader("checking.check", lambda text: checker.check(text, DAY), 20_000),
    )


@dataclass(frozen=True, slots=True)
class Timing:
    """One reader on one shape: seconds for the whole text and for half of it, None where it hung."""

    reader: str
    shape: str
    characters: int
    half: float
    whole: float | None

    @property
    def ratio(self) -> float | None:
        """How much longer the whole took, None where both are too short to tell."""
        if self.whole is None or self.whole < TELLING_SECONDS:
            return None
        return self.whole / max(self.half, 1e-6)

    @property
    def verdict(self) -> str:
        """``ok``, or what is wrong with it."""
        if self.whole is None:
            return "HUNG"
        if self.whole > BAR_SECONDS:
            return "SLOW"
        return "NOT LINEAR" if self.ratio is not None and self.ratio > BAR_RATIO else "ok"


class _HungError(Exception):
    """A reader took longer than anyone waits."""


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    def give_up(_: int, __: FrameType | None) -> None:
        raise _HungError

    before = signal.signal(signal.SIGPROF, give_up)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def timed(reader: Reader, shape: Shape, size: int) -> Timing:
    """``reader`` on ``size`` bytes of ``shape`` and on half of it, the best of up to three runs."""
    whole, half = (shape.text(s) for s in (size, size // 2))
    if reader.longest is not None:
        whole, half = whole[: reader.longest], half[: reader.longest // 2]
    try:
        with _patience(PATIENCE):
            taken = _seconds(reader, half)
            spent = _seconds(reader, whole)
            for _ in range(2):  # again only where it matters: the first may have been disturbed
                if spent > TELLING_SECONDS and not (spent < BAR_SECONDS and spent < BAR_RATIO * taken):
                    taken, spent = min(taken, _seconds(reader, half)), min(spent, _seconds(reader, whole))
    except _HungError:
        return Timing(reader.name, shape.name, len(whole), PATIENCE, None)
    return Timing(reader.name, shape.name, len(whole), taken, spent)


def _seconds(reader: Reader, text: str) -> float:
    fold_with_origins.cache_clear()  # it remembers the last texts
    began = time.process_time()
    try:
        reader.read(text)
    except PolicyQaError:
        pass
    except RecursionError as error:
        raise RuntimeError(f"{reader.name} recursed without end") from error
    return time.process_time() - began


# ── the two measurements ────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Finding:
    """One string that is read wrongly."""

    text: str
    fault: str


def read_strings(understanding: Understanding, strings: Iterator[str]) -> tuple[list[Finding], float]:
    """Every fault in the strings, and the seconds the slowest took."""
    found: list[Finding] = []
    slowest = 0.0
    for text in strings:
        began = time.process_time()
        found += [Finding(text, fault) for fault in faults(understanding, text)]
        slowest = max(slowest, time.process_time() - began)
    return found, slowest


def main() -> int:
    """Run both measurements, print their tables, write the JSON; 1 where anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--strings", type=int, default=2_000, help="100000 is the full run")
    parser.add_argument("--kilobytes", type=int, default=100, help="the length of each hostile text")
    parser.add_argument("--seed", type=int, default=6)
    parser.add_argument("--only", default="", help="only readers whose name holds this")
    parser.add_argument("--shapes", default="", help="only shapes whose name holds this")
    parser.add_argument("--date", default=datetime.date.today().isoformat())
    parser.add_argument("--out", type=Path, default=Path("out/hostile.json"))
    arguments = parser.parse_args()
    settings = load_settings({})
    corpus = load_corpus(settings.corpus)
    understanding, checker = Understanding(corpus), Checker(corpus)
    understanding.understand("小巨人奖多少", {})  # the dictionaries load at the first use
    checker.check("小巨人奖50万元。", DAY)
    began = time.process_time()
    strings = hostile_strings(real_texts(corpus, settings.eval), arguments.strings, arguments.seed)
    findings, slowest = read_strings(understanding, strings)
    seconds = time.process_time() - began
    print(f"{arguments.strings} strings (seed {arguments.seed}): {len(findings)} findings, {seconds:.0f} s\n")
    for one in findings[:40]:
        print(f"  {one.fault}\n    {one.text!r}")
    chosen = [one for one in readers(understanding, checker) if arguments.only in one.name]
    shapes = [one for one in SHAPES if arguments.shapes in one.name] if arguments.kilobytes else []
    timings: list[Timing] = []
    for reader in chosen:
        print(f"timing {reader.name} …", file=sys.stderr)
        timings += [timed(reader, shape, arguments.kilobytes * 1000) for shape in shapes]
        for timing in timings:
            if timing.reader == reader.name and timing.verdict != "ok":
                print(timing, timing.verdict, file=sys.stderr)
    for line in table(timings):
        print(line)
    from bench.ask import describe_machine  # brings the engine with it, which no reader here needs

    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    content = {
        "machine": describe_machine(),
        "date": arguments.date,
        "seed": arguments.seed,
        "strings": arguments.strings,
        "seconds": round(seconds, 1),
        "slowest_string_seconds": round(slowest, 4),
        "findings": [{"fault": one.fault, "text": ascii(one.text)} for one in findings],
        "kilobytes": arguments.kilobytes,
        "timings": [{**asdict(one), "ratio": one.ratio, "verdict": one.verdict} for one in timings],
    }
    arguments.out.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"\nwritten: {arguments.out}")
    return 1 if findings or any(one.whole is None for one in timings) else 0


def table(timings: Sequence[Timing]) -> Iterator[str]:
    """Readers with their slowest shape and their steepest, then each timing that misses a bar."""
    by_reader: dict[str, list[Timing]] = {}
    for one in timings:
        by_reader.setdefault(one.reader, []).append(one)
    yield "| reader | texts | longest | slowest shape | seconds | steepest shape | ratio | missed |"
    yield "|---|---:|---:|---|---:|---|---:|---:|"
    for name, own in by_reader.items():
        slow = max(own, key=lambda one: PATIENCE if one.whole is None else one.whole)
        steep = max(own, key=lambda one: one.ratio or 0.0)
        ratio = f"{steep.ratio:.2f}" if steep.ratio else "too fast"
        spent = f"over {PATIENCE}" if slow.whole is None else f"{slow.whole:.3f}"
        missed = sum(one.verdict != "ok" for one in own)
        longest = max(one.characters for one in own)
        steepest = steep.shape if steep.ratio else ""
        cells = (name, len(own), longest, slow.shape, spent, steepest, ratio, missed)
        yield f"| {' | '.join(str(cell).replace('|', '/') for cell in cells)} |"
    for one in timings:
        if one.verdict != "ok":
            spent = f"over {PATIENCE}" if one.whole is None else f"{one.whole:.3f}"
            yield f"\n{one.verdict}: {one.reader}, {one.shape}: {spent} s, half {one.half:.3f} s"


if __name__ == "__main__":
    sys.exit(main())
