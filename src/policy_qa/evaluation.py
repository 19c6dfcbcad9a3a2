"""Answers in the ``ask --json`` form → metrics with count and interval: generate once, score many times.

It trusts nothing of the product: it knows neither its retrieval, calculation, gate nor figure parser. Figures
are read here a second time, plainly, so that a fault of the product's own reader cannot hide itself.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import get_args

from policy_qa.domain import Bound, Status
from policy_qa.errors import CorpusError, PolicyQaError, UsageError
from policy_qa.scores import Bar, Breakdown, Metric, Miss, Report, Sheet, Suites, rate, wilson
from policy_qa.strict_yaml import read_yaml

AnswerObject = Mapping[str, object]
"""One object as ``ask --json`` prints it; a missing field is a miss, never a crash."""
Ask = Callable[[str], AnswerObject]
ClauseText = Callable[[str, str], str | None]
"""(policy, clause label) → the clause's text, None where there is none."""

SPLITS = ("dev", "hard", "test")
_DEVELOPED = ("dev", "hard")
"""The splits whose misses are listed: the product is developed against them."""
SUITES = (*SPLITS, "perturbations")
STYLES = ("formal", "colloquial", "typo", "english")
KINDS = (
    "rule",
    "amount",
    "reverse",
    "premise",
    "condition",
    "service",
    "unspecified",
    "unprinted",
    "department",
    "clause",
    "general",
    "eligibility",
    "near_miss",
    "beyond",
)
REFUSALS = frozenset({"not_found", "out_of_scope", "invalid_input"})
DRAFT = "征求意见稿"

# ── the nouns ───────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the answer a careful reader accepts; eval/README.md defines the fields."""

    id: str
    question: str
    style: str
    kind: str
    status: tuple[str, ...]
    clauses: tuple[str, ...]
    total: Decimal | None
    bound: str | None
    reverse: Decimal | None
    departments: tuple[str, ...]
    note: str


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A true question with its subject replaced: by a thing no clause holds, or by one ``clause`` holds."""

    id: str
    question: str
    clause: str | None


BARS = (
    Bar("hit@1", "≥", 0.95, 0.95),
    Bar("hit@3", "≥", 0.98, 0.98),
    Bar("amounts", "≥", 1.0, 0.90),
    Bar("unsupported_figures", "≤", 0.0, 0.0),
    Bar("near_misses_refused", "≥", 0.93, 0.93),
    Bar("false_refusals", "≤", 0.03, 0.05),
)

TITLES = {
    "hit@1": "条款首位命中",
    "hit@3": "条款前三命中",
    "mrr": "条款平均倒数名次",
    "status": "状态正确",
    "total": "总额正确",
    "bound": "界限正确",
    "amounts": "总额与界限都正确",
    "reverse": "反算正确",
    "departments": "部门齐全",
    "unsupported_figures": "含无据数字的句子（越低越好）",
    "verbatim_quotes": "引文逐字相符",
    "cited_sentences": "有据的句子带引文",
    "draft_notice": "带引文的答复以征求意见稿提示结尾",
    "near_misses_refused": "近似而无的支持被拒答",
    "beyond_refused": "政策之外的问题被拒答",
    "clean_refusals": "拒答时不给引文和金额",
    "false_refusals": "误拒（越低越好）",
    "things_refused": "替换成文件没有的事项后被拒答",
    "held_answered": "替换成文件有的事项后未拒答",
    "held_hit@1": "替换成文件有的事项后条款首位命中",
}

_HEADINGS = {"dev": "开发题", "hard": "难题", "test": "测试题"}


def _sheet(split: str) -> Sheet:
    """Bars on the test split only, so that nothing is tuned on it; misses on the splits developed against."""
    return Sheet(
        heading=f"评测：{_HEADINGS.get(split, '替换题')}（{split}）",
        titles=TITLES,
        bars=BARS if split == "test" else (),
        lists_misses=split in _DEVELOPED,
    )


# ── loading and asking ──────────────────────────────────────────────────────────────────────────


def load_split(folder: Path, split: str) -> tuple[Question, ...]:
    """The questions of ``split`` in the evaluation folder; UsageError names the splits there are."""
    if split not in SPLITS:
        raise UsageError(f"没有“{split}”这一组评测题：只有 {'、'.join(SPLITS)}，请改用其中之一。")
    return load_questions(folder / f"questions.{split}.jsonl")


def load_questions(path: Path) -> tuple[Question, ...]:
    """The questions of one file, one JSON object a line; CorpusError names the line and what is wrong."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CorpusError(
            f"读不了评测题“{path.name}”：{error.__class__.__name__}，请检查评测文件夹。"
        ) from error
    questions: list[Question] = []
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        try:
            question = _question(json.loads(line, object_pairs_hook=_unique))
            if question.id in seen:
                raise ValueError(f"编号“{question.id}”用了两次")
        except ValueError as error:
            reason = "不是一个 JSON 对象" if isinstance(error, json.JSONDecodeError) else str(error)
            raise CorpusError(f"评测题“{path.name}”第 {number} 行不对：{reason}，请改正后再试。") from error
        seen.add(question.id)
        questions.append(question)
    return tuple(questions)


