"""Figures as people say them, 「顶多给十万」, 「十千元」, a bare 500000 beside those the reader reads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from policy_qa.money import Figure, figures, parse_amount

AWARD = re.compile(
    r"奖|补(?!充)|资助|贴息|扶持|支持|鼓励|优惠|减免|给予|享受|补贴|资金|列支|扣除|优先|推荐|纳入"
)
"""Words of support."""
_ONLY = re.compile(r"只(?:能)?(?:按|算|补|奖|给|资助|认)$")
"""「只按两个国家算」."""
_SPOKEN_CAP_BEFORE = re.compile(
    r"(?:≤|顶多|撑死(?:了)?|至多|充其量|满打满算|顶天|不超(?!过)|别超过|(?:封顶|到顶|顶格)(?:是|为|到)?)[^,。;、\d]{0,8}$"
)
_SPOKEN_CAP_AFTER = re.compile(
    r"(?:的)?(?:元|块)?(?:钱)?(?:就)?(?:封顶|到顶|打住|为上限|为限|到头|顶天|是上限|是封顶|的上限|顶格)"
)
_SPOKEN_FLOOR_BEFORE = re.compile(r"(?:≥|保底|起码|起步(?:价)?|最低|至少|不少于|不低于)[^,。;、\d]{0,8}$")
_SPOKEN_FLOOR_AFTER = re.compile(r"(?:元|块)?(?:钱)?(?:起步|打底|保底|往上|起跳|打不住|朝上)")
_CAPS_ALL = re.compile(
    r"(?:这|都|均|以上|前面|上述)[^,。;]{0,4}[是为][^,。;]{0,20}(?:最高|上限|封顶)(?:补助|奖补)?的?(?:额|标准|数|金额|线)?[。]?$"
)
"""「省级媒体5万、国家级10万，这是最高额」."""
_ODD_SUM = re.compile(
    r"(?P<number>\d[\d,.]*)(?P<scale>[百千])[元块]?(?![万亿瓦克家名户米个多余])"
    r"|(?P<han>[一二三四五六七八九十百两]+?)(?P<kilo>[百千])[元块]"
    r"|(?<=[件个户家项补奖给助])(?P<blocks>\d[\d,]*|[一二三四五六七八九十百千两]+)(?:块(?![链头面])|元)"
    r"|(?P<coins>\d[\d,]*万?|[一二三四五六七八九十百千两]+万?)(?P<coin>[角毛厘])"
)
"""Sums nobody prints, 十千元 and 50万角: what is left of a sum whose unit was altered."""
_ODD_SCALES = {
    "百": Decimal(100),
    "千": Decimal(1000),
    "角": Decimal("0.1"),
    "毛": Decimal("0.1"),
    "厘": Decimal("0.001"),
}
_LEAST_SUM = 1000
"""A bare number from here on beside a word of support is a sum in yuan."""


def figures_said(text: str) -> Iterator[Figure]:
    """The figures of a claim without labels, odd sums among them, with the bounds people give them."""
    odd = list(_odd_sums(text))
    # 「50万一次性」 is no 50万一: the word is masked at its length.
    found = [
        f
        for f in figures(text.replace("一次性", "·次性"))
        if not any(f.start < o.end and o.start < f.end for o in odd)
    ]
    all_capped = _CAPS_ALL.search(text)
    for figure in sorted((*found, *odd), key=lambda one: one.start):
        if figure.kind != "label":
            spoken = _with_spoken_bound(_as_sum(figure, text), text)
            capped = all_capped is not None and spoken.kind == "money" and spoken.bound == "exact"
            yield replace(spoken, bound="max") if capped else spoken


def _odd_sums(text: str) -> Iterator[Figure]:
    regular = [(f.start, f.end) for f in figures(text) if f.kind == "money" and f.text[-1] in "元块钱"]
    for match in _ODD_SUM.finditer(text):
        number = parse_amount(match["number"] or match["han"] or match["blocks"] or match["coins"])
        inside = any(start <= match.start() and match.end() <= end for start, end in regular)
        if number is not None and not inside:
            value = number * _ODD_SCALES.get(match["scale"] or match["kilo"] or match["coin"], Decimal(1))
            yield Figure(match.group(), match.start(), match.end(), "money", value, None, "元", "exact", None)


def _as_sum(figure: Figure, text: str) -> Figure:
    if figure.kind == "count" and figure.unit == "倍":
        return replace(figure, kind="rate", unit="比例")
    bare = figure.kind == "number" and figure.value >= _LEAST_SUM
    return replace(figure, kind="money", unit="元") if bare and AWARD.search(text[: figure.start]) else figure


def _with_spoken_bound(figure: Figure, text: str) -> Figure:
    """The figure with the bound that spoken words around it give it: 「顶多给十万」, 「50万打住」."""
    if figure.kind == "count" and _ONLY.search(text[: figure.start]):
        return replace(figure, bound="max")
    before = re.split(r"[,。;!?:]", text[: figure.start])[-1]
    if _SPOKEN_CAP_BEFORE.search(before) or _SPOKEN_CAP_AFTER.match(text, figure.end):
        return replace(figure, bound="max")
    if _SPOKEN_FLOOR_BEFORE.search(before) or _SPOKEN_FLOOR_AFTER.match(text, figure.end):
        return replace(figure, bound="min")
    return figure
