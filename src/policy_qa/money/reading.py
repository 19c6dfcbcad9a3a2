"""The door: every figure of a text, or the one amount it is."""

from __future__ import annotations

from decimal import Decimal

from policy_qa.money.figure import Figure, FigureKind
from policy_qa.money.joining import join
from policy_qa.money.numerals import negated, numeral_at
from policy_qa.money.scan import SIGNS, scan
from policy_qa.money.surroundings import bounds_and_parties
from policy_qa.money.view import Raw, View, view_of
from policy_qa.text import fold


def figures(text: str) -> tuple[Figure, ...]:
    """Every figure of ``text``, in order, none overlapping; offsets are code points of ``text``.

    Never raises. Single Chinese digits without a unit (三品, 十三五, 一次性) are words, not figures.

    >>> [(f.text, f.value, f.bound, f.per) for f in figures("每户企业最高贴息 50万元")]
    [('50万元', Decimal('500000'), 'max', '户')]
    """
    view = view_of(text)
    raws = join(view.text, scan(view))
    bounds_and_parties(view.text, raws)
    return tuple(_figure(view, raw) for raw in raws)


def _figure(view: View, raw: Raw) -> Figure:
    start, end = view.origins[raw.start], view.origins[raw.end - 1] + 1
    kind: FigureKind = "number" if raw.kind == "bare" else raw.kind
    return Figure(
        view.source[start:end], start, end, kind, raw.value, raw.upper, raw.unit, raw.bound, raw.per
    )


def parse_amount(text: str) -> Decimal | None:
    """The one amount of yuan that ``text`` is, in any spelling; None for none, several or a range.

    >>> parse_amount("四十万零五千元"), parse_amount("345678.9"), parse_amount("两千八")
    (Decimal('405000'), Decimal('345678.9'), Decimal('2800'))
    """
    found = [figure for figure in figures(text) if figure.kind != "label"]
    if not found:
        return chinese_number(text)
    if len(found) != 1 or found[0].upper is not None:
        return None
    figure = found[0]
    if figure.kind == "money":
        return figure.value if figure.unit == "元" else None
    return figure.value if figure.kind == "number" and fold(figure.text) == fold(text) else None


def chinese_number(text: str) -> Decimal | None:
    """The value of a text that is one numeral and nothing else, 「一百二」 as people say it (120).

    >>> chinese_number("五百万零三千"), chinese_number("负两千八"), chinese_number("三件")
    (Decimal('5003000'), Decimal('-2800'), None)
    """
    folded = view_of(text).text.strip()
    negative = folded[:1] in SIGNS
    printed = folded[negative:]
    if printed == "半":
        return Decimal("-0.5") if negative else Decimal("0.5")
    number = numeral_at(printed, 0) if printed else None
    if number is None or number.end != len(printed) or number.upper is not None:
        return None
    return negated(number.value) if negative else number.value