def _unique(pairs: Sequence[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("有键写了两次")
    return fields


def _question(raw: object) -> Question:
    if not isinstance(raw, dict):
        raise ValueError("不是一个 JSON 对象")
    if odd := sorted(set(Question.__slots__) ^ set(raw)):
        raise ValueError(f"键“{odd[0]}”{'没有定义' if odd[0] in raw else '缺失'}")
    question = Question(
        id=_string(raw, "id"),
        question=_string(raw, "question"),
        style=_choice(raw, "style", STYLES),
        kind=_choice(raw, "kind", KINDS),
        status=_strings(raw, "status"),
        clauses=_strings(raw, "clauses"),
        total=_expected_number(raw, "total"),
        bound=None if raw["bound"] is None else _choice(raw, "bound", get_args(Bound)),
        reverse=_expected_number(raw, "reverse"),
        departments=_strings(raw, "departments"),
        note=_string(raw, "note"),
    )
    if not question.status or not set(question.status) <= set(get_args(Status)):
        raise ValueError("“status”不是状态的列表")
    if question.total is not None and question.bound is None:
        raise ValueError("有“total”而没有“bound”")
    if question.id.partition("-")[0] not in SPLITS:
        raise ValueError(f"编号“{question.id}”不以 {'、'.join(SPLITS)} 开头")
    return question


def _string(raw: Mapping[str, object], key: str) -> str:
    value = raw[key]
    if not isinstance(value, str):
        raise ValueError(f"“{key}”不是文字")
    return value


def _choice(raw: Mapping[str, object], key: str, choices: Sequence[str]) -> str:
    value = _string(raw, key)
    if value not in choices:
        raise ValueError(f"“{key}”只能是 {'、'.join(choices)}")
    return value


def _strings(raw: Mapping[str, object], key: str) -> tuple[str, ...]:
    value = raw[key]
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry for entry in value):
        raise ValueError(f"“{key}”不是文字的列表")
    return tuple(value)


def _expected_number(raw: Mapping[str, object], key: str) -> Decimal | None:
    if raw[key] is None:
        return None
    number = _number(raw[key])
    if number is None:
        raise ValueError(f"“{key}”不是写成文字的数")
    return number


def perturbation_questions(path: Path) -> tuple[Perturbation, ...]:
    """Frames × things, always the same: each thing, and each held control, in two different frames.

    Neighbouring things start at neighbouring frames, so that every frame is used. CorpusError where the file
    is malformed.
    """
    raw = read_yaml(path)

    def refuse(reason: str) -> CorpusError:
        return CorpusError(f"“{path.name}”不对：{reason}，请改正后再试。")

    if not isinstance(raw, dict) or set(raw) != {"frames", "things", "held"}:
        raise refuse("最外层须恰有 frames、things、held 三个键")
    frames, things, held = raw["frames"], raw["things"], raw["held"]
    if (
        not isinstance(frames, list)
        or not all(isinstance(frame, str) and frame.count("{thing}") == 1 for frame in frames)
        or len(set(frames)) < len(frames)
        or len(frames) < 2
    ):
        raise refuse("frames 须是至少两个不同的句子，各含一处 {thing}")
    if not isinstance(things, list) or not all(isinstance(thing, str) and thing for thing in things):
        raise refuse("things 须是文字的列表")
    if not isinstance(held, list) or not all(
        isinstance(entry, dict)
        and set(entry) == {"thing", "clause"}
        and all(isinstance(value, str) and value for value in entry.values())
        for entry in held
    ):
        raise refuse("held 的每一项须恰有 thing、clause 两个键")
    subjects = [("thing", thing, None) for thing in things]
    subjects += [("held", entry["thing"], entry["clause"]) for entry in held]
    return tuple(
        Perturbation(
            f"{group}-{index + 1:03d}-{turn + 1}",
            frames[(index + turn * (len(frames) // 2)) % len(frames)].replace("{thing}", subject),
            clause,
        )
        for index, (group, subject, clause) in enumerate(subjects)
        for turn in range(2)
    )


def run(
    ask: Ask,
    questions: Sequence[Question | Perturbation],
    progress: Callable[[int, int], None] | None = None,
) -> list[AnswerObject]:
    """The answers to ``questions``, in order; ``progress`` is told how many of how many are done.

    A failure the product knows of becomes an answer with status ``error``, which every check counts against
    it; any other exception is a bug and ends the run.
    """
    answers: list[AnswerObject] = []
    for question in questions:
        try:
            answers.append(ask(question.question))
        except PolicyQaError as error:
            answers.append({"question": question.question, "status": "error", "answer": str(error)})
        if progress is not None:
            progress(len(answers), len(questions))
    return answers


# ── reading answers ─────────────────────────────────────────────────────────────────────────────


def _objects(source: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
    value = source.get(key)
    return [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list | tuple) else []


def _object(source: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = source.get(key)
    return value if isinstance(value, Mapping) else {}


def _text(source: Mapping[str, object], key: str) -> str:
    value = source.get(key)
    return value if isinstance(value, str) else ""


def _number(value: object) -> Decimal | None:
    """Plain digits as the contract prints them; a float, an exponent or padding is no number."""
    if not isinstance(value, str) or not re.fullmatch(r"(?:0|[1-9][0-9]*)(?:\.[0-9]*[1-9])?", value):
        return None
    return Decimal(value)


def _said(value: object) -> str:
    return "无" if value is None else str(value)


def _fold(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


def _cited(answer: AnswerObject, sentence: Mapping[str, object]) -> list[Mapping[str, object]]:
    """The citations of a sentence; positions that lead nowhere are left out."""
    citations, positions = _objects(answer, "citations"), sentence.get("citations")
    if not isinstance(positions, list | tuple):
        return []
    return [citations[p] for p in positions if type(p) is int and 0 <= p < len(citations)]


# ── reading figures, plainly and apart from the product ─────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as read: its value in base units (万 and 亿 multiplied out), its unit, "" where none follows.

    ``value`` is None for numerals that make no number (二三十万): then only the same text is equal.
    """

    value: Decimal | None
    unit: str
    text: str

    def same(self, other: Figure) -> bool:
        if self.value is None or other.value is None:
            return self.text == other.text
        return (self.value, self.unit) == (other.value, other.unit)


_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}
_LATIN_SCALES = {"w": 10**4, "k": 1000, "thousand": 1000, "million": 10**6, "billion": 10**9}
_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ENGLISH = {word: value for value, word in enumerate(_WORDS)}
_FORMAL = str.maketrans("壹贰貳叁肆伍陆陸柒捌玖拾佰仟萬億兩○", "一二二三四五六六七八九十百千万亿两〇")
_UNITS = {"块钱": "元", "块": "元", "圆": "元", "人民币": "元", "yuan": "元", "rmb": "元", "percent": "%"}
_NUMERALS = "零〇一二两三四五六七八九十百千万亿"
_FIGURE = re.compile(
    rf"""
    (?: (?P<part>[百千万])分之 | (?P<currency>¥|rmb|cny)? )
    (?: (?P<arabic> \d{{1,3}}(?:,\d{{3}})+(?!\d)(?:\.\d+)? | \d+(?:\.\d+)? )
        (?P<rough> [多余来几]? )
        (?P<scale> (?:个(?=[百千万亿]))?[十百千万亿]+
          | [wk](?=yuan|rmb|[^a-z]|$) | thousand | million | billion )?
      | (?P<chinese> [{_NUMERALS}]+ (?: 点[零〇一二三四五六七八九]+[十百千万亿]* )? ) )
    (?P<unit> % | ‰ | 元 | 块钱? | 圆 | 人民币 | yuan | rmb | percent | 个百分点 | 个国家 | 个月 | 个工作日
      | 成(?![果长功立交为本员效熟])| 倍 | 折 | [件个户家名人项条款处年月日天次国省市种类所台套期届号笔] )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LIST_NUMBER = re.compile(r"(?m)^\s*[(（]?[0-9０-９]{1,2}(?:[.．](?![0-9０-９])|[、)）])")
_CIRCLED = re.compile("[\u2460-\u249b]")  # NFKC would glue them to what follows: ①10万元
_CIPHER = rf"(?:\d+|[{_NUMERALS}]+)"
_OWN_UNIT = r"(?![\d.,]*[十百千万亿]*(?:元|块|%|‰|[万亿]|个百分点|成(?!果)))"
_NO_FIGURES = re.compile(
    rf"""
    [〔\[(]\d{{4}}[〕\])]\d+号                                            # 文号
    | [一二三四五六七八九十]+\([一二三四五六七八九十]+\)(?:\d+(?!\d))?{_OWN_UNIT}  # a clause label
    | 第{_CIPHER}(?:[-~—–至到、]第?{_CIPHER})*[条项款章节点段]           # a reference
    | \d+(?:条)?[-~—–至到]第?\d+条
    | 第{_CIPHER}(?!\d){_OWN_UNIT}
    | [一二三四五六七八九十]\d+[-~—–至到]\d+(?!\d){_OWN_UNIT}             # the items of a heading: 三 1至17
    """,
    re.VERBOSE,
)
_COUNTED = frozenset("成倍折%‰元") | {"块钱", "件", "户", "年", "个月", "个国家", "个百分点"}
"""Units that make a figure of a single Chinese numeral; 一 beside a count (一件, 一年) is mere wording."""


def _plain(text: str) -> str:
    """NFKC without white space and invisible characters; space stays between two digits."""
    text = _CIRCLED.sub("；", text)
    # NFKC would turn a Chinese comma into a thousands separator: 12，100户 are two figures.
    text = re.sub(r"(?<![０-９])，|，(?![０-９])", "；", text)
    text = unicodedata.normalize("NFKC", text).translate(_FORMAL)
    text = "".join(c for c in text if unicodedata.category(c) != "Cf")
    return re.sub(r"(?<!\d)\s+|\s+(?!\d)", "", text)


def figures(text: str) -> tuple[Figure, ...]:
    """The figures a text states: digits with their unit, Chinese numerals of two characters or with a unit.

    文号, clause labels, references (第十三条) and list numbers are no figures.

    >>> [(str(f.value), f.unit) for f in figures("第13条：补助10 %，最高五十万元")]
    [('10', '%'), ('500000', '元')]
    """
    return tuple(_figures(_NO_FIGURES.sub("；", _plain(_LIST_NUMBER.sub("；", text))), lenient=False))


def _source_figures(text: str) -> list[Figure]:
    """What a quote or a question can bear: also single numerals (一件), list numbers, English words."""
    found = list(_figures(_plain(text), lenient=True))
    words = re.findall(r"\b[a-z]+\b", text.lower())
    return found + [Figure(Decimal(_ENGLISH[w]), "", w) for w in words if w in _ENGLISH]


def _figures(plain: str, lenient: bool) -> Iterator[Figure]:
    for match in re.finditer(r"一半|半数", plain):
        yield Figure(Decimal(50), "%", match[0])
    for match in _FIGURE.finditer(plain):
        chinese, unit = match["chinese"], (match["unit"] or "").lower()
        if chinese is not None:
            if len(chinese) == 1 and not match["part"] and not _counts(chinese, unit, lenient):
                continue
            if chinese[0] in "万亿":  # 万元 as a unit, 万名, 万一
                continue
            value = _chinese_value(chinese)
            scaled = any(c in "万亿" for c in chinese)
        else:
            value, scaled = Decimal(match["arabic"].replace(",", "")), False
            for scale in _scales(match["scale"]):
                value, scaled = value * scale, scaled or scale >= 1000
        unit = _UNITS.get(unit, unit)
        if match["part"] and value is not None:
            value, unit = value * 100 / _SCALES[match["part"]], "%"
        elif unit == "成" and value is not None:
            value, unit = value * 10, "%"
        elif unit == "‰" and value is not None:
            value, unit = value / 10, "%"
        elif not unit and (scaled or match["currency"]):
            unit = "元"
        yield Figure(value, (match["rough"] or "") + unit, match[0])


def _counts(numeral: str, unit: str, lenient: bool) -> bool:
    if lenient:
        return bool(unit) and numeral not in "百千万亿"
    return unit in _COUNTED and (numeral != "一" or unit in "成倍折%‰元块钱") and numeral not in "百千万亿"


def _scales(printed: str | None) -> list[int]:
    if not printed:
        return []
    latin = _LATIN_SCALES.get(printed.lower())
    return [latin] if latin else [_SCALES[c] for c in printed if c in _SCALES]


def _chinese_value(numeral: str) -> Decimal | None:
    """三百二十万 → 3200000, 两万五 → 25000, 一点五亿 → 150000000, 二〇二二 → 2022; None for 二三十."""
    whole, point, rest = numeral.partition("点")
    if point:
        fraction = rest.rstrip("十百千万亿")
        start = _chinese_value(whole)
        if start is None:
            return None
        value = start + Decimal("0." + "".join(str(_DIGITS[c]) for c in fraction))
        for scale in rest[len(fraction) :]:
            value *= _SCALES[scale]
        return value
    if not any(c in _SCALES for c in whole):
        return Decimal("".join(str(_DIGITS[c]) for c in whole))
    total = section = 0
    digit: int | None = None
    step = 1  # what a trailing digit is worth: 两万五 is 25000, 两万零五 is 20005
    for character in whole:
        if character in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[character]
            step = 1 if digit == 0 else step
        elif character in "十百千":
            section += _SCALES[character] * (1 if digit is None else digit)
            digit, step = None, _SCALES[character] // 10
        else:
            section += digit or 0
            total = (total + section) * 10**8 if character == "亿" else total + section * 10**4
            section, digit, step = 0, None, _SCALES[character] // 10
    return Decimal(total + section + (digit or 0) * step)


_AWARD = re.compile("(?:可以|能够|[可能将应会])(?:再|共|一共|合计)?(?:获|得|拿|领|享|补)")
_ATTRIBUTED = re.compile("您[^;。!?]{0,8}(?:说|问|提|填|写|讲|听)")
_LISTED = ("项", "条", "处")


def unsupported_figures(answer: AnswerObject) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The sentences of an answer that state figures nothing bears, each with those figures.

    A sentence's figures must stand in a quote it cites, in the recorded calculation where that is its proof,
    or in the question where it speaks of 您 and promises nothing. What the answer shows outside its sentences
    has nothing to stand on. Counts of listed citations and items (共3项), citation labels and the day asked
    about are free. A figure is compared with its unit, a sum by its value in yuan; to whom it belongs and
    whether it is a maximum is not compared here.
    """
    found: list[tuple[str, tuple[str, ...]]] = []
    rest = _bare(answer, _text(answer, "answer"))
    for sentence in sorted(_objects(answer, "sentences"), key=lambda s: -len(_text(s, "text"))):
        text = _bare(answer, _text(sentence, "text"))
        if text.strip():
            # The answer may break or space its sentences otherwise than they were recorded.
            spaced = r"\s*".join(re.escape(c) for c in "".join(text.split()))
            rest = re.sub(spaced, "；", rest, count=1)
    checked = [(sentence, _text(sentence, "text")) for sentence in _objects(answer, "sentences")]
    for source, text in [*checked, ({}, rest)]:
        if bad := _unsupported(answer, source, text):
            found.append((text, bad))
    return tuple(found)


def _bare(answer: AnswerObject, text: str) -> str:
    """A text without its labels 〔…〕, unless one holds a figure, and without the day asked about."""
    labels = {_fold(_text(citation, "clause")) for citation in _objects(answer, "citations")}

    def without(match: re.Match[str]) -> str:
        parts = [part for part in re.split("[、；;,，]", match[1]) if part.strip()]
        return "" if all(_fold(part) in labels or not figures(part) for part in parts) else match[0]

    text = re.sub("〔([^〔〕]*)〕", without, text)
    if day := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d)", _text(answer, "as_of")):
        year, month, date = (int(part) for part in day.groups())
        text = re.sub(rf"{day[0]}|{year}\s*年\s*0?{month}\s*月\s*0?{date}\s*日", "；", text)
    return text


def _unsupported(answer: AnswerObject, sentence: Mapping[str, object], text: str) -> tuple[str, ...]:
    text = _bare(answer, text)
    stated = figures(text)
    if not stated:
        return ()
    sources = [f for citation in _cited(answer, sentence) for f in _source_figures(_text(citation, "quote"))]
    if sentence.get("proof") == "calculation":
        sources += _calculated(answer)
    plain = _plain(text)
    asked = _source_figures(_text(answer, "question")) if "您" in plain and sentence else []
    promises = [p for p in re.split("[;。!?]", plain) if _AWARD.search(p) and not _ATTRIBUTED.search(p)]
    promised = [f for p in promises for f in figures(p)]
    counts = _listed_counts(answer)
    return tuple(
        figure.text
        for figure in stated
        if not any(figure.same(source) for source in sources)
        and not (_stated_by_user(figure, asked) and not any(figure.same(p) for p in promised))
        and not (figure.unit in _LISTED and figure.value in counts)
    )


def _stated_by_user(figure: Figure, asked: Sequence[Figure]) -> bool:
    """A user may leave the counter out (3 granted patents): a bare number bears any count, no sum or rate."""
    return any(
        figure.same(said)
        or (said.unit == "" and said.value == figure.value and figure.unit not in ("元", "%"))
        for said in asked
    )


def _calculated(answer: AnswerObject) -> list[Figure]:
    calculation, reverse = _object(answer, "calculation"), _object(answer, "reverse")
    items = _objects(calculation, "items")
    texts = [_text(item, key) for item in items for key in ("formula", "quote")]
    sums = [_number(value) for value in (calculation.get("total"), *(item.get("amount") for item in items))]
    if reverse:
        texts.append(_text(reverse, "value") + _text(reverse, "unit").replace("国家", "个国家"))
    return [f for text in texts for f in _source_figures(text)] + [
        Figure(value, "元", str(value)) for value in sums if value is not None
    ]


def _listed_counts(answer: AnswerObject) -> frozenset[Decimal]:
    citations = _objects(answer, "citations")
    clauses = {(_text(c, "policy"), _text(c, "clause")) for c in citations}
    items = _objects(_object(answer, "calculation"), "items")
    return frozenset(Decimal(len(listed)) for listed in (citations, clauses, items))


# ── the checks ──────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Check:
    """One verdict on one answer, counted under ``metric``."""

    metric: str
    right: bool
    expected: str = ""
    got: str = ""


def score(
    questions: Sequence[Question], answers: Sequence[AnswerObject], clause_text: ClauseText | None = None
) -> Report:
    """The report on ``answers``, the answers to ``questions`` in the same order, all of one split.

    With ``clause_text`` every quote is also compared with its clause. UsageError where the two do not match.
    """
    _paired(questions, answers)
    splits = {question.id.partition("-")[0] for question in questions}
    if len(splits) != 1:
        raise UsageError("这些评测题不属于同一组：一份报告只评一组，请分开评。")
    split = splits.pop()
    checked = [
        (question, answer, list(_checks(question, answer, clause_text)))
        for question, answer in zip(questions, answers, strict=True)
    ]
    metrics = _metrics([check for _, _, checks in checked for check in checks], _METRICS)
    ranks = [_rank(question, answer) for question, answer, _ in checked if question.clauses]
    misses = tuple(
        Miss(question.id, question.question, check.metric, check.expected, check.got)
        for question, _, checks in checked
        for check in checks
        if not check.right
    )
    whole = [(question, all(check.right for check in checks)) for question, _, checks in checked]
    return Report(
        split=split,
        metrics=(*metrics[:2], _mean_reciprocal(ranks), *metrics[2:]),
        sheet=_sheet(split),
        misses=misses if split in _DEVELOPED else (),
        breakdowns=(
            Breakdown(
                "by_style",
                "按问法，全部检查都通过的题",
                tuple(rate(style, [right for q, right in whole if q.style == style]) for style in STYLES),
            ),
            Breakdown(
                "by_kind",
                "按题型",
                tuple(rate(kind, [right for q, right in whole if q.kind == kind]) for kind in KINDS),
            ),
        ),
    )


def score_perturbations(questions: Sequence[Perturbation], answers: Sequence[AnswerObject]) -> Report:
    """The report on answers to perturbed questions: things refused, held controls answered; no misses."""
    _paired(questions, answers)
    checks: list[_Check] = []
    for question, answer in zip(questions, answers, strict=True):
        refused = answer.get("status") in REFUSALS
        if question.clause is None:
            checks.append(_Check("things_refused", refused))
        else:
            checks.append(_Check("held_answered", not refused and answer.get("status") != "error"))
            checks.append(_Check("held_hit@1", _ranked(answer)[:1] == [_fold(question.clause)]))
        checks.extend(_answer_checks(answer, None))
    names = ("things_refused", "held_answered", "held_hit@1", "clean_refusals", "unsupported_figures")
    return Report("perturbations", _metrics(checks, names), _sheet("perturbations"))


def _paired(questions: Sequence[Question | Perturbation], answers: Sequence[AnswerObject]) -> None:
    if not questions:
        raise UsageError("没有评测题：评测文件是空的，请检查评测文件夹。")
    if len(questions) != len(answers):
        raise UsageError(f"{len(questions)} 道题有 {len(answers)} 个答案：两者须一一对应，请重新生成答案。")


_METRICS = (
    "hit@1",
    "hit@3",
    "status",
    "total",
    "bound",
    "amounts",
    "reverse",
    "departments",
    "unsupported_figures",
    "verbatim_quotes",
    "cited_sentences",
    "draft_notice",
    "near_misses_refused",
    "beyond_refused",
    "clean_refusals",
    "false_refusals",
)
_LOWER_IS_BETTER = frozenset({"unsupported_figures", "false_refusals"})


def _metrics(checks: Sequence[_Check], names: Sequence[str]) -> tuple[Metric, ...]:
    return tuple(
        rate(name, [c.right != (name in _LOWER_IS_BETTER) for c in checks if c.metric == name])
        for name in names
    )


def _mean_reciprocal(ranks: Sequence[int | None]) -> Metric:
    total, count = sum(1 / rank for rank in ranks if rank), len(ranks)
    low, high = wilson(total, count)
    hits = sum(rank is not None for rank in ranks)
    return Metric("mrr", total / count if count else math.nan, hits, count, low, high)


def _ranked(answer: AnswerObject) -> list[str]:
    return [_fold(_text(hit, "clause")) for hit in _objects(answer, "retrieved")]


def _rank(question: Question, answer: AnswerObject) -> int | None:
    """The place, from 1, of the first retrieved clause that is right; None where none is."""
    wanted = {_fold(clause) for clause in question.clauses}
    return next((place for place, clause in enumerate(_ranked(answer), 1) if clause in wanted), None)


def _checks(question: Question, answer: AnswerObject, clause_text: ClauseText | None) -> Iterator[_Check]:
    status = answer.get("status")
    right = status in question.status
    yield _Check("status", right, "或".join(question.status), _said(status))
    if question.kind == "near_miss":
        yield _Check("near_misses_refused", right, "或".join(question.status), _said(status))
    if question.kind == "beyond":
        yield _Check("beyond_refused", right, "或".join(question.status), _said(status))
    if not REFUSALS & set(question.status):
        yield _Check("false_refusals", status not in REFUSALS, "不拒答", _said(status))
    if question.clauses:
        rank, expected = _rank(question, answer), "或".join(question.clauses)
        for limit in (1, 3):
            got = "、".join(_ranked(answer)[:limit]) or "无"
            yield _Check(f"hit@{limit}", rank is not None and rank <= limit, expected, got)
    if question.bound is not None:
        yield from _amount_checks(question, _object(answer, "calculation"))
    if question.reverse is not None:
        value = _object(answer, "reverse").get("value")
        yield _Check("reverse", _number(value) == question.reverse, str(question.reverse), _said(value))
    if question.departments:
        text = _fold(_text(answer, "answer"))
        absent = [department for department in question.departments if _fold(department) not in text]
        yield _Check("departments", not absent, "、".join(question.departments), "缺" + "、".join(absent))
    yield from _answer_checks(answer, clause_text)


def _amount_checks(question: Question, calculation: Mapping[str, object]) -> Iterator[_Check]:
    """An unknown total is expected as null beside a bound: no calculation at all has neither."""
    total, bound = calculation.get("total"), calculation.get("bound")
    total_right = "total" in calculation and (
        total is None if question.total is None else _number(total) == question.total
    )
    bound_right = bound == question.bound
    yield _Check("total", total_right, _said(question.total), _said(total))
    yield _Check("bound", bound_right, _said(question.bound), _said(bound))
    expected, got = f"{_said(question.total)} {question.bound}", f"{_said(total)} {_said(bound)}"
    yield _Check("amounts", total_right and bound_right, expected, got)


def _answer_checks(answer: AnswerObject, clause_text: ClauseText | None) -> Iterator[_Check]:
    """What must hold of any answer, whatever was asked."""
    unsupported = unsupported_figures(answer)
    sentences, citations = _objects(answer, "sentences"), _objects(answer, "citations")
    for text, bad in unsupported:
        yield _Check("unsupported_figures", False, "每个数字有据", f"{'、'.join(bad)}（{text.strip()}）")
    for _ in range(len(sentences) - len(unsupported)):
        yield _Check("unsupported_figures", True)
    for citation in citations:
        right = _verbatim(citation, clause_text)
        yield _Check("verbatim_quotes", right, _text(citation, "clause") + "的原文", _text(citation, "quote"))
    for sentence in sentences:
        if sentence.get("proof") != "template" or sentence.get("citations"):
            cited, positions = _cited(answer, sentence), sentence.get("citations")
            right = bool(cited) and isinstance(positions, list | tuple) and len(cited) == len(positions)
            yield _Check("cited_sentences", right, "至少一处引文", _text(sentence, "text"))
    if citations:
        ending = re.split("[。！？\n]", _text(answer, "answer").rstrip("。！？）) \n"))[-1]
        yield _Check("draft_notice", DRAFT in _fold(ending), f"以{DRAFT}提示结尾", ending or "无")
    if answer.get("status") in REFUSALS:
        amounts = [item.get("amount") for item in _objects(_object(answer, "calculation"), "items")]
        stated = [amount for amount in amounts if amount is not None]
        got = f"{len(citations)} 处引文、{len(stated)} 个金额"
        yield _Check("clean_refusals", not citations and not stated, "无引文、无金额", got)


def _verbatim(citation: Mapping[str, object], clause_text: ClauseText | None) -> bool:
    """True where the quote is ``text[start:end]`` of its clause; without the text, where it can be."""
    quote, start, end = _text(citation, "quote"), citation.get("start"), citation.get("end")
    if not quote.strip() or type(start) is not int or type(end) is not int:
        return False
    if clause_text is None:
        return start >= 0 and end - start == len(quote)
    text = clause_text(_text(citation, "policy"), _text(citation, "clause"))
    return text is not None and start >= 0 and text[start:end] == quote


# ── the whole run ───────────────────────────────────────────────────────────────────────────────


def run_suites(
    folder: Path,
    suite: str,
    ask: Ask,
    clause_text: ClauseText | None = None,
    progress: Callable[[int, int], None] | None = None,
    others: Mapping[str, Callable[[], Sequence[Report]]] | None = None,
) -> Suites:
    """Ask and score one suite of the evaluation folder, or ``all``; UsageError names the suites there are.

    ``others`` are the suites that ask nothing of the assistant, by name, each run when it is wanted.
    """
    others = others or {}
    names = (*SUITES, *others)
    if suite not in ("all", *names):
        raise UsageError(f"没有“{suite}”这一组评测：只有 {'、'.join((*names, 'all'))}，请改用其中之一。")
    reports: list[Report] = []
    for name in names if suite == "all" else (suite,):
        if name in others:
            reports.extend(others[name]())
        elif name == "perturbations":
            perturbed = perturbation_questions(folder / "perturbations.yaml")
            reports.append(score_perturbations(perturbed, run(ask, perturbed, progress)))
        else:
            questions = load_split(folder, name)
            reports.append(score(questions, run(ask, questions, progress), clause_text))
    return Suites(tuple(reports))
