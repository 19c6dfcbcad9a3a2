"""Yuan as people and as the JSON read them."""

from __future__ import annotations

from decimal import Decimal

from policy_qa.money.numerals import EXACT, tidy


def spell(amount: Decimal) -> str:
    """Yuan as people read it, always exact: in 亿 or 万 where two decimals suffice, else in full.

    >>> spell(Decimal("500000")), spell(Decimal("3456000")), spell(Decimal("345678.9"))
    ('50万元', '345.6万元', '345678.9元')
    """
    for name, unit in (("亿", 8), ("万", 4)):
        scaled = amount.scaleb(-unit, EXACT)
        if abs(scaled) >= 1 and scaled == scaled.quantize(Decimal("0.01"), context=EXACT):
            return f"{plain(scaled)}{name}元"
    return f"{plain(amount)}元"


def plain(amount: Decimal) -> str:
    """An amount as the JSON prints it: plain digits, no exponent, no padding, never 「-0」.

    >>> plain(Decimal("345678.90")), plain(Decimal("5E+5")), plain(Decimal("-0.00"))
    ('345678.9', '500000', '0')
    """
    return f"{tidy(amount) if amount else Decimal(0):f}"
