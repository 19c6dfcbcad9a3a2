"""From the text of a policy to its clauses, by the numbers it prints.

A line that begins with a number of a known style opens an item; the styles are ordered into levels, and an
item closes all open items of its level and below. An item that prints only a title above others is a heading.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from policy_qa.certificate import Part, certify, line_of
from policy_qa.domain import Certificate, Clause, Segment
from policy_qa.references import HAN_NUMERALS, label_components, number_of
from policy_qa.text import fold


@dataclass(frozen=True, slots=True)
class Split:
    """A policy text by clause, with the parts that account for every character and the proof of it."""

    title: str
    clauses: tuple[Clause, ...]
    parts: tuple[Part, ...]
    certificate: Certificate


def split(policy_id: str, text: str) -> Split:
    """Split a policy text into its clauses; any text splits, the certificate says whether to trust it."""
    lines = _lines(text)
    width = _wrap_width(lines)
    items = _items(lines, width)
    ends = [*(item.first for item in items[1:]), len(lines)][: len(items)]
    draft = _Draft(policy_id, text, width)
    draft.front_matter(lines[: items[0].first] if items else lines, numbered=bool(items))
    for position, (item, end) in enumerate(zip(items, ends, strict=True)):
        has_items = position + 1 < len(items) and item in items[position + 1].above
        draft.item(item, lines[item.first : end], has_items)
    clauses = _with_running_numbers(draft.clauses, draft.parts)
    certificate = certify(text, draft.title, clauses, draft.parts)
    return Split(draft.title, clauses, tuple(draft.parts), certificate)


def verify(text: str, candidate: Split) -> Certificate:
    """The certificate of a split, made anew from its parts and the source."""
    return certify(text, candidate.title, candidate.clauses, candidate.parts)


# ── lines ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Line:
    """A printed line without the white space at its edges: ``source[start:end] == text``."""

    start: int
    end: int
    text: str


_PHYSICAL_LINE = re.compile(r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+")
_ARTICLE_WITHIN = re.compile(rf"第[{HAN_NUMERALS}]{{1,9}}条(?=\s)")
_SENTENCE_ENDS = "。；：！？…;:!?.”’」』》）)】"
_FULL_LINE = 0.75
"""A line this full, measured by the width of full lines, goes on in the next one."""


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    for physical in _PHYSICAL_LINE.finditer(text):
        cuts = [physical.start(), physical.end()]
        # Some texts print 「第一章　总则　　第一条　为…」 in one line.
        cuts += [
            match.start()
            for match in _ARTICLE_WITHIN.finditer(text, physical.start(), physical.end())
            if text[max(physical.start(), match.start() - 2) : match.start()] == "　　"
        ]
        for start, end in pairwise(sorted(set(cuts))):
            stripped = text[start:end].strip()
            if stripped:
                start += text[start:end].index(stripped[0])
                lines.append(_Line(start, start + len(stripped), stripped))
    return lines


def _width(text: str) -> float:
    return sum(1.0 if unicodedata.east_asian_width(character) in "WFA" else 0.5 for character in text)


def _wrap_width(lines: Sequence[_Line]) -> float | None:
    """The width at which the text is hard-wrapped, None where a line is a whole paragraph."""
    if len(lines) < 3:
        return None
    widths = [_width(line.text) for line in lines]
    full = sorted(widths)[int(len(widths) * 0.9)]
    full_lines = [line for line, width in zip(lines[:-1], widths, strict=False) if width >= full * _FULL_LINE]
    unfinished = [line for line in full_lines if line.text[-1] not in _SENTENCE_ENDS]
    return full if len(full_lines) >= 3 and 2 * len(unfinished) > len(full_lines) else None


def _continues(line: _Line, width: float | None) -> bool:
    """Whether the sentence or paragraph of this line goes on in the next one."""
    if width is None:
        return line.text[-1] in "，、,—（(《“〔"
    return _width(line.text) >= width * _FULL_LINE


def _joined(lines: Sequence[_Line], width: float | None) -> str:
    """The text of the lines, without the line breaks that stand inside a paragraph."""
    pieces: list[str] = []
    for line, following in pairwise(lines):
        pieces.append(line.text)
        if not _continues(line, width):
            pieces.append("\n")
        elif _is_latin(line.text[-1]) and _is_latin(following.text[0]):
            pieces.append(" ")
    return "".join([*pieces, lines[-1].text])


def _is_latin(character: str) -> bool:
    return character.isascii() and character.isalpha()


# ── items ───────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class _Marker:
    """The number a line begins with: ``component`` as a label prints it, ``length`` as the line does."""

    style: str
    number: int
    component: str
    length: int
    is_certain: bool = True


@dataclass(eq=False, slots=True)
class _Item:
    marker: _Marker
    first: int
    """Index of its first line."""
    above: list[_Item] = field(default_factory=list)
    label: str = ""
    path: tuple[str, ...] = ()


_HAN = rf"[{HAN_NUMERALS}]"
_ANY = rf"[{HAN_NUMERALS}0-9０-９]"
_LEVELS = ("附件", "附则", "编", "章", "节", "条", "一", "（一）", "1", "（1）", "①")
_MARKERS = tuple(
    (style, re.compile(expression))
    for style, expression in (
        ("附件", rf"附\s{{0,4}}件\s{{0,4}}(?P<n>{_ANY}{{0,3}})\s{{0,4}}[:：]?$"),
        ("附则", r"附\s{0,4}则$"),
        ("编", rf"第\s?(?P<n>{_ANY}{{1,9}})\s?编(?=\s|$)"),
        ("章", rf"第\s?(?P<n>{_ANY}{{1,9}})\s?章(?=\s|$|[^，。；：、的]{{1,20}}$)"),
        ("节", rf"第\s?(?P<n>{_ANY}{{1,9}})\s?节(?=\s|$|[^，。；：、的]{{1,20}}$)"),
        ("条", rf"第\s?(?P<n>{_ANY}{{1,9}})\s?条(?:之(?P<suffix>{_HAN}{{1,3}}))?"),
        ("一", rf"(?P<n>{_HAN}{{1,5}})\s?[、．.](?!{_HAN}{{1,5}}[、等])"),
        ("（一）", rf"[（(]\s?(?P<n>{_HAN}{{1,5}})\s?[)）]"),
        ("1", r"(?P<n>[0-9０-９]{1,3})(?:\s?[.．﹒](?:(?![0-9０-９])|(?=\d{4}\s?年))|、(?![0-9０-９]))"),
        ("（1）", r"(?:[（(]\s?(?P<n>[0-9０-９]{1,3})\s?|(?P<half>[0-9０-９]{1,3}))[)）]"),
        ("①", r"(?P<n>[①-⑳㉑-㉟㊱-㊿])"),
    )
)
# 「第五条规定的…」 at the start of a line speaks of a clause, it does not open one.
_CROSS_REFERENCE = re.compile(
    r"\s{0,4}(?:规定|所[列述称指规]|中[的所规]|的|第|至|到|和|及|或|与|、|，|。|；|）|款|项|明确|要求)"
)


def _marker(text: str) -> _Marker | None:
    for style, pattern in _MARKERS:
        match = pattern.match(text)
        if match is None:
            continue
        groups = match.groupdict()
        printed = fold(groups.get("n") or groups.get("half") or "")
        suffix = groups.get("suffix")
        number = number_of(printed) if printed else 0
        after = text[match.end() : match.end() + 1]
        if number is None or (style == "条" and _CROSS_REFERENCE.match(text, match.end())):
            return None
        is_certain = style != "条" or not after or after.isspace() or not after.isalnum()
        components = {
            "附件": f"附件{printed}/",
            "附则": "附则",
            "一": printed,
            "1": printed,
            "①": match.group(),
        }
        components |= {"（一）": f"（{printed}）", "（1）": f"（{printed}）"}
        fallback = f"第{printed}{style}" + (f"之{suffix}" if suffix else "")
        return _Marker(style, number, components.get(style, fallback), match.end(), is_certain)
    return None


def _items(lines: Sequence[_Line], width: float | None) -> list[_Item]:
    """The items in order, each with the items that hold it and its label."""
    items: list[_Item] = []
    article = 0
    for index, line in enumerate(lines):
        marker = _marker(line.text)
        if marker is None or (index and not _may_open_after(lines[index - 1], width)):
            continue
        if not marker.is_certain and marker.number != article + 1:
            continue
        if marker.style == "条":
            article = marker.number
        items.append(_Item(marker, index))
    rank = _ranks(items)
    open_items: list[_Item] = []
    for item in items:
        while open_items and rank[open_items[-1].marker.style] >= rank[item.marker.style]:
            open_items.pop()
        item.above = list(open_items)
        open_items.append(item)
    label_from_article = _articles_run(items)
    for item in items:
        chain = [*item.above, item]
        articles = [position for position, one in enumerate(chain) if one.marker.style == "条"]
        if label_from_article and articles:
            scope = [one for one in chain[: articles[0]] if one.marker.style == "附件"]
            chain = scope + chain[articles[0] :]
        item.label = "".join(one.marker.component for one in chain)
    return items


def _may_open_after(before: _Line, width: float | None) -> bool:
    """An item opens where a sentence ended or after a title, never inside a sentence."""
    is_title = not any(character in before.text for character in "，。；：")
    return is_title or before.text[-1] in _SENTENCE_ENDS or not _continues(before, width)


def _ranks(items: Sequence[_Item]) -> dict[str, int]:
    """The level of each style; where 一、 comes before the first 条 it stands above 条, as a chapter does."""
    styles = [item.marker.style for item in items]
    levels = list(_LEVELS)
    if "条" in styles and "一" in styles[: styles.index("条")]:
        levels.remove("条")
        levels.insert(levels.index("一") + 1, "条")
    return {style: level for level, style in enumerate(levels)}


def _articles_run(items: Sequence[_Item]) -> bool:
    """Whether 条 are numbered through the text and do not begin again in each chapter."""
    seen: set[tuple[str, str]] = set()
    for item in items:
        scope = next((one.marker.component for one in item.above if one.marker.style == "附件"), "")
        if item.marker.style == "条":
            if (scope, item.marker.component) in seen:
                return False
            seen.add((scope, item.marker.component))
    return True


# ── parts and clauses ───────────────────────────────────────────────────────────────────────────

_STATUS = re.compile(r"[（(〔\[【][^（）()]{0,20}(?:稿|草案|试行|暂行|号)[）)〕\]】]$")
_TITLE_ENDS = re.compile(
    r"(?:意见|办法|措施|细则|规定|方案|政策|通知|决定|条例|规划|计划|指南|清单|公告|通告|批复|要点|条)$"
)
_CLAUSE_TITLE_LENGTH = 30


@dataclass(slots=True)
class _Draft:
    """The split as it grows."""

    policy: str
    text: str
    width: float | None
    title: str = ""
    parts: list[Part] = field(default_factory=list)
    clauses: list[Clause] = field(default_factory=list)

    def front_matter(self, lines: Sequence[_Line], *, numbered: bool) -> None:
        """Title, status and the text before the first number."""
        title, rest = _title_lines(lines, may_be_all=numbered)
        if title:
            self.title = "".join(line.text for line in title)
            self.parts.append(Part("title", "", title[0].start, title[-1].end))
        while rest and _STATUS.match(rest[0].text):
            self.parts.append(Part("status", "", rest[0].start, rest[0].end))
            rest = rest[1:]
        self._unnumbered(rest, "", numbered=numbered)

    def item(self, item: _Item, lines: Sequence[_Line], has_items: bool) -> None:
        """A heading, or a clause with all its lines; an attachment's own text comes in parts of its own."""
        above = item.above[-1].path if item.above else ()
        text = _joined(lines, self.width)
        body = text[item.marker.length :].strip()
        if item.marker.style in ("附件", "附则"):
            title, rest = _title_lines(lines[1:], may_be_all=has_items)
            heading = [lines[0], *title]
            item.path = (*above, "".join(line.text for line in heading))
            self.parts.append(Part("heading", item.label, heading[0].start, heading[-1].end))
            self._unnumbered(rest, item.label, numbered=has_items)
        elif has_items and _is_title_alone(body):
            item.path = (*above, text.rstrip("。.：:"))
            self.parts.append(Part("heading", item.label, lines[0].start, lines[-1].end))
        else:
            title_text = _clause_title(body)
            item.path = (*above, f"{text[: item.marker.length].rstrip()}{title_text}")
            self._clause("clause", item.label, item.path, title_text or item.label, lines)

    def _unnumbered(self, lines: Sequence[_Line], prefix: str, *, numbered: bool) -> None:
        if not lines:
            return
        if numbered:
            self._clause("preamble", f"{prefix}序言", ("序言",), "序言", lines)
            return
        for position, paragraph in enumerate(_paragraphs(lines, self.width), start=1):
            label = f"{prefix}¶{position}"
            self._clause("clause", label, (label,), label, paragraph)

    def _clause(
        self, kind: str, label: str, path: tuple[str, ...], title: str, lines: Sequence[_Line]
    ) -> None:
        text = _joined(lines, self.width)
        start = lines[0].start
        self.parts.append(Part("preamble" if kind == "preamble" else "clause", label, start, lines[-1].end))
        self.clauses.append(
            Clause(self.policy, label, path, title, text, segments(text), None, line_of(self.text, start))
        )


