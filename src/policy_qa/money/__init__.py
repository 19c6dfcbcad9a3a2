"""Every figure in Chinese (and plain English) text: its value, unit, bound, party and span.

The flow: ``view_of`` folds the text, ``scan`` reads one figure after the other, ``join`` makes ranges and
lists of them, ``bounds_and_parties`` looks at the words around each. All are linear in the text.
"""

from policy_qa.money.figure import Figure, FigureBound, FigureKind
from policy_qa.money.parties import paired, two_parties
from policy_qa.money.reading import chinese_number, figures, parse_amount
from policy_qa.money.spelling import plain, spell

__all__ = [
    "Figure",
    "FigureBound",
    "FigureKind",
    "chinese_number",
    "figures",
    "paired",
    "parse_amount",
    "plain",
    "spell",
    "two_parties",
]
