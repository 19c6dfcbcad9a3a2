"""How clauses are referred to: the labels of a policy, the spellings people use, and the way between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import lru_cache

from policy_qa.domain import Clause
from policy_qa.text import fold, fold_with_origins

HAN_NUMERALS = "一二三四五六七八九十百千零〇两"
_DIGITS = {numeral: value for value, numeral in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
NUMBERED_NOUNS = ("方向", "政策", "措施", "任务", "工程", "行动", "专项", "事项", "情形")
"""Nouns that number the units of a text: 方向 1, 政策2."""
_UNITS = {"十": 10, "百": 100, "千": 1000}


def number_of(numeral: str) -> int | None:
    """The whole number a numeral prints, ``13``, ``十三`` or ``一百零一``; None where it is none.

    ``十三五`` is a plan, not a number, so a numeral must be well formed.
    """
    numeral = fold(numeral)
    if numeral.isascii() and numeral.isdigit():
        return int(numeral)
    if len(numeral) > 1 and "〇" in numeral and all(character in _DIGITS for character in numeral):
        return int("".join(str(_DIGITS[character]) for character in numeral))
    total, digit, unit = 0, None, 10_000
    for position, character in enumerate(numeral):
        if character in _UNITS:
            if _UNITS[character] >= unit or (digit is None and (character != "十" or position)):
                return None
            unit = _UNITS[character]
            total += (1 if digit is None else digit) * unit
            digit = None
        elif character in "零〇" and position and digit is None:
            continue
        elif character in _DIGITS and digit is None:
            digit = _DIGITS[character]
        else:
            return None
    return total + (digit or 0) if numeral else None


# ── labels ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Component:
    """One number of a label; in a reference ``style`` may also say where it stands.

    ``item``: a running number; ``part``: the first of a label; ``next``: right below; ``any``: below.
    """

    style: str
    number: int
    suffix: int = 0
    """The N of 第十二条之N, else 0."""
    printed: str = ""


_LABEL = re.compile(
    rf"(?P<scope>[^/]{{1,60}}/)|(?P<preamble>序言)|(?P<paragraph>¶(?P<n1>\d{{1,6}}))"
    rf"|第(?P<n2>[{HAN_NUMERALS}\d]{{1,9}})(?P<unit>部分|分编|[编章节条])(?:之(?P<suffix>[{HAN_NUMERALS}]{{1,3}}))?"
    rf"|(?:{'|'.join(NUMBERED_NOUNS)})(?P<n8>[{HAN_NUMERALS}\d]{{1,4}})|(?P<n9>\d{{1,2}}(?:\.\d{{1,2}}){{1,3}})"
    rf"|（(?P<n3>[{HAN_NUMERALS}]{{1,9}})）|（(?P<n4>\d{{1,4}})）|(?P<n5>[{HAN_NUMERALS}]{{1,9}})|(?P<n6>\d{{1,4}})"
    rf"|(?P<n7>[①-⑳㉑-㉟㊱-㊿])|(?P<other>附则)|(?P<letter>[A-Za-z])"
)
_AGAIN = re.compile(r"〔\d{1,4}〕")
"""The mark of a number that the text prints a second time."""
_STYLES = {
    "n1": "¶",
    "n3": "（一）",
    "n4": "（1）",
    "n5": "一",
    "n6": "1",
    "n7": "①",
    "n8": "项",
    "n9": "1",
}


@lru_cache(maxsize=1 << 16)
def label_components(label: str) -> tuple[Component, ...]:
    """The numbers of a clause label from the top: ``三（一）2`` is 一 3, （一） 1, 1 2.

    Raises ValueError for a text that is no label.
    """
    found: list[Component] = []
    position = 0
    while position < len(label):
        match = _LABEL.match(label, position + (label[position] == "-" and position > 0))
        if match is None:
            raise ValueError(f"「{label}」不是条款编号")
        again = _AGAIN.match(label, match.end())
        position = again.end() if again else match.end()
        found.append(_component(match, label[match.start() : position]))
    return tuple(found)


def _component(match: re.Match[str], printed: str) -> Component:
    if match["unit"]:
        suffix = number_of(match["suffix"]) if match["suffix"] else 0
        return Component(match["unit"], number_of(match["n2"]) or 0, suffix or 0, printed)
    for group, style in _STYLES.items():
        if match[group]:
            *above, last = match[group].split(".")
            return Component(style + ".1" * len(above), number_of(last) or 0, 0, printed)
    if match["letter"]:
        return Component(
            "A" if printed[0].isupper() else "a", ord(printed[0].lower()) - ord("a") + 1, 0, printed
        )
    style = "附件" if match["scope"] else printed
    digits = "".join(character for character in printed if character.isdigit())
    return Component(style, int(digits[:6]) if digits else 0, 0, printed)


def normal_label(text: str) -> str:
    """The one spelling of a label: ``三(五)13``, ``三、（五）13.`` and ``三.五.13`` are ``三（五）13``."""
    folded = fold(text)
    dotted = re.fullmatch(
        rf"([{HAN_NUMERALS}]{{1,4}})\.([{HAN_NUMERALS}]{{1,4}})(?:\.(\d{{1,3}}))?\.?", folded
    )
    if dotted:
        return f"{dotted[1]}（{dotted[2]}）{dotted[3] or ''}"
    bare = re.sub(r"\.(?!\d)|(?<!\d)\.", "", folded)  # 1.1 is a number of its own
    return bare.replace("(", "（").replace(")", "）").replace("、", "")


# ── references in a question ────────────────────────────────────────────────────────────────────

Path = tuple[Component, ...]


@dataclass(frozen=True, slots=True)
class Reference:
    """A clause reference as somebody wrote it, ``source[start:end] == text``; each path is one meaning."""

    text: str
    start: int
    end: int
    paths: tuple[Path, ...]


_H = r"[一二三四五六七八九十百零〇]{1,6}"
_D = r"\d{1,3}(?!\d)"
_N = rf"(?:{_H}|{_D})"
_EDGE = r"(?<![一二三四五六七八九十百千零〇两\d.第])"
# What may stand before and after a reference without 第: 「3条生产线」 and 「人才30条」 are none.
_BEFORE = r"(?:^|(?<=[^\w])|(?<=[看查问按据照依在和与跟及到至或见给把将是请下读讲翻即的们件文]))(?<![\d.])"
_AFTER = (
    r"(?=$|[^\w]|[的是讲说写里中呢吗吧呀啊和与跟及到至或谁哪什怎咋对给管归由能有念]"
    r"|规定|原文|全文|内容|主要|具体|支持(?!政策|措施)|补助|奖补)"
)
_NO_NOUN = r"(?![例件线路龙]|目(?!前)|生产线|产品|新品|专利|发明|成果|工程|软件)"
_NO_MEASURE = r"(?![千百十万亿元家件户个年月日%名位次项批期])"
_UNIT = r"(?:条款|条|款|项|点)"
_JOIN = r"(?:[、,和与及到至~\-—]|以及)"
_ITEM = (
    rf"(?:[.、的]?(?:第(?P<item>{_N}){_UNIT}?|(?P<item_>{_D})(?:{_UNIT}{_NO_NOUN}|(?!\.\d){_NO_MEASURE})))?"
)
# A 款 is a paragraph without a printed number: 「第2条第1款」 is clause 2.
_BELOW = rf"(?:的?第{_N}款|的?第?\(?(?P<below>{_N})\)?[项点]|\((?P<below_>{_N})\))?"
_ENGLISH = r"(?<![a-z])(?:clauses?|articles?|sections?|items?|paragraphs?|points?)\.? ?"


def _of(match: re.Match[str], group: str) -> int | None:
    """The number in the group, or in its twin with an underscore; None where neither took part."""
    groups = match.groupdict()
    numeral = groups.get(group) or groups.get(f"{group}_")
    return (number_of(numeral) or 0) if numeral else None


def _items(match: re.Match[str]) -> tuple[Path, ...]:
    """「第3条」, 「第3、4条」 and 「第3至5条」; what follows the last number is a part of it."""
    numbers = [number_of(numeral) or 0 for numeral in re.findall(rf"{_H}|\d{{1,3}}", match["list"])]
    if len(numbers) == 2 and re.search(r"[到至~\-—]|to", match["list"]) and 1 < numbers[1] - numbers[0] < 100:
        numbers = list(range(numbers[0], numbers[1] + 1))
    paths: list[Path] = [(Component("item", number),) for number in numbers]
    below = _of(match, "below")
    if below is not None:
        paths[-1] += (Component("any", below),)
    return tuple(paths)


def _top_down(match: re.Match[str]) -> tuple[Path, ...]:
    levels = (("part", "part"), ("next", "bracket"), ("any", "item"))
    numbered = ((style, _of(match, group)) for style, group in levels)
    return (tuple(Component(style, number) for style, number in numbered if number is not None),)


def _alone(match: re.Match[str]) -> tuple[Path, ...]:
    number = number_of(match["n"])
    if number is None:
        return ()
    item: Path = (Component("item", number),)
    return (item,) if match["n"].isdigit() else ((Component("part", number),), item)


def _styled(style: str) -> _Reading:
    return lambda match: ((Component(style, _of(match, "n") or 0),),)


def _under_bracket(match: re.Match[str]) -> tuple[Path, ...]:
    """「（六）16」: an item under a heading whose own top is left out."""
    bracket, item = _of(match, "bracket") or 0, _of(match, "item") or 0
    return ((Component("（一）", bracket), Component("any", item)),)


_Reading = Callable[[re.Match[str]], tuple[Path, ...]]
_READINGS: tuple[tuple[str, _Reading], ...] = (
    (rf"{_EDGE}第?(?P<part>{_H})[、.]?\((?P<bracket>{_N})\){_ITEM}", _top_down),
    (rf"{_EDGE}(?P<part>{_H})\.(?P<bracket>{_H})\.(?P<item>{_D})", _top_down),
    (rf"^(?P<part>{_H})\.(?P<bracket>{_H})\.?$", _top_down),
    (
        rf"第(?P<part>{_N})(?:大?部分|大[点项条]|章)"
        rf"(?:的?(?:第?\((?P<bracket>{_N})\)|第(?P<bracket_>{_N})(?=[节部小]))(?:小?节|小?点|部分|小项)?)?{_ITEM}",
        _top_down,
    ),
    (rf"{_BEFORE}(?P<part>{_H})(?:大部分|大点|大项){_AFTER}", _top_down),
    (rf"{_ENGLISH}(?P<part>\d{{1,2}})\((?P<bracket>\d{{1,2}})\)(?P<item>{_D})?", _top_down),
    (rf"{_ENGLISH}(?P<part>\d{{1,2}})\.(?P<bracket>\d{{1,2}})\.(?P<item>{_D})", _top_down),
    (rf"{_BEFORE}(?P<part>\d{{1,2}})\((?P<bracket>\d{{1,2}})\)(?P<item>{_D}){_NO_MEASURE}", _top_down),
    (rf"{_ENGLISH}(?P<list>{_D}(?:(?: ?(?:[,、~\-]|and|to) ?){_D}){{0,9}})(?![(])", _items),
    (rf"第\(?(?P<list>{_N}(?:{_UNIT}?{_JOIN}第?{_N}){{0,9}})\)?{_UNIT}{_NO_NOUN}{_BELOW}", _items),
    (rf"条款(?P<list>{_N}){_NO_MEASURE}(?![(、.])", _items),
    (rf"{_BEFORE}(?P<list>{_N}(?:{_JOIN}{_N}){{0,9}})条款?{_AFTER}", _items),
    (rf"{_BEFORE}(?P<list>{_D})点(?![半钟整]){_AFTER}", _items),
    (rf"{_BEFORE}第(?P<list>{_N})(?=[?。!]?$|原文|全文|讲|说|写|规定|内容)", _items),
    (rf"{_BEFORE}第?\((?P<n>{_H})\)(?:小?节|条|款|项|点|部分)?{_AFTER}", _styled("（一）")),
    (rf"{_BEFORE}\((?P<bracket>{_H})\)(?P<item>{_D}){_NO_MEASURE}", _under_bracket),
    (rf"^[\"'“「『【《〔\[(]?(?P<n>\d{{1,3}}|{_H})[\"'”」』】》〕\])]?[.、。:?!]?$", _alone),
    (r"序言|前言|引言|导言|开头|preamble", _styled("序言")),
    (rf"(?<![条款项])第(?P<n>{_N})(?:自然)?段|¶(?P<n_>\d{{1,4}})", _styled("¶")),
)
_PATTERNS = tuple((re.compile(expression, re.IGNORECASE), reading) for expression, reading in _READINGS)
_ANOTHER_LAW = re.compile(r"(?:(?<![本办方做看说])法|(?<!本)条例)》?$")


def find_references(text: str) -> tuple[Reference, ...]:
    """The clause references in a question, in order, in any spelling people use.

    Counts, money, years and ranks (「3件」, 「10万元」, 「2022年」, 「第13名」) are none.
    """
    folded, origins = _comparable(text)
    found: list[tuple[int, int, tuple[Path, ...]]] = []
    for pattern, reading in _PATTERNS:
        for match in pattern.finditer(folded):
            paths = reading(match)
            if paths and not _ANOTHER_LAW.search(folded[max(0, match.start() - 4) : match.start()]):
                found.append((match.start(), match.end(), paths))
    references: list[Reference] = []
    taken = 0
    for start, end, paths in sorted(found, key=lambda one: (one[0], -one[1])):
        if start >= taken:
            first, last = origins[start], origins[end - 1] + 1
            references.append(Reference(text[first:last], first, last, paths))
            taken = end
    return tuple(references)


def _comparable(text: str) -> tuple[str, tuple[int, ...]]:
    """The folded text and its origins, a blank kept between figures and Latin words: 「3 13条」 is no 313."""
    folded = fold_with_origins(text)
    if len(text.split()) <= 1:  # no white space within: nothing to keep apart
        return folded.text, folded.origins
    characters: list[str] = []
    origins: list[int] = []
    for character, origin in zip(folded.text, folded.origins, strict=True):
        beside = characters[-1] + character if characters else ""
        if len(beside) == 2 and beside.isascii() and beside.isalnum() and origin > origins[-1] + 1:
            characters.append(" ")
            origins.append(origin - 1)
        characters.append(character)
        origins.append(origin)
    return "".join(characters), tuple(origins)


# ── from a reference to its clauses ─────────────────────────────────────────────────────────────


class Labels:
    """The labels of some clauses, to look up many references in; built in time linear in the clauses."""

    def __init__(self, clauses: Sequence[Clause]) -> None:
        self._labelled = [(clause, label_components(clause.label)) for clause in clauses]
        self._running = {
            components[-1].style for clause, components in self._labelled if clause.number is not None
        }
        self._by_number: dict[int, list[int]] = {}
        """Where the labels stand that hold a number."""
        for place, (_, components) in enumerate(self._labelled):
            for number in {one.number for one in components}:
                self._by_number.setdefault(number, []).append(place)

    def resolve(self, reference: Reference) -> tuple[Clause, ...]:
        """The clauses a reference means, in the order of the policy; a heading means its items.

        Several when it fits several, none when it fits none. Attachments answer only where the text does not.
        """
        places = {
            place
            for path in reference.paths
            for place in self._by_number.get(path[-1].number, ())
            if _fits(path, self._labelled[place][1], self._running)
        }
        matched = [self._labelled[place] for place in sorted(places)]
        in_text = [clause for clause, components in matched if components[0].style != "附件"]
        return tuple(in_text or [clause for clause, _ in matched])


def resolve(reference: Reference, clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """What ``Labels(clauses).resolve(reference)`` finds, for one reference."""
    return Labels(clauses).resolve(reference)


def _fits(path: Path, components: Path, running: Set[str]) -> bool:
    """``running`` are the styles whose numbers run through the policy."""
    first, rest = path[0], path[1:]
    if first.style == "item":
        return any(
            one.number == first.number
            and (one.style in running if running else position == len(components) - 1)
            and _below(rest, components[position + 1 :])
            for position, one in enumerate(components)
        )
    own = components[1:] if components[0].style == "附件" else components
    if first.style == "part":
        return bool(own) and own[0].number == first.number and _below(rest, own[1:])
    return any(
        one.style == first.style and one.number == first.number and _below(rest, own[position + 1 :])
        for position, one in enumerate(own)
    )


def _below(path: Path, components: Path) -> bool:
    """Whether the numbers of the path stand in the components in this order."""
    position = 0
    for wanted in path:
        last = position + 1 if wanted.style == "next" else len(components)
        found = (
            at for at in range(position, min(last, len(components))) if components[at].number == wanted.number
        )
        at = next(found, None)
        if at is None:
            return False
        position = at + 1
    return True


def existing_range(clauses: Sequence[Clause]) -> str:
    """The clauses there are, in Chinese, for an answer to a reference that fits none.

    The Huainan draft has 「序言、一（一）至一（二）、二（一）至二（四）、三 1至17」.
    """
    groups: list[list[Clause]] = []
    for clause, components in ((one, label_components(one.label)) for one in clauses):
        previous = label_components(groups[-1][-1].label) if groups else ()
        if previous and components[: len(previous)] == previous:
            continue
        if previous and _follows(groups[-1][-1], previous, clause, components):
            groups[-1].append(clause)
        else:
            groups.append([clause])
    return "、".join(_range_of(group) for group in groups)


def _follows(before: Clause, components_before: Path, clause: Clause, components: Path) -> bool:
    if before.number is not None and clause.number is not None:
        return clause.number == before.number + 1
    last_before, last = components_before[-1], components[-1]
    return (
        components_before[:-1] == components[:-1]
        and last.style == last_before.style
        and (last.number, last.suffix)
        in {(last_before.number + 1, 0), (last_before.number, last_before.suffix + 1)}
    )


def _range_of(group: Sequence[Clause]) -> str:
    first, last = group[0], group[-1]
    if first is last:
        return first.label
    top, bottom = label_components(first.label)[0], label_components(last.label)[0]
    if first.number is not None and top == bottom:
        return f"{top.printed} {first.number}至{last.number}"
    return f"{first.label}至{last.label}"
