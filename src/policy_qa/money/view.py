"""The text as it is scanned, and a figure while it is being read."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from policy_qa.money.figure import FigureBound
from policy_qa.money.numerals import ASCII_DIGITS, CHINESE, DIGITS, ONE
from policy_qa.text import fold_with_origins


@dataclass(slots=True)
class Raw:
    """A figure in offsets of the view; kind ``bare`` is a numeral that only a range can save."""

    start: int
    end: int
    kind: Literal["money", "rate", "count", "year", "date", "number", "label", "bare"]
    value: Decimal
    unit: str = ""
    upper: Decimal | None = None
    per: str | None = None
    scale: Decimal = ONE
    factor: Decimal = ONE
    """What a bare numeral before it in a range or list is multiplied with, beyond ``scale``."""
    bound: FigureBound = "exact"
    chinese: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """The folded text; a blank is kept only where it parts two numbers or Latin words."""

    text: str
    origins: tuple[int, ...]
    source: str

    def at_line_start(self, at: int) -> bool:
        origin = self.origins[at] - 1
        while origin >= 0 and self.source[origin].isspace():
            if self.source[origin] in "\r\n":
                return True
            origin -= 1
        return origin < 0


def view_of(source: str) -> View:
    folded = fold_with_origins(source)
    characters: list[str] = []
    origins: list[int] = []
    previous, previous_origin = "", -1
    for character, origin in zip(folded.text, folded.origins, strict=True):
        blank = origin > previous_origin + 1 and _parted(previous, character)
        if previous and blank and not _inside_a_number(source, previous_origin, origin):
            characters.append(" ")
            origins.append(previous_origin + 1)
        numeric = character in ASCII_DIGITS or character in CHINESE
        marked = numeric and _is_marker(source[origin])
        characters.append(("\0" if character == "2" else "\1") if marked else character)
        origins.append(origin)
        previous, previous_origin = character, origin
    return View("".join(characters), tuple(origins), source)


def _parted(left: str, right: str) -> bool:
    if left.isascii() and left.isalnum():
        return right.isascii() and right.isalnum()
    if left in DIGITS and right in DIGITS:
        return True
    return left in CHINESE and right in ASCII_DIGITS


_ZEROS = re.compile("[0０]{1,6}[ \u3000]?(?:[万萬亿億元%％]|美元)")


def _inside_a_number(source: str, before: int, at: int) -> bool:
    """Whether the blank between two digits is a slip of print: no sum begins with the 0 of 「10 0万元」."""
    digits = source[before].isdigit() and source[before + 1 : at] in (" ", "\u3000", "\u00a0")
    return digits and _ZEROS.match(source, at) is not None


def _is_marker(character: str) -> bool:
    """Circled and raised numerals (①, ㈠, ㎡) number things; they count nothing."""
    return unicodedata.category(character) == "No" or "\u3200" <= character <= "\u33ff"
