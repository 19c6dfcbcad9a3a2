"""The numbers that open an item: every style of Chinese policy texts, and what only looks like one."""

from __future__ import annotations

import re
from dataclasses import dataclass

from policy_qa.references import HAN_NUMERALS, NUMBERED_NOUNS, number_of
from policy_qa.text import fold


@dataclass(frozen=True, slots=True)
class Marker:
    """The number a line begins with: ``component`` as a label prints it, ``length`` as the line does."""

    style: str
    number: int
    suffix: int
    """The N of 第十二条之N, else 0."""
    component: str
    length: int
    is_certain: bool = True
    """False for 「第一条为支持…」 and 「1 总则」, which only their place in the sequence tells from text."""


_HAN = rf"[{HAN_NUMERALS}]"
_ANY = rf"[{HAN_NUMERALS}0-9０-９]"
_SPACED = rf"(?P<n>{_ANY}(?:\s{{0,2}}{_ANY}){{0,8}})"
DECIMALS = ("1.1", "1.1.1", "1.1.1.1")
"""Styles whose number prints those above it."""
STYLES = (
    *("附件", "¶", "附则", "部分", "编", "分编", "章", "节", "条", "项"),
    *("一", "（一）", "1", *DECIMALS, "（1）", "①", "A", "a"),
)
"""From the widest to the narrowest; a text may turn two around, and then its own order counts."""
_PATTERNS = tuple(
    (style, re.compile(expression))
    for style, expression in (
        (
            "附件",
            rf"(?P<noun>附\s{{0,4}}[件表录])\s{{0,4}}(?P<n>{_ANY}{{0,3}})\s{{0,4}}(?:[:：]\s{{0,4}}|$|(?<={_ANY})\s+|(?<=\s\s)|(?<=\s)(?=[^\s，。]{{4,60}}$))",
        ),
        ("附则", r"附\s{0,4}则(?=\s|$)"),
        ("部分", rf"第\s{{0,2}}{_SPACED}\s{{0,2}}部分(?=\s|$|[:：、]|[^，。；的]{{1,20}}$)[:：、]?"),
        ("编", rf"第\s{{0,2}}{_SPACED}\s{{0,2}}编(?=\s|$)"),
        ("分编", rf"第\s{{0,2}}{_SPACED}\s{{0,2}}分编(?=\s|$)"),
        (
            "章",
            rf"第\s{{0,2}}{_SPACED}\s{{0,2}}章(?=\s|$|[^，。；：、的]{{1,20}}(?:$|第{_ANY}{{1,9}}[条节]))",
        ),
        ("节", rf"第\s{{0,2}}{_SPACED}\s{{0,2}}节(?=\s|$|[^，。；：、的]{{1,20}}$)"),
        ("条", rf"第\s{{0,2}}{_SPACED}\s{{0,2}}条(?:\s?之\s?(?P<suffix>{_HAN}{{1,3}}))?[:：]?"),
        (
            "项",
            rf"(?P<noun>{'|'.join(NUMBERED_NOUNS)})\s?(?P<n>{_ANY}{{1,3}})(?=[\s:：.．、]|[“《【])[:：.．、]?",
        ),
        ("一", rf"(?P<n>{_HAN}{{1,5}})\s{{0,2}}[、．.﹒](?!{_HAN}{{1,5}}[、等])"),
        ("（一）", rf"[（(]\s?(?P<n>{_HAN}(?:\s?{_HAN}){{0,4}})\s?[)）][、.．]?"),
        (
            "1.1",
            r"(?P<n>[0-9０-９]{1,2}(?:[.．][0-9０-９]{1,2}){1,3})(?=[\s\u3000]|[\u4e00-\u9fff]{2,})(?!\s?(?:[万亿元倍%％个年月])|[万亿千百])",
        ),
        (
            "1",
            r"(?P<n>[0-9０-９]{1,3})(?:\s{0,2}[.．﹒](?:(?![0-9０-９])|(?=\d{4}\s?年))|\s{0,2}、(?![0-9０-９]))",
        ),
        ("1", r"(?P<n>[0-9]{1,2})\s{1,4}(?=[\u4e00-\u9fff][^，。；：、]{1,20}$)"),
        ("（1）", r"(?:[（(]\s?(?P<n>[0-9０-９]{1,3})\s?|(?P<half>[0-9０-９]{1,3}))[)）][、.．]?"),
        ("①", r"(?P<n>[①-⑳㉑-㉟㊱-㊿])"),
        ("A", r"(?P<letter>[A-ZＡ-Ｚ])[.．、](?![A-Za-z0-9])"),
        ("a", r"(?:[（(](?P<letter>[a-z])[)）]|(?P<bare>[a-z])[.．、)）](?![A-Za-z0-9]))"),
    )
)
# 「第五条规定的…」 at the start of a line speaks of a clause, it does not open one.
_CROSS_REFERENCE = re.compile(
    r"(?:规定|所[列述称指规]|中[的所规]|的|第|至|到|和|及|或|与|、|，|。|；|）|款|项|明确|要求)"
    r"|\s{1,4}(?:规定的|所[列述称指规]|中[的所规]|第[一二三四五六七八九十\d]{1,3}[款项])"
)


def marker(text: str, position: int = 0) -> Marker | None:
    """The number that opens ``text[position:]``, None where there is none."""
    for style, pattern in _PATTERNS:
        match = pattern.match(text, position)
        if match is not None:
            return _read(style, match, text, position)
    return None


def _read(style: str, match: re.Match[str], text: str, position: int) -> Marker | None:
    groups = match.groupdict()
    letter = groups.get("letter") or groups.get("bare")
    printed = fold(letter or groups.get("n") or groups.get("half") or "")
    number = _number(style, printed)
    if number is None or (style == "条" and _CROSS_REFERENCE.match(text, match.end())):
        return None
    suffix = groups.get("suffix") or ""
    after = text[match.end() : match.end() + 1]
    return Marker(
        style="1" + ".1" * printed.count(".") if style == "1.1" else style,
        number=number,
        suffix=number_of(suffix) or 0 if suffix else 0,
        component=_component(style, printed, suffix, groups.get("noun") or "", match.group()),
        length=match.end() - position,
        is_certain=_is_certain(style, match.group(), after),
    )


def _is_certain(style: str, printed: str, after: str) -> bool:
    if style == "条":
        return printed[-1] in ":：" or not after.isalnum()
    return style != "1" or not printed[-1].isspace()


def _number(style: str, printed: str) -> int | None:
    if style in ("A", "a"):
        return ord(printed.lower()) - ord("a") + 1
    return number_of(printed.rpartition(".")[2]) if printed else 0


def _component(style: str, printed: str, suffix: str, noun: str, matched: str) -> str:
    if style == "附件":
        return f"{fold(noun)}{printed}/"
    if style in ("（一）", "（1）"):
        return f"（{printed}）"
    if style == "a":
        return printed
    if style in ("一", "1", "1.1", "A"):
        return printed
    if style == "①":
        return matched
    if style == "附则":
        return "附则"
    if style == "项":
        return f"{noun}{printed}"
    return f"第{printed}{style}" + (f"之{suffix}" if suffix else "")