def _paragraphs(lines: Sequence[_Line], width: float | None) -> Iterator[list[_Line]]:
    paragraph: list[_Line] = []
    for line in lines:
        paragraph.append(line)
        if not _continues(line, width):
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _title_lines(lines: Sequence[_Line], *, may_be_all: bool) -> tuple[Sequence[_Line], Sequence[_Line]]:
    """The lines of the title, up to four without a comma or full stop, and the rest."""
    count = 0
    for line in lines[:4]:
        if any(character in line.text for character in "，。；：,;:") or _STATUS.match(line.text):
            break
        count += 1
        if _TITLE_ENDS.search(line.text):
            return lines[:count], lines[count:]
    if count < len(lines) or may_be_all:
        return lines[:count], lines[count:]
    return (), lines


def _is_title_alone(body: str) -> bool:
    title = body.rstrip("。：:")
    is_rule = body.endswith("。") and any(character == "，" or character.isdigit() for character in title)
    is_lead_in = body.endswith(("：", ":")) and (
        len(title) > 8 or re.search("下列|如下|以下", title) is not None
    )
    has_sentences = any(character in title for character in "。；！？\n")
    return len(title) <= 60 and not (is_rule or is_lead_in or has_sentences)


def _clause_title(body: str) -> str:
    """The title sentence a clause begins with, empty where it begins with its rule."""
    bracketed = re.match(r"[【〔\[]([^】〕\]]{1,30})[】〕\]]", body)
    if bracketed:
        return bracketed[1]
    title = re.split(r"[。；：\n]", body[: 2 * _CLAUSE_TITLE_LENGTH], maxsplit=1)[0].strip()
    return title if len(title) <= _CLAUSE_TITLE_LENGTH and "，" not in title else ""


