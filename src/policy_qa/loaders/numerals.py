"""A count as a list number prints it, in the number formats of Word."""

from __future__ import annotations

_HAN = "零一二三四五六七八九"
_UNITS = ("", "十", "百", "千")
_STEMS = "甲乙丙丁戊己庚辛壬癸"
_BRANCHES = "子丑寅卯辰巳午未申酉戌亥"
_ROMAN = (
    (1000, "M"),
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_COUNTING = {
    "chineseCounting",
    "chineseCountingThousand",
    "japaneseCounting",
    "taiwaneseCounting",
    "taiwaneseCountingThousand",
    "ideographLegalTraditional",
    "chineseLegalSimplified",
}


def printed_number(count: int, style: str) -> str:
    """``count`` in the ``w:numFmt`` style; an unknown style prints Arabic digits.

    >>> printed_number(12, "chineseCountingThousand"), printed_number(3, "decimalEnclosedCircleChinese")
    ('十二', '③')
    """
    if style in _COUNTING:
        return han_number(count)
    if style in ("ideographDigital", "japaneseDigitalTenThousand", "taiwaneseDigital"):
        return "".join(_HAN[int(digit)] for digit in str(count)).replace("零", "〇")
    if style in ("decimalFullWidth", "decimalFullWidth2"):
        return "".join(chr(ord(digit) + 0xFEE0) for digit in str(count))
    if style.startswith("decimalEnclosedCircle") and 1 <= count <= 20:
        return chr(ord("①") + count - 1)
    if style.startswith("decimalEnclosedParen"):
        return f"（{count}）"
    if style.startswith("decimalEnclosedFullstop"):
        return f"{count}."
    if style == "decimalZero":
        return f"{count:02d}"
    if style in ("upperLetter", "lowerLetter"):
        letter = chr(ord("A") + (count - 1) % 26) * ((count - 1) // 26 + 1)
        return letter if style == "upperLetter" else letter.lower()
    if style in ("upperRoman", "lowerRoman"):
        return _roman(count) if style == "upperRoman" else _roman(count).lower()
    if style == "ideographTraditional" and 1 <= count <= len(_STEMS):
        return _STEMS[count - 1]
    if style == "ideographZodiac" and 1 <= count <= len(_BRANCHES):
        return _BRANCHES[count - 1]
    return str(count)


def han_number(count: int) -> str:
    """A whole number below 10,000 in Chinese numerals, 十二 and 一百零一."""
    if not 0 < count < 10_000:
        return str(count)
    written = ""
    for place, digit in enumerate(reversed(str(count))):
        written = (_HAN[int(digit)] + _UNITS[place] if digit != "0" else "零") + written
    while "零零" in written:
        written = written.replace("零零", "零")
    written = written.strip("零")
    return written.removeprefix("一") if 10 <= count < 20 else written


def _roman(count: int) -> str:
    written = ""
    for value, letters in _ROMAN:
        while count >= value:
            written += letters
            count -= value
    return written
