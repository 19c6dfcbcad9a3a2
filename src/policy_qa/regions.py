"""Where policies apply, and how people name the place."""

from __future__ import annotations

import re

_PART = re.compile(
    r"(.{2,}?)(?:.族)*"
    r"(壮族自治区|回族自治区|维吾尔自治区|自治区|特别行政区|自治州|自治县|新片区|新区|省|市|区|县|盟|旗|镇|$)"
)
_INSTITUTION = re.compile(r".{0,4}?(大学|学院|证券交易所|交易所|股权交易中心|研究院)")


def places(region: str | None) -> tuple[str, ...]:
    """The names of a region's parts as people say them, from the top: 安徽省淮南市 → 安徽, 淮南."""
    return tuple(dict.fromkeys(name for name, _ in _PART.findall(region or "")))


def place_words(region: str | None) -> tuple[str, ...]:
    """The names with and without what kind of place it is: 淮南, 淮南市."""
    return tuple(
        dict.fromkeys(word for name, kind in _PART.findall(region or "") for word in (name, name + kind))
    )


def names_region(question: str, region: str | None) -> bool:
    """Whether a question names the region's own, lowest place.

    「北京大学的成果」 is bought from Beijing, it does not ask of Beijing's policies.
    """
    own = places(region)[-1:]
    return any(
        not _INSTITUTION.match(question, found.end())
        for name in own
        if name in question
        for found in re.finditer(re.escape(name), question)
    )


def related(one: str | None, other: str | None) -> bool:
    """Whether one region is the other or lies in it; what has no region may be anywhere."""
    if one is None or other is None:
        return True
    left, right = places(one), places(other)
    shared = min(len(left), len(right))
    return left[:shared] == right[:shared] or left[-1] in right or right[-1] in left
