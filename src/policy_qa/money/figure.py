"""What a figure in a text is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

FigureKind = Literal["money", "rate", "count", "year", "date", "number", "label"]
FigureBound = Literal["exact", "max", "min"]


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure as printed: ``text == source[start:end]``, half-open, in code points of the source.

    ``value`` is in ``unit``: yuan for 「元」 (10万元 is 100000), a fraction for 「比例」 (10% is 0.1), pieces
    for a measure word, the plain number otherwise; a date is its digits (20220305, 1231). ``upper`` is the
    end of a range whose begin is ``value``. ``per`` is what each such sum is for (件, 户, 企业, 年, 人·月).
    A ``label`` is a numeral in a name or a reference, never a quantity.
    """

    text: str
    start: int
    end: int
    kind: FigureKind
    value: Decimal
    upper: Decimal | None
    unit: str
    bound: FigureBound
    per: str | None