def _with_running_numbers(clauses: Sequence[Clause], parts: Sequence[Part]) -> tuple[Clause, ...]:
    """The clauses, those of the one style whose numbers run through the policy with their number."""
    components = {clause.label: label_components(clause.label) for clause in clauses}
    labelled = [label_components(part.label) for part in parts if part.label]
    in_text = [one for one in labelled if one[0].style != "附件"]
    for style in ("条", "1", "（一）", "一"):
        own = [one for one in in_text if one[-1].style == style]
        numbers = {(one[-1].number, one[-1].suffix) for one in own}
        parents = {one[:-1] for one in own}
        if own and len(numbers) == len(own) and (len(parents) > 1 or parents == {()}):
            return tuple(
                replace(clause, number=components[clause.label][-1].number)
                if components[clause.label] in own and not components[clause.label][-1].suffix
                else clause
                for clause in clauses
            )
    return tuple(clauses)


# ── segments and departments ────────────────────────────────────────────────────────────────────

_RESPONSIBLE = re.compile(
    r"(?:[，,]?(?:并)?(?:按照?|根据)(?:各自)?职责(?:任务)?(?:分工)?)?(?:共同|分别|牵头|具体|组织)?(?:负责|落实)$"
)
_NAMED_ROLE = re.compile(r"^(?:责任|牵头|配合|主管|实施)(?:单位|部门)[:：]")
_PAIRS = {"（": "）", "(": ")", "“": "”", "《": "》", "「": "」"}


