"""What a document says of itself: title, number, issuer, dates of issue and force, what it replaces, where.

Each is read where documents print it and kept with the words that say it, for a person to confirm; what is
not printed stays None, and what can be read in two ways is a doubt and not a guess.
"""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field

from policy_qa.references import number_of
from policy_qa.text import fold

_HEAD_LINES = 40
_TITLE_WORDS = (
    "(意见|办法|措施|细则|方案|规定|通知|政策|指南|条例|公告|清单|规划|计划|决定|条款|汇编|"
    "补助|支持|发展|能力)"
)


@dataclass(frozen=True, slots=True)
class Particulars:
    """The particulars of one document; ``quotes`` has the printed words of each that was found."""

    title: str | None = None
    number: str | None = None
    """The 文号, as printed: ``皖政办〔2020〕4号``."""
    status: str = "正式"
    issuing_body: str | None = None
    issued_on: datetime.date | None = None
    in_force_from: datetime.date | None = None
    in_force_until: datetime.date | None = None
    supersedes: str | None = None
    rests_on: tuple[str, ...] = ()
    region: str | None = None
    quotes: dict[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()
    """What a person has to look at, each one Chinese sentence."""


def read_particulars(text: str) -> Particulars:
    """The particulars printed in ``text``, a document's whole text with its line breaks."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    head = lines[:_HEAD_LINES]
    quotes: dict[str, str] = {}
    doubts: list[str] = []
    title = _title(head)
    number = next((found for line in head if (found := _own_number(line))), None)
    status = "征求意见稿" if _is_draft(head) else "正式"
    body = _issuing_body(title, head, lines)
    issued = _issued_on(head, lines)
    in_force = _Force.read(text, issued, doubts)
    supersedes = _SUPERSEDES.search(fold(text))
    rests_on = tuple(dict.fromkeys(_RESTS_ON.findall(fold("".join(head)))))[:5]
    region = _region(body, title)
    if title is None:
        doubts.append("没有认出标题，请填写。")
    if status == "正式" and issued is None:
        doubts.append("没有认出印发日期，请对照原文填写；确实没有印的留空。")
    if region is None:
        doubts.append("没有认出适用的地区，请填写，如 安徽省淮南市。")
    printed = {"number": number, "issuing_body": body, "in_force": in_force.quote}
    quotes |= {name: words for name, words in printed.items() if words}
    if supersedes:
        quotes["supersedes"] = supersedes.group()
    return Particulars(
        title, number, status, body, issued, in_force.begin, in_force.end,
        supersedes.group(1) if supersedes else None, rests_on, region, quotes, tuple(doubts),
    )  # fmt: skip


# ── title, number, issuer ───────────────────────────────────────────────────────────────────────

_NUMBER = re.compile(r"[一-鿿]{2,12}[〔\[［（(]\s?(?:19|20)\d{2}\s?[〕\]］）)]\s?(?:第\s?)?\d{1,4}\s?号")
_NUMBER_LABEL = re.compile(r"^(?:发文字号|文\s*号|文件编号)[:：\s]*")


def _own_number(line: str) -> str | None:
    """A number that has the line to itself: in a sentence it is another document's."""
    alone = _NUMBER_LABEL.sub("", line.strip())
    match = _NUMBER.fullmatch(alone)
    return match.group() if match else None


_SOURCE_LINE = re.compile(
    r"法宝引证码|原文链接|https?://|^关注|当前位置|^[-\s—–]+$|【.{2,4}解读】|【.{2,4}读懂】|-->|^附件"
)
_DRAFT = re.compile(r"[（(](公开)?(征求意见稿|送审稿|草案|讨论稿)[^）)]{0,10}[）)]|^(公开)?征求意见稿$")


def _title(head: list[str]) -> str | None:
    """The first line that reads like a title, joined with the next where a hard wrap cut it."""
    for position, line in enumerate(head):
        flat = _spaced(line)
        if _SOURCE_LINE.search(flat) or len(flat) > 90 or flat.endswith(("。", "；", "：", ":")):
            continue
        if re.match(r"[一二三四五六七八九十]+、|第[一二三四五六七八九十百]+[章条编]|[（(][一二三]", flat):
            return None
        following = _spaced(head[position + 1]) if position + 1 < len(head) else ""
        if re.search(_TITLE_WORDS + r"([（(][^）)]*[）)])?$", flat) and len(flat) > 5:
            return _bare(flat)
        if len(following) < 45 and re.search(_TITLE_WORDS + r"([（(][^）)]*[）)])?$", following):
            return _bare(flat + following)
    return None


def _spaced(line: str) -> str:
    """A line without the blanks of letter-spacing (关 于 印 发)."""
    return re.sub(r"(?<=[^\x00-\x7f])\s+(?=[^\x00-\x7f])", "", line.strip())


def _bare(title: str) -> str:
    """Without a list number, the mark of a draft, and an issuer that a page's layout prints twice."""
    bare = _DRAFT.sub("", re.sub(r"^\d{1,3}[.．、]\s*", "", title)).strip()
    return re.sub(r"^(.{4,40})\1", r"\1", bare)


def _is_draft(head: list[str]) -> bool:
    return any(_DRAFT.search(_spaced(line)) for line in head[:12] if len(line) < 90)


_BODY = re.compile(
    r"^[一-鿿、\s]{4,40}?(?:人民政府办公[室厅]|人民政府|委员会|管委会|办公[室厅]|[局厅委部办])(?=关于|$)"
)


def _issuing_body(title: str | None, head: list[str], lines: list[str]) -> str | None:
    labelled = (_first(re.compile(r"^发[文布]机[构关][:：\s]\s*([^\s]{4,40})"), line) for line in head)
    for said in labelled:
        if said:
            return said
    for line in (title or "", *head[:12], *_tail(lines)):
        if match := _BODY.match(_bare(_spaced(line))):
            return match.group().strip()
    return None


def _tail(lines: list[str]) -> list[str]:
    """The lines around the signature, which stands before the attachments."""
    dated = [i for i, line in enumerate(lines) if _DATE_LINE.match(_spaced(line))]
    near = [line for i in dated[-3:] for line in lines[max(0, i - 3) : i]]
    return [line for line in near if len(line) < 40]


# ── dates ───────────────────────────────────────────────────────────────────────────────────────

_OF_DATE = "([0-9]{1,2}|[一二三四五六七八九十]{1,3})"
_DATE = rf"((?:19|20)\d{{2}}|二[〇○Ｏ零O]\S{{2}})年{_OF_DATE}月{_OF_DATE}日"
_DATE_LINE = re.compile(rf"^[（(]?{_DATE}(印发|发布)?[）)]?$")


def _date(year: str, month: str, day: str) -> datetime.date | None:
    han = year.translate(str.maketrans("〇○Ｏ零O一二三四五六七八九", "00000123456789"))
    try:
        return datetime.date(int(han), number_of(month) or 0, number_of(day) or 0)
    except ValueError:
        return None


def _issued_on(head: list[str], lines: list[str]) -> datetime.date | None:
    for line in head:
        flat = re.sub(r"\s", "", line)
        if match := re.search(rf"(?:发布|印发|成文|公布)日?期?[:：]?{_DATE}", flat):
            return _date(*match.groups())
        if match := re.search(
            r"(?:发布|印发|成文)日期[:：]?((?:19|20)\d{2})[-/.](\d{1,2})[-/.](\d{1,2})", flat
        ):
            return _date(*match.groups())
    for line in reversed(lines):
        flat = re.sub(r"\s", "", line)
        match = _DATE_LINE.match(flat) or re.search(rf"{_DATE}印发$", flat)
        if match:
            return _date(*match.groups()[:3])
    return None


@dataclass(frozen=True, slots=True)
class _Force:
    begin: datetime.date | None
    end: datetime.date | None
    quote: str | None

    @classmethod
    def read(cls, text: str, issued: datetime.date | None, doubts: list[str]) -> _Force:
        """The last passage that says from when and until when the document itself is in force."""
        flat = fold(text)
        found = list(_IN_FORCE.finditer(flat))
        if not found:
            return cls(None, None, None)
        said = found[-1]
        dated = re.match(_DATE, said.group("day") or "")
        begin = _date(*dated.groups()) if dated else issued
        if begin is None:
            doubts.append(f"写的是“{said.group()[:30]}”，算不出起止日期，请对照原文填写。")
        end: datetime.date | None = None
        if until := re.search(rf"有效期(?:限)?[:：]?(?:截止|截至|截止到|至|到|为)+{_DATE}", flat):
            end = _date(*until.groups())
        elif (
            years := re.search(
                r"有效期(?:限)?[:：]?(?:为)?([0-9一二三四五六七八九十两]{1,2})年", said.group()
            )
        ) and begin:
            end = _after(begin, number_of(years.group(1)) or 0)
        elif "有效期" not in said.group() and "暂定" in said.group():
            doubts.append("有效期的写法没有认出，请对照原文填写。")
        return cls(begin, end, said.group())


_IN_FORCE = re.compile(
    rf"本[一-鿿]{{2,8}}[,，]?自(?P<day>{_DATE}|(?:印发|发布|公布|颁布|下发|发文|通过)之日)起?(?:正式)?(?:施行|实施|执行|生效|试行)[^。]{{0,40}}"
)


def _after(begin: datetime.date, years: int) -> datetime.date | None:
    """The last day of so many years that begin on ``begin``."""
    if not years:
        return None
    day = min(begin.day, 28) if (begin.month, begin.day) == (2, 29) else begin.day
    return begin.replace(year=begin.year + years, day=day) - datetime.timedelta(days=1)


# ── what it replaces and rests on, where it applies ─────────────────────────────────────────────

_SUPERSEDES = re.compile(r"(《[^》]{4,80}》(?:[（(][^）)]{4,30}[）)])?)[^。；]{0,12}同时(?:予以)?废止")
_RESTS_ON = re.compile(r"(?:根据|依据|按照|落实|贯彻)(《[^》]{6,80}》(?:[（(][^）)]{4,30}[）)])?)")
_PROVINCE = re.compile(
    r"(?:河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海)省"
    r"|(?:内蒙古|西藏)自治区|广西壮族自治区|宁夏回族自治区|新疆维吾尔自治区"
)
_PLACE = re.compile(
    rf"^(?:中共)?((?:{_PROVINCE.pattern})?(?:[^省市县，。、]{{2,7}}?(?:市|自治州|州|盟))?"
    r"(?:[^省市区县，。、]{2,4}?(?:新区|区|县|旗|市))?)"
)


def _region(*sources: str | None) -> str | None:
    for source in sources:
        if source and (match := _PLACE.match(source.removeprefix("关于"))) and match.group(1):
            return match.group(1)
    return None


def _first(pattern: re.Pattern[str], text: str) -> str | None:
    match = pattern.search(text)
    if match is None:
        return None
    return match.group(1) if pattern.groups else match.group()
