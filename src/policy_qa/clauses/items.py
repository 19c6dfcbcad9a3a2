"""From numbered lines to a tree: which number stands under which, and which is none.

Each style keeps its place in the order the text itself shows: a number of an open style continues its list,
any other opens a list below, unless its style is wider than what is open. A number that nothing before or
after it supports is text, and is said so.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from policy_qa.clauses.lines import SENTENCE_ENDS, Line, goes_on
from policy_qa.clauses.markers import DECIMALS, STYLES, Marker, marker
from policy_qa.text import fold

TEXT = "text"
"""The style of an item that is a whole text of its own, opened by its title."""
DIVISIONS = ("部分", "编", "分编", "章", "节")
"""Styles that only divide a text: without text of their own they are headings, whatever stands below."""
_ROW = Marker("¶", 0, 0, "¶", 0)
"""Stands among the numbers for a paragraph of its own: a labelled row of a table, a final provision."""
_FINAL_PROVISION = re.compile(r"本[^，。；]{1,12}自[^，。；]{2,20}(?:施行|实施|执行|生效)")
_TITLE_ENDS = re.compile(
    r"(?:意见|办法|措施|细则|规定|方案|政策|通知|决定|条例|规划|计划|指南|清单|公告|通告|批复|要点|标准|目录|条)"
    r"(?:[（(][^（）()]{1,20}[)）])?$"
)
_SENTENCE_MARKS = "，。；：,;:！？"
_MAX_GAP = 10
_SHORTEST_TITLE = 8
_LIKENESS = 0.94
"""How alike two prints of one title are; one may have a slip."""
_LOOK_BACK = 6


@dataclass(eq=False, slots=True)
class Item:
    """One numbered unit, or a text of its own (``style`` is ``TEXT``)."""

    style: str
    number: int
    suffix: int
    component: str
    length: int
    """Characters of the printed number at the start of the first line."""
    first: int
    """Index of its first line."""
    above: list[Item] = field(default_factory=list)
    heading_lines: int = 1
    """Lines that a title of its own takes, more where it is printed twice; 0 for a label in the margin."""
    is_table_row: bool = False
    """Whether it is a row of a table set by blanks, a text named by its label in the margin."""
    in_new_list: bool = False
    """Whether its list begins behind a lead-in, 「有下列情形之一的：」, and so may count from 1 again."""
    label: str = ""
    path: tuple[str, ...] = ()

    @property
    def is_text(self) -> bool:
        """Whether it is a text in the file: an attachment, or one with a title of its own."""
        return self.style in (TEXT, "附件")


@dataclass(frozen=True, slots=True)
class Outline:
    """The items in order, what only looks like a number (line and text), and the items numbered twice."""

    items: list[Item]
    rejected: list[tuple[int, str]]
    repeated: list[Item]


def outline(lines: Sequence[Line], width: float | None, margin: Sequence[Line] = ()) -> Outline:
    """The numbered items of the lines, each with the items that hold it and its unique label.

    ``margin`` are the labels of the rows in which the lines stand, where a table holds them.
    """
    tree = _Tree(lines, width, margin)
    for position in range(len(tree.candidates)):
        tree.place(position)
    repeated = _label(tree.items)
    return Outline(tree.items, tree.rejected, repeated)


def is_title(text: str, length: int = 50) -> bool:
    """Whether a line can be a title: short, and no sentence."""
    return len(text) <= length and not any(character in text for character in _SENTENCE_MARKS)


def is_document_title(text: str) -> bool:
    """Whether a line can be the title of a policy text."""
    return is_title(text, 120) and _TITLE_ENDS.search(text.strip('》〉"”')) is not None


class _Tree:
    """The tree as it grows, line by line."""

    def __init__(self, lines: Sequence[Line], width: float | None, margin: Sequence[Line]) -> None:
        self.lines = lines
        self.margin = margin
        self.width = width
        self.items: list[Item] = []
        self.rejected: list[tuple[int, str]] = []
        self.open: list[Item] = []
        self.last: dict[str, tuple[int, int]] = {}
        """The last number and suffix of each style in this text, wherever it stood."""
        self.turned: set[tuple[str, str]] = set()
        """Styles that hold a wider one in this text."""
        self.candidates = self._candidates()
        self.positions: dict[str, list[int]] = {}
        """The candidates of each style, by position."""
        for position, (_, one) in enumerate(self.candidates):
            self.positions.setdefault(one.style, []).append(position)

    def _candidates(self) -> list[tuple[int, Marker]]:
        found: list[tuple[int, Marker]] = []
        for index, line in enumerate(self.lines):
            if line.is_labelled:
                found.append((index, _ROW))
            elif line.is_cut or (not line.is_row and self._may_open(index)):
                one = marker(line.text)
                if one is not None:
                    found.append((index, one))
        return self._with_final_provisions(found)

    def _with_final_provisions(self, found: list[tuple[int, Marker]]) -> list[tuple[int, Marker]]:
        """The candidates, and the paragraphs at the end of a text that speak of the whole of it."""
        result: list[tuple[int, Marker]] = []
        for position, (index, one) in enumerate(found):
            result.append((index, one))
            following = found[position + 1] if position + 1 < len(found) else None
            if one.style != "条" and (following is None or following[1].style == "附件"):
                end = following[0] if following is not None else len(self.lines)
                final = self._final_provision(index, end)
                result += [] if final is None else [(final, _ROW)]
        return result

    def _final_provision(self, index: int, end: int) -> int | None:
        """The line of 「本措施自印发之日起施行…」 right behind the one paragraph of the last item."""
        following = index + 1
        while following < end and goes_on(self.lines[following - 1], self.lines[following], self.width):
            following += 1
        if following >= end or self.lines[following - 1].text[-1] not in SENTENCE_ENDS:
            return None
        paragraph = "".join(line.text for line in self.lines[following : following + _LOOK_BACK])
        has_sentence = any("。" in line.text for line in self.lines[index:following])
        return following if has_sentence and _FINAL_PROVISION.search(paragraph) else None

    def _may_open(self, index: int) -> bool:
        """An item opens where a sentence ended or after a title, never inside a sentence."""
        if index == 0:
            return True
        before = self.lines[index - 1]
        is_short = not any(character in before.text for character in "，。；：")
        ended = is_short or before.text[-1] in SENTENCE_ENDS
        return ended or not goes_on(before, self.lines[index], self.width)

    # ── placing ─────────────────────────────────────────────────────────────────────────────────

    def place(self, position: int) -> None:
        """Open the candidate as an item under what is open, or reject it."""
        index, one = self.candidates[position]
        if one.style == "附件":
            self._place_attachment(position)
        elif one.style == _ROW.style:
            self._place_row(index)
        elif (title := self._title_again(index, one)) is not None:
            self._open_text(index, title)
        elif not self._is_supported(position):
            if one.is_certain:
                self.rejected.append((index, self.lines[index].text[: one.length]))
        else:
            before = self._sibling(one.style)
            self._close_for(position)
            self._open_item(index, one, before)

    def _open_item(self, index: int, one: Marker, before: Item | None) -> None:
        outermost = all(item.is_text for item in self.open)
        if outermost and one.number == 1 and self.last and one.style != "附则":
            title = self._title_before(index)
            row = self._row_label(index)
            if title is not None:
                self._open_text(title, title)
            elif row is not None:
                self._open_table_row(self._lead_in(index), row)
        item = Item(one.style, one.number, one.suffix, one.component, one.length, index, list(self.open))
        if one.number == 1:
            item.in_new_list = index > 0 and self.lines[index - 1].text.endswith(("：", ":"))
        else:
            item.in_new_list = before is not None and before.in_new_list
        self.items.append(item)
        self.open.append(item)
        self.last[one.style] = (one.number, one.suffix)

    def _open_text(self, first: int, title: int) -> None:
        """Open the text whose heading is printed from line ``first`` to the line ``title``."""
        above = [item for item in self.open if item.style == "附件"]
        component = f"{short_title(self.lines[title].text)}/" if self.items else ""
        self._begin(Item(TEXT, 0, 0, component, 0, first, above, heading_lines=title - first + 1))

    def _open_table_row(self, index: int, label: str) -> None:
        above = [item for item in self.open if item.is_text and not item.is_table_row]
        component = f"{short_title(label)}/"
        self._begin(Item(TEXT, 0, 0, component, 0, index, above, heading_lines=0, is_table_row=True))

    def _lead_in(self, index: int) -> int:
        """The first line of what leads in this first number, 「须满足以下条件：」, else its own."""
        if not self.lines[index - 1].text.endswith(("：", ":")):
            return index
        first = index - 1
        while first > 0 and goes_on(self.lines[first - 1], self.lines[first], self.width):
            first -= 1
        is_free = marker(self.lines[first].text) is None and first > self.items[-1].first
        return first if is_free else index

    def _begin(self, text: Item) -> None:
        """Open a text of its own, in which numbers begin anew."""
        self.items.append(text)
        self.open = [*text.above, text]
        self.last = {}
        self.turned = set()

    def _place_row(self, index: int) -> None:
        """A paragraph of its own behind numbered ones; before them a labelled row is preamble."""
        if not self.last:
            return
        self.open = [item for item in self.open if item.is_text and not item.is_table_row]
        number = 1 + sum(item.style == _ROW.style and item.above == self.open for item in self.items)
        self.items.append(Item(_ROW.style, number, 0, f"¶{number}", 0, index, list(self.open)))

    def _place_attachment(self, position: int) -> None:
        index, one = self.candidates[position]
        rest = self.lines[index].text[one.length :].strip()
        if not is_title(rest, 60) or self._is_listed(position):
            return
        self._begin(Item("附件", one.number, 0, one.component, one.length, index))

    def _is_listed(self, position: int) -> bool:
        """Whether 「附件1：…」 only names an attachment: nothing of it follows."""
        index, _ = self.candidates[position]
        for following in range(index + 1, len(self.lines)):
            text = self.lines[following].text
            one = marker(text)
            if one is not None and one.style == "附件":
                return True
            if self.lines[following].is_row or following - index > _LOOK_BACK or not is_title(text, 60):
                return is_closing(text) and self._is_listed_only(following)
        return self._is_listed_only(index + 1)

    def _is_listed_only(self, index: int) -> bool:
        return index >= self._closing_from

    @cached_property
    def _closing_from(self) -> int:
        """The first line from which on there are only numbers and what belongs to the end of a text."""
        index = len(self.lines)
        while index and (is_closing(self.lines[index - 1].text) or marker(self.lines[index - 1].text)):
            index -= 1
        return index

    # ── what supports a number ──────────────────────────────────────────────────────────────────

    def _sibling(self, style: str) -> Item | None:
        return next((item for item in reversed(self.open) if item.style == style), None)

    def _is_supported(self, position: int) -> bool:
        """Whether the number continues a list, begins one, or is borne out by the number after it."""
        index, one = self.candidates[position]
        latest = self.last.get(one.style)
        if one.style in DIVISIONS or self._goes_on_counting(one):
            return True
        if not one.is_certain:
            begins = one.number == 1 and latest is None
            return self._is_followed_by(position, f"{one.component}.1") if one.style == "1" else begins
        if one.number <= 1 and not one.suffix:
            return True
        after = self._next(one.style, position)
        if after is not None and _follows(after, one) and not self._is_wrapped(index):
            return True
        is_near = latest is not None and 0 <= one.number - latest[0] <= _MAX_GAP
        return is_near and self._begins_paragraph(index)

    def _goes_on_counting(self, one: Marker) -> bool:
        """Whether the number follows the last one of its list, or of its style."""
        sibling = self._sibling(one.style)
        latest = self.last.get(one.style)
        return (sibling is not None and _follows(one, sibling)) or (
            latest is not None and _is_next((one.number, one.suffix), latest)
        )

    def _next(self, style: str, position: int) -> Marker | None:
        """The next candidate of the style behind this position."""
        places = self.positions.get(style, [])
        following = bisect_right(places, position)
        return self.candidates[places[following]][1] if following < len(places) else None

    def _is_followed_by(self, position: int, component: str) -> bool:
        following = self.candidates[position + 1 : position + 2]
        return any(one.component == component for _, one in following)

    def _is_wrapped(self, index: int) -> bool:
        """Whether the line may be the rest of the full line before it."""
        if index == 0 or self.width is None or self.lines[index].is_cut:
            return False
        return goes_on(self.lines[index - 1], self.lines[index], self.width)

    def _begins_paragraph(self, index: int) -> bool:
        if index == 0 or self.width is None or self.lines[index].is_cut:
            return True
        return self.lines[index - 1].text[-1] in SENTENCE_ENDS

    def _close_for(self, position: int) -> None:
        """Close the open items that do not hold this one."""
        _, one = self.candidates[position]
        styles = [item.style for item in self.open]
        if one.style in styles:
            del self.open[len(styles) - 1 - styles[::-1].index(one.style) :]
            return
        while self.open and not self.open[-1].is_text:
            top = self.open[-1]
            if top.style == _ROW.style:
                self.open.pop()
                continue
            narrower = STYLES.index(one.style) > STYLES.index(top.style)
            counts_on = one.number in (1, self.last.get(one.style, (0, 0))[0] + 1)
            if narrower or (top.style, one.style) in self.turned:
                break
            if (counts_on or top.style == "项") and self._holds(top, position):
                self.turned.add((top.style, one.style))
                break
            self.open.pop()

    def _holds(self, top: Item, position: int) -> bool:
        """Whether a narrower style holds this wider one: its own list goes on afterwards."""
        following = self._next(top.style, position)
        return following is not None and following.number == top.number + 1

    # ── texts with titles of their own ──────────────────────────────────────────────────────────

    def _title_before(self, index: int) -> int | None:
        """The line of the title that opens a new text before this first number, if there is one."""
        begun = self.items[-1].first if self.items else -1
        for before in range(index - 1, max(begun, index - 1 - _LOOK_BACK), -1):
            text = self.lines[before].text
            directly = before == index - 1
            if self.lines[before].is_row or is_closing(text) or not short_title(text):
                return None
            ended = before == 0 or not goes_on(self.lines[before - 1], self.lines[before], self.width)
            if ended and (is_document_title(text) or (directly and is_title(text, 30))):
                return before
        return None

    def _row_label(self, index: int) -> str | None:
        """The label of the table row that begins with this first number: the next one in the margin."""
        start = self.lines[index].start
        return next((line.text for line in self.margin if line.start > start), None)

    def _title_again(self, index: int, one: Marker) -> int | None:
        """The line that prints a numbered title again, without its number: then it is the title of a text."""
        if one.style not in ("1", "一", "（一）"):
            return None
        for again in range(index + 1, min(index + 3, len(self.lines))):
            numbered = fold("".join(line.text for line in self.lines[index:again]))
            title = numbered[len(fold(self.lines[index].text[: one.length])) :]
            if (
                len(title) < _SHORTEST_TITLE
                or not is_title(title)
                or marker(self.lines[again].text) is not None
            ):
                continue
            printed = fold(self.lines[again].text)
            likeness = difflib.SequenceMatcher(None, title, printed).ratio()
            if printed.startswith(title) or likeness > _LIKENESS:
                return again
        return None


def _follows(one: Marker | Item, before: Marker | Item) -> bool:
    return _is_next((one.number, one.suffix), (before.number, before.suffix))


def _is_next(one: tuple[int, int], before: tuple[int, int]) -> bool:
    """Whether 第N条 or 第N条之M comes next."""
    return one in {(before[0] + 1, 0), (before[0], before[1] + 1)}


_CLOSING = re.compile(
    r"(?:二[〇○零O0]\S{2}|\d{4})\s?年\s?\S{1,3}\s?月\s?\S{1,3}\s?日(?:印发|发布)?$|[（(]?此件\S{2,12}[)）]?$|公开方式[:：]"
    r"|抄\s?送[:：]|附\s?件\s?\d{0,2}[:：]|.{2,30}\d{1,2}日印发$|[（(]联系(?:人|电话).{0,60}$"
)
_BODY = re.compile(
    r"(?:人民政府|办公厅|办公室|委员会|管委会|[局厅部委院]|领导小组|指挥部|中心|党组|银行|分行|公司|协会|政府|小组)$"
)


def is_closing(text: str) -> bool:
    """Whether a line belongs to the end of a text: date, signature, list of attachments, distribution."""
    return _CLOSING.match(text.strip()) is not None or is_body(text)


def is_date(text: str) -> bool:
    return re.fullmatch(r"(?:二[〇○零O0]\S{2}|\d{4})年\S{1,3}月\S{1,3}日", fold(text)) is not None


def is_body(text: str) -> bool:
    """Whether a line is the name of the body that signs."""
    return (
        len(text) <= 60 and is_title(text, 60) and "、" not in text and _BODY.search(text.strip()) is not None
    )


def short_title(title: str) -> str:
    """The title as a label begins with it: what 印发《…》 names, without marks and brackets at its end."""
    bare = re.sub(r"[（(][^（）()]{0,20}[)）]$", "", fold(title).strip("《》"))
    named = re.search(r"印发[《〈](.{2,40}?)[》〉]", bare)
    if named:
        bare = named[1]
    return "".join(character for character in bare if character.isalnum() or character in "·“”")[-30:]


# ── labels ──────────────────────────────────────────────────────────────────────────────────────


def _label(items: Sequence[Item]) -> list[Item]:
    """Give each item its label; returns those whose number was printed before, which carry 〔2〕."""
    from_article = _articles_run(items)
    counts: dict[str, int] = {}
    repeated: list[Item] = []
    for item in items:
        label = _stem(item, from_article) + item.component
        if item.component:
            counts[label] = counts.get(label, 0) + 1
            if counts[label] > 1:
                repeated += [] if item.in_new_list else [item]
                mark = f"〔{counts[label]}〕"
                label = f"{label[:-1]}{mark}/" if label.endswith("/") else label + mark
        item.label = label
    return repeated


def _stem(item: Item, from_article: bool) -> str:
    """What stands before the item's own number: the label above it, as far as labels show it."""
    texts = [one for one in item.above if one.is_text]
    is_quoted = any(one.style == "项" for one in item.above)  # 「政策2 … 第3条」 is an article of that policy
    if item.style == "条" and from_article and not is_quoted:
        return texts[-1].label if texts else ""
    if item.style in DECIMALS:
        wider = [one for one in item.above if one.style not in ("1", *DECIMALS)]
        return wider[-1].label if wider else ""
    return item.above[-1].label if item.above else ""


def _articles_run(items: Sequence[Item]) -> bool:
    """Whether 条 are numbered through each text and do not begin again in each chapter."""
    seen: set[tuple[int, str]] = set()
    for item in items:
        if item.style == "条":
            text = next((one for one in reversed(item.above) if one.is_text), None)
            if item.number == 1 and (id(text), item.component) in seen:
                return False
            seen.add((id(text), item.component))
    return True
