"""From items to parts and clauses: titles, headings, clauses, and what stands at the end of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from policy_qa.certificate import Part, PartKind, line_of
from policy_qa.clauses.items import (
    DIVISIONS,
    TEXT,
    Item,
    is_body,
    is_closing,
    is_date,
    is_document_title,
    is_title,
)
from policy_qa.clauses.lines import Line, goes_on, joined
from policy_qa.clauses.segments import segments
from policy_qa.domain import Clause
from policy_qa.text import fold

_STATUS = re.compile(
    r"[（(〔\[【][^（）()]{0,40}(?:稿|草案|试行|暂行|号|通过|修订|修正|公布|施行|发布)[^（）()]{0,20}[)）〕\]】]$"
    r"|[\u4e00-\u9fff]{1,12}\s?[〔\[【（(]\s?\d{4}\s?[〕\]】）)]\s?\d{1,5}\s?号$|[A-Z]{2}\d{6,12}$"
    r"|\d{4}年\d{1,2}月\d{1,2}日(?:\s?\S[^，。；]{0,60}(?:通过|公布|发布|印发|批准|修订|修正)(?:的《[^》]{2,60}》)?)?$"
)
_CLAUSE_TITLE_LENGTH = 30


class Draft:
    """The split as it grows; ``parts`` and ``clauses`` are in the order of the source."""

    def __init__(self, policy: str, text: str, width: float | None, apart: Sequence[Line]) -> None:
        self.policy = policy
        self.text = text
        self.width = width
        self.title = ""
        self.clauses: list[Clause] = []
        self._parts = [Part(_APART[line.kind], "", line.start, line.end) for line in apart]

    @property
    def parts(self) -> tuple[Part, ...]:
        return tuple(sorted(self._parts, key=lambda part: part.start))

    def build(self, lines: Sequence[Line], items: Sequence[Item]) -> None:
        """All parts and clauses of the lines."""
        ends = [*(item.first for item in items[1:]), len(lines)][: len(items)]
        self._front(lines[: items[0].first] if items else lines, numbered=bool(items))
        for position, (item, end) in enumerate(zip(items, ends, strict=True)):
            following = items[position + 1] if position + 1 < len(items) else None
            own = lines[item.first : end]
            if following is None or following.is_text:
                own = self._without_closing(own)
            self._item(item, own, following is not None and item in following.above)

    # ── the beginning and the end of a text ─────────────────────────────────────────────────────

    def _front(self, lines: Sequence[Line], *, numbered: bool) -> None:
        """Titles, status and signature of what precedes the first number, and its text."""
        if not numbered:
            lines = self._without_closing(lines)
        rest = self._titles(lines, numbered=numbered)
        preamble: list[Line] = []
        index = 0
        while index < len(rest):
            kind, count = self._front_part(rest, index) if numbered else (None, 1)
            if kind is None:
                preamble.append(rest[index])
            else:
                self._part(kind, "", rest[index : index + count])
            index += count
        self._unnumbered(preamble, None, numbered=numbered)

    def _titles(self, lines: Sequence[Line], *, numbered: bool) -> Sequence[Line]:
        """Take titles and status lines from the front; returns the rest."""
        rest = self._statuses(lines)
        title, rest = _title_lines(rest, may_be_all=numbered)
        if title:
            self.title = _unspaced(_once(title))
            self._part("title", "", title)
        rest = self._statuses(rest)
        while title and (count := self._title_again(rest)):
            self._part("title", "", rest[:count])
            rest = self._statuses(rest[count:])
        return rest

    def _title_again(self, lines: Sequence[Line]) -> int:
        """How many lines at the front print the title again."""
        whole = next(
            (n for n in range(2, 5) if fold("".join(one.text for one in lines[:n])) == fold(self.title)), 0
        )
        return 1 if lines and self._is_title_again(lines[0]) else whole

    def _is_title_again(self, line: Line) -> bool:
        return fold(line.text) == fold(self.title) or (
            is_title(line.text, 80) and is_document_title(line.text) and fold(line.text) in fold(self.title)
        )

    def _statuses(self, lines: Sequence[Line]) -> Sequence[Line]:
        count = 0
        while count < len(lines) and _STATUS.match(lines[count].text):
            self._part("status", "", lines[count : count + 1])
            count += 1
        return lines[count:]

    def _front_part(self, lines: Sequence[Line], index: int) -> tuple[PartKind | None, int]:
        """What is no text in front of the first number, and on how many lines; None for text."""
        line = lines[index]
        if self._is_signature(lines, index):
            return "signature", 1
        before = lines[index - 1].text if index else ""
        if is_date(before) or is_body(before):  # a notice has signed: its text begins with a title
            title, _ = _title_lines(lines[index:], may_be_all=False)
            if title and is_document_title(title[-1].text):
                return "title", len(title)
        if self.title and self._is_title_again(line):
            return "title", 1
        return ("status", 1) if _STATUS.match(line.text) else (None, 1)

    def _is_signature(self, lines: Sequence[Line], index: int) -> bool:
        """A date under the name of a body, or that name."""
        line = lines[index]
        dated = index + 1 < len(lines) and is_date(lines[index + 1].text)
        return is_date(line.text) or (is_body(line.text) and dated)

    def _without_closing(self, lines: Sequence[Line]) -> Sequence[Line]:
        """The lines up to where a text signs, dates, lists its attachments; what follows becomes parts."""
        first = next(
            (
                index
                for index in range(1, len(lines))
                if is_closing(lines[index].text) and self._closes(lines[index:], lines[index - 1])
            ),
            None,
        )
        if first is None:
            return lines
        listing = False
        for line in lines[first:]:
            listing = _is_listing(line.text) or (listing and not _is_end(line.text))
            self._part("attachments" if listing else "signature", "", [line])
        return lines[:first]

    def _closes(self, tail: Sequence[Line], before: Line) -> bool:
        """Whether these lines are nothing but the end of a text."""
        if before.text[-1] in "，、":
            return False
        return any(
            is_date(line.text) or _is_listing(line.text) or _is_end(line.text) for line in tail
        ) and all(
            is_closing(line.text) or (len(line.text) <= 70 and "。" not in line.text and not line.is_row)
            for line in tail
        )

    # ── items ───────────────────────────────────────────────────────────────────────────────────

    def _item(self, item: Item, lines: Sequence[Line], has_items: bool) -> None:
        """A heading, or a clause with all its lines; a text of its own comes in parts of its own."""
        above = item.above[-1].path if item.above else ()
        if item.is_text or item.style == "附则":
            self._text_of_its_own(item, lines, above, has_items)
            return
        text = joined(lines, self.width)
        body = text[item.length :].strip()
        if (has_items or item.style in DIVISIONS) and _is_title_alone(body):
            item.path = (*above, text.rstrip("。.：:"))
            self._part("heading", item.label, lines)
        else:
            title = _clause_title(body)
            item.path = (*above, f"{text[: item.length].rstrip()}{title}")
            self._clause("clause", item.label, item.path, title or item.label, lines)

    def _text_of_its_own(
        self, item: Item, lines: Sequence[Line], above: tuple[str, ...], has_items: bool
    ) -> None:
        if item.style == TEXT:
            heading, rest = lines[: item.heading_lines], lines[item.heading_lines :]
        elif lines[0].text[item.length :].strip():
            heading, rest = lines[:1], lines[1:]
        else:
            title, rest = _title_lines(lines[1:], may_be_all=True)
            heading = [lines[0], *title]
        printed = heading[-1:] if item.style == TEXT else heading
        name = "".join(line.text for line in printed) or item.label.removesuffix("/")
        item.path = (*above, name) if item.label else above  # the first text is the policy itself
        if heading:
            self._part("heading" if item.label else "title", item.label, heading)
        if not item.label and not self.title:
            self.title = _unspaced(heading[-1:])
        rest = self._statuses(rest)
        self._unnumbered(rest, item, numbered=has_items)

    def _unnumbered(self, lines: Sequence[Line], text: Item | None, *, numbered: bool) -> None:
        """What stands before the first number of a text, or all of it where it has none."""
        if not lines:
            return
        prefix, path = (text.label, text.path) if text is not None else ("", ())
        if numbered:
            self._clause("preamble", f"{prefix}序言", (*path, "序言"), "序言", lines)
            return
        for position, paragraph in enumerate(_paragraphs(lines, self.width), start=1):
            label = f"{prefix}¶{position}"
            self._clause("clause", label, (*path, label), label, paragraph)

    def _clause(
        self, kind: PartKind, label: str, path: tuple[str, ...], title: str, lines: Sequence[Line]
    ) -> None:
        text = joined(lines, self.width)
        self._part(kind, label, lines)
        line = line_of(self.text, lines[0].start)
        self.clauses.append(Clause(self.policy, label, path, title, text, segments(text), None, line))

    def _part(self, kind: PartKind, label: str, lines: Sequence[Line]) -> None:
        """One part for the lines, or several where lines of other parts stand between them."""
        start, end = lines[0].start, lines[0].end
        for line in lines[1:]:
            if self._interrupted(end, line.start):
                self._parts.append(Part(kind, label, start, end))
                kind, start = "continuation" if label else kind, line.start
            end = line.end
        self._parts.append(Part(kind, label, start, end))

    def _interrupted(self, start: int, end: int) -> bool:
        """Whether anything is printed in the source between the two."""
        return bool(self.text[start:end].strip())


_APART: dict[str, PartKind] = {"page": "page", "contents": "contents", "margin": "margin"}


def _is_listing(text: str) -> bool:
    return re.match(r"附\s?件\s?\d{0,2}\s?[:：]", text) is not None


def _is_end(text: str) -> bool:
    return (
        re.match(r"公开方式|抄\s?送|[（(]?此件|.{2,30}日印发$", text) is not None
        or is_date(text)
        or is_body(text)
    )


def _once(title: Sequence[Line]) -> list[Line]:
    """The lines of a title without those that its last line says again."""
    last = fold(title[-1].text)
    others = [
        line for line in title[:-1] if last not in fold(line.text) and not last.startswith(fold(line.text))
    ]
    return [*others, title[-1]]


def _unspaced(lines: Sequence[Line]) -> str:
    """The title in one piece; a letter-spaced line without its spaces."""
    return "".join(
        "".join(line.text.split()) if re.fullmatch(r"(?:\S\s+){3,}\S", line.text) else line.text
        for line in lines
    )


def _paragraphs(lines: Sequence[Line], width: float | None) -> Iterator[list[Line]]:
    """The paragraphs; the rows of a table are one."""
    paragraph: list[Line] = []
    for line in lines:
        in_table = bool(paragraph) and paragraph[-1].is_row and line.is_row
        if paragraph and not in_table and not goes_on(paragraph[-1], line, width):
            yield paragraph
            paragraph = []
        paragraph.append(line)
    if paragraph:
        yield paragraph


def _title_lines(lines: Sequence[Line], *, may_be_all: bool) -> tuple[Sequence[Line], Sequence[Line]]:
    """The lines of the title, up to four without a comma or full stop, and the rest."""
    count = 0
    for line in lines[:4]:
        if (
            any(character in line.text for character in "，。；：,;:")
            or _STATUS.match(line.text)
            or line.is_row
        ):
            break
        count += 1
        if is_document_title(line.text):
            return lines[:count], lines[count:]
    if count < len(lines) or may_be_all:
        return lines[:count], lines[count:]
    return (), lines


_BRACKETED_TITLE = re.compile(r"[【〔\[]([^】〕\]]{1,30})[】〕\]]")


def _is_title_alone(body: str) -> bool:
    bracketed = _BRACKETED_TITLE.match(body)
    if bracketed and body[bracketed.end() :].strip():  # 「【容积率】鼓励工业上楼。」 has said its title
        return False
    title = body.rstrip("。：:")
    is_rule = body.endswith("。") and any(character == "，" or character.isdigit() for character in title)
    is_lead_in = body.endswith(("：", ":")) and (
        len(title) > 8 or re.search("下列|如下|以下", title) is not None
    )
    has_sentences = any(character in title for character in "。；！？\n")
    return len(title) <= 60 and not (is_rule or is_lead_in or has_sentences)


def _clause_title(body: str) -> str:
    """The title sentence a clause begins with, empty where it begins with its rule."""
    bracketed = _BRACKETED_TITLE.match(body)
    if bracketed:
        return bracketed[1]
    title = re.split(r"[。；：\n]", body[: 2 * _CLAUSE_TITLE_LENGTH], maxsplit=1)[0].strip()
    return title if len(title) <= _CLAUSE_TITLE_LENGTH and "，" not in title else ""