def segments(text: str) -> tuple[Segment, ...]:
    """The passages of a clause, each up to and with its 「（…负责）」, and the rest after the last one."""
    found: list[Segment] = []
    start = 0
    for opened, closed in _brackets(text):
        inner = text[opened + 1 : closed].strip()
        if not inner.endswith("负责") and not _NAMED_ROLE.match(inner):
            continue
        end = closed + 1
        if text[end : end + 1] == "。":
            end += 1
        names, open_ended = departments(inner)
        found.append(Segment(start, end, names, open_ended))
        start = end + len(text[end:]) - len(text[end:].lstrip())
    if text[start:].strip() or not found:
        found.append(Segment(start, len(text), ()))
    return tuple(found)


def _brackets(text: str) -> Iterator[tuple[int, int]]:
    """The outermost round brackets; an unbalanced one ends at the next closing bracket of its own."""
    opened: list[int] = []
    for index, character in enumerate(text):
        if character in "（(":
            opened.append(index)
        elif character in "）)" and opened:
            start = opened.pop()
            if not opened:
                yield start, index


def departments(responsible: str) -> tuple[tuple[str, ...], bool]:
    """The departments of 「市经信局、市财政局等按职责分工负责」 in order, and whether 等 leaves them open.

    「各县区、园区」 are two, 「各县区（园区）」 is one: brackets and quotation marks hold a name together.
    """
    listed = _RESPONSIBLE.sub("", _NAMED_ROLE.sub("", "".join(responsible.split())))
    closed = re.sub(r"等(?:相关|有关)?(?:部门|单位)?$", "", listed)
    names: list[str] = [""]
    expected: list[str] = []
    for character in closed:
        if expected and character == expected[-1]:
            expected.pop()
        elif character in _PAIRS:
            expected.append(_PAIRS[character])
        elif not expected and character in "、，,；;":
            names.append("")
            continue
        names[-1] += character
    return tuple(dict.fromkeys(name for name in names if name)), closed != listed


@dataclass(frozen=True, slots=True)
class DepartmentNames:
    """Which printed names are one department, as ``department_aliases`` of policy.yaml says."""

    aliases: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, aliases: Iterable[Iterable[str]]) -> DepartmentNames:
        return cls(tuple(tuple(group) for group in aliases))

    def same(self, name: str) -> tuple[str, ...]:
        """All names of the department, the given one first; each name once."""
        wanted = fold(name)
        group = next((group for group in self.aliases if any(fold(one) == wanted for one in group)), ())
        return (name, *(one for one in group if fold(one) != wanted))

    def segments_of(self, name: str, clauses: Iterable[Clause]) -> tuple[tuple[Clause, Segment], ...]:
        """The passages this department is responsible for, under any of its names, in order."""
        names = {fold(one) for one in self.same(name)}
        return tuple(
            (clause, segment)
            for clause in clauses
            for segment in clause.segments
            if any(fold(department) in names for department in segment.departments)
        )
